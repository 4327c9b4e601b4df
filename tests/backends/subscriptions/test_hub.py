"""Resource subscriptions: counted upstream, split downstream, over own and shared connections of both eras."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.subscriptions.hub import ENDING_SECONDS, UNSUBSCRIBING
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.errors import BackendError, LinkFailed, MethodUnknown
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, Refusal, empty, listen_and_agree, raw
from tests.backends.support.scopes import Session, living

URI = "file:///x"
UPDATED = "notifications/resources/updated"


async def subscribed(scope: Scope, session: Session, abilities: Abilities = NONE, *, end: bool = False) -> None:
    method = "resources/unsubscribe" if end else "resources/subscribe"
    exchange = FakeExchange(method, {"uri": URI}, abilities=abilities, client=session)
    await scope.subscriptions.subscribe(exchange, URI)


async def unanswered(_params: Json) -> Json:
    await trio.sleep_forever()
    raise AssertionError


def serving(era: Era = Era.LEGACY, *, agrees: bool = True) -> FakeBackend:
    answers: dict[str, Answer] = {
        "resources/subscribe": empty,
        "resources/unsubscribe": empty,
        "subscriptions/listen": listen_and_agree if agrees else unanswered,
    }
    return FakeBackend(era=era, resources=[{"uri": URI, "name": "x"}], answers=answers)


def asked(backend: FakeBackend, method: str) -> int:
    return [seen for seen, _ in backend.seen].count(method)


def test_one_subscription_upstream_however_many_want_it() -> None:
    table, told = SubscriptionTable(), []

    def deliver(method: str, params: Params) -> None:
        told.append(method)

    assert [table.add(URI, key, deliver) for key in "aab"] == [True, False, False]
    table.updated(raw({"uri": URI}))
    table.updated(raw({"uri": "other"}))
    table.updated({})
    assert told == [UPDATED] * 2
    assert [table.remove(URI, key) for key in "axb"] == [False, False, True]
    table.add(URI, "a", deliver)
    table.add("u", "a", deliver)
    table.add("u", "b", deliver)
    assert table.forget("a") == [URI]
    assert table.uris == ["u"]


async def test_sessions_that_share_a_connection_share_the_subscription(autojump_clock: MockClock) -> None:
    backend = serving()
    async with living(backend) as scope:
        one, other, third = Session(), Session(), Session()
        await subscribed(scope, one)
        await subscribed(scope, other)
        assert asked(backend, "resources/subscribe") == 1
        await backend.links[0].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert [session.told for session in (one, other, third)] == [[(UPDATED, {"uri": URI})]] * 2 + [[]]
        await subscribed(scope, one, end=True)
        assert asked(backend, "resources/unsubscribe") == 0
        scope.release(other)
        await wait_all_tasks_blocked()
        assert asked(backend, "resources/unsubscribe") == 1


async def test_the_end_of_many_subscriptions_is_told_by_a_few_tasks_and_not_where_somebody_subscribed_anew(
    autojump_clock: MockClock,
) -> None:
    backend, begun, go_on = serving(), list[Json](), trio.Event()

    async def slow(params: Json) -> Json:
        begun.append(params)
        await go_on.wait()
        return {}

    backend.answers["resources/unsubscribe"] = slow
    async with living(backend) as scope:
        gone, other = Session(), Session()
        uris = [f"file:///{number}" for number in range(100)]
        for uri in uris:
            exchange = FakeExchange("resources/subscribe", {"uri": uri}, client=gone)
            await scope.subscriptions.subscribe(exchange, uri)
        scope.release(gone)
        await wait_all_tasks_blocked()
        assert len(begun) == UNSUBSCRIBING
        anew = FakeExchange("resources/subscribe", {"uri": uris[-1]}, client=other)
        await scope.subscriptions.subscribe(anew, uris[-1])
        go_on.set()
        await wait_all_tasks_blocked()
        assert {params["uri"] for params in begun} == set(uris[:-1])
        scope.release(other)
        await wait_all_tasks_blocked()
        assert begun[-1]["uri"] == uris[-1]


@pytest.mark.parametrize("answers", [True, False])
async def test_who_subscribes_while_the_backend_is_told_of_the_end_comes_after_it(
    autojump_clock: MockClock, *, answers: bool
) -> None:
    backend, go_on = serving(), trio.Event()

    async def slow(_params: Json) -> Json:
        await go_on.wait()
        return {}

    backend.answers["resources/unsubscribe"] = slow
    async with living(backend) as scope:
        gone, anew = Session(), Session()
        await subscribed(scope, gone)
        scope.release(gone)
        await wait_all_tasks_blocked()
        assert asked(backend, "resources/unsubscribe") == 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(subscribed, scope, anew)
            await wait_all_tasks_blocked()
            assert asked(backend, "resources/subscribe") == 1
            began = trio.current_time()
            if answers:
                go_on.set()
        assert asked(backend, "resources/subscribe") == 2
        assert trio.current_time() - began == (0 if answers else ENDING_SECONDS)
        await backend.links[0].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert anew.told == [(UPDATED, {"uri": URI})]


async def test_a_session_with_its_own_connection_subscribes_there_and_keeps_it(autojump_clock: MockClock) -> None:
    backend = serving()
    async with living(backend) as scope:
        own, shared = Session(), Session()
        await subscribed(scope, own, Abilities(roots=True))
        await subscribed(scope, shared)
        assert asked(backend, "resources/subscribe") == 2
        await backend.links[1].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert (len(own.told), len(shared.told)) == (1, 0)
        await trio.sleep(1000)
        assert backend.links[1].is_open
        await subscribed(scope, own, Abilities(roots=True), end=True)
        await trio.sleep(1000)
        assert not backend.links[1].is_open


async def test_a_backend_that_comes_back_is_subscribed_to_again(autojump_clock: MockClock) -> None:
    backend = serving()
    async with living(backend) as scope:
        session = Session()
        await subscribed(scope, session)
        backend.links[0].die("exited with code 1")
        await trio.sleep(90)
        assert asked(backend, "resources/subscribe") == 2
        await backend.links[-1].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert len(session.told) == 1


async def test_a_refused_subscription_is_told_and_forgotten(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32601, "no")

    backend = serving()
    backend.answers["resources/subscribe"] = refuse
    async with living(backend) as scope:
        with pytest.raises(BackendError) as told:
            await subscribed(scope, Session())
        assert told.value.encoded == b'{"code": -32601, "message": "no"}', "as it came"
        assert scope.shared.subscriptions.table.uris == []


async def test_a_subscription_that_is_cancelled_before_the_backend_agreed_is_forgotten(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    backend.answers["resources/subscribe"] = unanswered
    async with living(backend) as scope:
        with trio.move_on_after(1):
            await subscribed(scope, Session())
        assert asked(backend, "resources/subscribe") == 1
        assert scope.shared.subscriptions.table.uris == []


async def test_a_modern_backend_is_listened_to_anew_when_other_resources_are_wanted(autojump_clock: MockClock) -> None:
    backend = serving(Era.MODERN)
    async with living(backend) as scope:
        await trio.sleep(1)
        session = Session()
        await subscribed(scope, session)
        await trio.sleep(1)
        filters = [p["notifications"] for method, p in backend.seen if method == "subscriptions/listen"]
        assert filters == [
            {"resourcesListChanged": True},
            {"resourcesListChanged": True, "resourceSubscriptions": [URI]},
        ]
        assert backend.links[0].waiting == 1
        said: Json = {"uri": URI, "_meta": {"io.modelcontextprotocol/subscriptionId": 7, "x": 1}}
        await backend.links[0].says(UPDATED, said)
        await wait_all_tasks_blocked()
        assert session.told == [(UPDATED, {"uri": URI, "_meta": {"x": 1}})]


async def test_a_modern_subscriber_is_answered_once_the_next_stream_is_open_and_before_the_last_is_closed(
    autojump_clock: MockClock,
) -> None:
    backend = serving(Era.MODERN, agrees=False)
    async with living(backend) as scope:
        await trio.sleep(1)
        await backend.links[0].says("notifications/subscriptions/acknowledged", {})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(subscribed, scope, Session())
            await trio.sleep(1)
            assert asked(backend, "subscriptions/listen") == 2
            assert backend.links[0].waiting == 2
            assert nursery.child_tasks
            await backend.links[0].says("notifications/subscriptions/acknowledged", {})
            await wait_all_tasks_blocked()
            assert backend.links[0].waiting == 1
            assert not nursery.child_tasks


async def test_who_wants_a_log_level_subscribes_at_a_modern_backend_in_its_own_way(autojump_clock: MockClock) -> None:
    backend = serving(Era.MODERN)
    async with living(backend) as scope:
        session = Session()
        exchange = FakeExchange("resources/subscribe", {"uri": URI}, client=session, log_level="info")
        await scope.subscriptions.subscribe(exchange, URI)
        assert asked(backend, "resources/subscribe") == 0
        assert scope.shared.subscriptions.table.uris == [URI]


async def test_a_modern_backend_is_asked_for_the_tasks_that_somebody_follows(autojump_clock: MockClock) -> None:
    backend = serving(Era.MODERN, agrees=False)
    backend.declares = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
    agrees: Json = {"notifications": {"taskIds": ["t1"]}}
    told: list[bool] = []
    async with living(backend) as scope, trio.open_nursery() as nursery:

        async def ask(task: str) -> None:
            told.append(await scope.subscriptions.follow(task))

        await trio.sleep(1)
        await backend.links[0].says("notifications/subscriptions/acknowledged", {})
        nursery.start_soon(ask, "t1")
        await trio.sleep(1)
        await backend.links[0].says("notifications/subscriptions/acknowledged", agrees)
        await wait_all_tasks_blocked()
        assert told == [True]
        await ask("t1")
        assert asked(backend, "subscriptions/listen") == 2
        nursery.start_soon(ask, "t2")
        await trio.sleep(1)
        await backend.links[0].says("notifications/subscriptions/acknowledged", agrees)
        await trio.sleep(1)
        assert told == [True, True, False]
        scope.subscriptions.unfollow("t1")
        scope.subscriptions.unfollow("t1")
        await trio.sleep(5)
    listens = [params for method, params in backend.seen if method == "subscriptions/listen"]
    wanted = [params["notifications"].get("taskIds") for params in listens]  # type: ignore[attr-defined]  # an object
    assert wanted == [None, ["t1"], ["t1", "t2"], ["t1"], None]
    declared = [params["_meta"]["io.modelcontextprotocol/clientCapabilities"] for params in listens]  # type: ignore[index]
    assert declared[:2] == [{}, {"extensions": {"io.modelcontextprotocol/tasks": {}}}]


async def test_a_backend_that_refuses_to_tell_of_tasks_is_listened_to_without(autojump_clock: MockClock) -> None:
    async def listen(params: Json) -> Json:
        if "taskIds" in params["notifications"]:  # type: ignore[operator]  # an object
            raise Refusal(-32602, "no tasks")
        await trio.sleep_forever()
        raise AssertionError

    backend = serving(Era.MODERN)
    backend.declares = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
    backend.answers["subscriptions/listen"] = listen
    async with living(backend) as scope:
        await trio.sleep(1)
        assert not await scope.subscriptions.follow("t1")
        await trio.sleep(5)
        assert backend.links[0].waiting == 1


async def test_a_legacy_backend_cannot_be_asked_to_tell_of_a_task(autojump_clock: MockClock) -> None:
    async with living(serving()) as scope:
        assert not await scope.subscriptions.follow("t1")
        assert not scope.shared.subscriptions.followed


async def test_a_modern_backends_changed_lists_are_heard(autojump_clock: MockClock) -> None:
    backend = serving(Era.MODERN)
    async with living(backend) as scope:
        backend.resources.append({"uri": "file:///y", "name": "y"})
        await backend.links[0].says("notifications/resources/list_changed", {})
        await trio.sleep(1)
        published = scope.published(NONE)
        assert published is not None
        assert len(published.resources) == 2


async def test_a_modern_backend_that_knows_no_listening_is_not_asked_again(autojump_clock: MockClock) -> None:
    backend = FakeBackend(era=Era.MODERN, resources=[{"uri": URI, "name": "x"}])
    async with living(backend):
        await trio.sleep(1000)
        assert asked(backend, "subscriptions/listen") == 1


async def test_a_modern_client_hears_of_what_its_own_calls_change_in_a_process_of_their_own(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    backend.tools.append({"name": "x"})
    async with living(backend) as scope:
        able = Abilities(roots=True)
        told: list[str] = []
        others: list[str] = []

        listen = FakeExchange("subscriptions/listen", era=Era.MODERN, abilities=able)
        other = FakeExchange("subscriptions/listen", era=Era.MODERN, abilities=Abilities(form=True))
        await scope.subscriptions.watch(listen.call, URI, "one", lambda method, _params: told.append(method))
        await scope.subscriptions.watch(other.call, URI, "other", lambda method, _params: others.append(method))
        exchange = FakeExchange("tools/call", {"name": "x"}, era=Era.MODERN, abilities=able)
        await scope.calls.call(exchange, raw(exchange.params))
        assert asked(backend, "resources/subscribe") == 2
        await backend.links[1].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert (told, others) == ([UPDATED], [])
        await scope.subscriptions.unwatch(URI, "one")
        await backend.links[1].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert told == [UPDATED]


async def test_what_changed_while_a_modern_backends_stream_was_broken_is_listed_again(
    autojump_clock: MockClock,
) -> None:
    broken = trio.Event()

    async def listen(_params: Json) -> Json:
        if not broken.is_set():
            await broken.wait()
            raise LinkFailed("the server ended the stream without an answer")
        await trio.sleep_forever()
        raise AssertionError

    backend = serving(Era.MODERN)
    backend.answers["subscriptions/listen"] = listen
    async with living(backend) as scope:
        await trio.sleep(1)
        before = asked(backend, "server/discover")
        backend.resources.append({"uri": "file:///y", "name": "y"})
        broken.set()
        await trio.sleep(5)
        assert asked(backend, "subscriptions/listen") == 2
        assert asked(backend, "server/discover") == before + 1, "what broke makes it suspect"
        published = scope.published(NONE)
        assert published is not None
        assert len(published.resources) == 2


@pytest.mark.parametrize("declared", [{}, {"subscribe": False}, {"subscribe": 1}, {"listChanged": True}])
@pytest.mark.parametrize("abilities", [NONE, Abilities(roots=True)])
async def test_what_a_modern_backend_does_not_declare_is_not_subscribed_to(
    autojump_clock: MockClock, declared: Json, abilities: Abilities
) -> None:
    backend = serving(Era.MODERN)
    backend.declares = {"resources": declared}
    async with living(backend) as scope:
        with pytest.raises(MethodUnknown, match=r"resources\.subscribe"):
            await subscribed(scope, Session(), abilities)
        listen = FakeExchange("subscriptions/listen", era=Era.MODERN, abilities=abilities)
        with pytest.raises(MethodUnknown):
            await scope.subscriptions.watch(listen.call, URI, "one", lambda _method, _params: None)
        await trio.sleep(10)
        assert scope.shared.subscriptions.table.uris == []
    assert asked(backend, "resources/subscribe") == 0
    wanted = [params["notifications"] for method, params in backend.seen if method == "subscriptions/listen"]
    assert wanted == ([{"resourcesListChanged": True}] if declared.get("listChanged") else [])


@pytest.mark.parametrize("declared", [{}, {"subscribe": False}])
async def test_a_legacy_backend_is_asked_whatever_it_declares(autojump_clock: MockClock, declared: Json) -> None:
    backend = serving()
    backend.declares = {"resources": declared}
    async with living(backend) as scope:
        await subscribed(scope, Session())
        assert scope.shared.subscriptions.table.uris == [URI]
    assert asked(backend, "resources/subscribe") == 1


async def test_a_backend_that_has_no_resources_any_more_is_told_of_and_not_asked(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    async with living(backend) as scope:
        await subscribed(scope, Session())
        backend.resources.clear()
        backend.declares = {"tools": {}}
        with capture_logs() as logs:
            backend.links[0].die("exited with code 1")
            await trio.sleep(90)
    assert asked(backend, "resources/subscribe") == 1
    (lost,) = [entry for entry in logs if entry["event"] == "backend_resubscribe_failed"]
    assert (lost["log_level"], lost["count"]) == ("warning", 1)


async def test_a_modern_backend_that_reports_no_changes_is_not_listened_to_but_heard_all_the_same(
    autojump_clock: MockClock,
) -> None:
    backend = serving(Era.MODERN)
    backend.tools.append({"name": "x"})
    backend.declares = {"tools": {"listChanged": False}, "prompts": {}, "resources": {}}
    async with living(backend) as scope:
        await trio.sleep(100)
        assert asked(backend, "subscriptions/listen") == 0
        backend.tools.append({"name": "y"})
        await backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        published = scope.published(NONE)
        assert published is not None
        assert len(published.tools) == 2


async def test_a_modern_backend_is_listened_to_for_the_lists_whose_changes_it_declares(
    autojump_clock: MockClock,
) -> None:
    backend = serving(Era.MODERN)
    backend.declares = {"tools": {"listChanged": True}, "prompts": {}, "resources": {"subscribe": True}}
    async with living(backend) as scope:
        await trio.sleep(1)
        await subscribed(scope, Session())
        await trio.sleep(1)
    wanted = [params["notifications"] for method, params in backend.seen if method == "subscriptions/listen"]
    assert wanted == [{"toolsListChanged": True}, {"toolsListChanged": True, "resourceSubscriptions": [URI]}]
