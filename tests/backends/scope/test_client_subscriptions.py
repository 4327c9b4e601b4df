"""What clients subscribe to at one backend: over which connection, and at whose successor it goes on."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.client_subscriptions import ClientSubscriptions
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.subscriptions.table import UPDATED
from argus_trio.config.model.backend import HttpBackend
from argus_trio.config.model.operation import Bounds
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call
from argus_trio.errors import BackendError, BackendUnavailable, LinkFailed
from argus_trio.wire.envelope import Params, decode_string
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal, empty
from tests.backends.support.generations import idle_scope
from tests.backends.support.scopes import Session, living, spec

URI = "a:1"
ROOTS = Abilities(roots=True)
HEARD: tuple[str, Json] = (UPDATED, {"uri": URI})


class Told:
    """The resources that a subscriber is told of."""

    def __init__(self) -> None:
        self.uris: list[str] = []

    def __call__(self, method: str, params: Params) -> None:
        self.uris.append(decode_string(params["uri"]))


def serving() -> FakeBackend:
    return FakeBackend(
        resources=[{"uri": URI, "name": URI}],
        answers={"resources/subscribe": empty, "resources/unsubscribe": empty},
    )


def asked(backend: FakeBackend, verb: str = "subscribe") -> int:
    return [method for method, _ in backend.seen].count(f"resources/{verb}")


async def subscribe(
    subscriptions: ClientSubscriptions, session: Session, abilities: Abilities = NONE, *, verb: str = "subscribe"
) -> bytes:
    exchange = FakeExchange(f"resources/{verb}", {"uri": URI}, abilities=abilities, client=session)
    return await subscriptions.subscribe(exchange, URI)


def listening(abilities: Abilities = NONE) -> Call:
    return FakeExchange("subscriptions/listen", era=Era.MODERN, abilities=abilities).call


async def says(backend: FakeBackend, link: int = 0) -> None:
    await backend.links[link].says(UPDATED, {"uri": URI})
    await wait_all_tasks_blocked()


async def test_a_session_that_shares_the_connection_is_told_on_its_own_stream_until_it_unsubscribes(
    autojump_clock: MockClock,
) -> None:
    backend, session = serving(), Session()
    async with living(backend) as scope:
        assert await subscribe(scope.subscriptions, session) == b"{}"
        await says(backend)
        assert session.told == [HEARD]
        assert await subscribe(scope.subscriptions, session, verb="unsubscribe") == b"{}"
        await says(backend)
        assert session.told == [HEARD]
        assert (asked(backend), asked(backend, "unsubscribe"), len(backend.links)) == (1, 1, 1)


async def test_a_session_with_a_connection_of_its_own_subscribes_over_that_one(autojump_clock: MockClock) -> None:
    backend, session = serving(), Session()
    async with living(backend) as scope:
        assert await subscribe(scope.subscriptions, session, ROOTS) == b"{}"
        own = scope.client_connections.table.of(session)
        assert own is not None
        assert own.subscriptions.subscribed == {URI}
        assert scope.shared.subscriptions.table.uris == []
        await says(backend, link=1)
        assert session.told == [HEARD]
        await subscribe(scope.subscriptions, session, ROOTS, verb="unsubscribe")
        assert own.subscriptions.subscribed == set()


async def test_a_refusal_of_its_own_connection_is_told_the_session_as_it_is(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32002, "no such resource")

    backend, session = serving(), Session()
    backend.answers["resources/subscribe"] = refuse
    async with living(backend) as scope:
        with pytest.raises(BackendError):
            await subscribe(scope.subscriptions, session, ROOTS)
        own = scope.client_connections.table.of(session)
        assert own is not None
        assert own.subscriptions.subscribed == set()


async def test_a_session_ends_over_its_own_connection_what_it_had_subscribed_to_over_the_shared_one(
    autojump_clock: MockClock,
) -> None:
    backend, session = serving(), Session()
    async with living(backend) as scope:
        await subscribe(scope.subscriptions, session)
        session.log_level = "info"
        exchange = FakeExchange("resources/unsubscribe", {"uri": URI}, client=session, log_level="info")
        await scope.subscriptions.subscribe(exchange, URI)
        assert scope.shared.subscriptions.table.uris == []
        await says(backend)
        assert session.told == []


async def test_a_subscription_needs_room_as_every_call_does(autojump_clock: MockClock) -> None:
    async with living(serving(), spec(limits=Bounds(concurrency=1, queue=0))) as scope:
        assert scope.bulkhead.take(trio.current_time())
        with pytest.raises(BackendUnavailable):
            await subscribe(scope.subscriptions, Session())
        scope.bulkhead.leave(trio.current_time())
        await subscribe(scope.subscriptions, Session())
        assert scope.bulkhead.under_way == 0


async def test_a_session_that_has_ended_is_told_nothing_more(autojump_clock: MockClock) -> None:
    backend, session, other = serving(), Session(), Session()
    async with living(backend) as scope:
        for each in (session, other):
            await subscribe(scope.subscriptions, each)
        scope.subscriptions.forget(session)
        await says(backend)
        assert (session.told, other.told) == ([], [HEARD])
        assert asked(backend, "unsubscribe") == 0
        scope.subscriptions.forget(other)
        await wait_all_tasks_blocked()
        assert asked(backend, "unsubscribe") == 1


async def test_who_watches_is_told_until_it_unwatches(autojump_clock: MockClock) -> None:
    backend, told = serving(), Told()
    async with living(backend) as scope:
        await scope.subscriptions.watch(listening(), URI, "key", told)
        await says(backend)
        await scope.subscriptions.unwatch(URI, "key")
        await says(backend)
        assert told.uris == [URI]
        assert asked(backend, "unsubscribe") == 1


async def test_a_backend_that_is_down_cannot_be_watched(autojump_clock: MockClock) -> None:
    async with living(FakeBackend(open_failures=[LinkFailed("no such program")] * 9)) as scope:
        with pytest.raises(BackendUnavailable, match="no such program"):
            await scope.subscriptions.watch(listening(), URI, "key", Told())
        assert scope.shared.subscriptions.table.uris == []


@pytest.mark.parametrize(
    ("declared", "abilities", "wanted"),
    [
        (spec(), ROOTS, [URI]),
        (spec(), NONE, []),
        (spec(session="shared"), ROOTS, []),
        (HttpBackend(name="far", url="http://127.0.0.1/mcp"), ROOTS, []),
    ],
)
async def test_what_is_watched_is_wanted_of_the_processes_that_calls_of_such_clients_run_in(
    declared: HttpBackend, abilities: Abilities, wanted: list[str], autojump_clock: MockClock
) -> None:
    async with living(serving(), declared) as scope:
        call = listening(abilities)
        await scope.subscriptions.watch(call, URI, "key", Told())
        assert scope.shared.subscriptions.wanted_of((call.principal.name, abilities)) == wanted
        await scope.subscriptions.unwatch(URI, "key")
        assert scope.shared.subscriptions.wanted_of((call.principal.name, abilities)) == []


def test_the_latest_is_the_last_of_those_that_took_each_others_place() -> None:
    first, second, third = (idle_scope("b").subscriptions for _ in range(3))
    assert first.latest is first
    first.hand_over(second)
    assert first.latest is second
    second.hand_over(third)
    assert first.latest is second.latest is third.latest is third
    assert first.successor is third, "those between are needed no more"


def watching(scope: Scope) -> list[str]:
    return scope.shared.subscriptions.table.uris


async def test_what_was_subscribed_to_goes_on_at_the_successor(autojump_clock: MockClock) -> None:
    old, new, session = serving(), serving(), Session()
    async with living(new) as after:
        async with living(old) as before:
            await subscribe(before.subscriptions, session)
            before.subscriptions.hand_over(after.subscriptions)
            await wait_all_tasks_blocked()
            assert (watching(before), watching(after), asked(new)) == ([], [URI], 1)
        await says(new)
        assert session.told == [HEARD]


async def test_what_is_subscribed_to_at_one_that_was_replaced_goes_on_when_the_rest_is_handed_over(
    autojump_clock: MockClock,
) -> None:
    session = Session()
    async with living(serving()) as before, living(serving()) as after:
        before.subscriptions.hand_over_rest()  # there is nobody yet
        before.subscriptions.hand_over(after.subscriptions)
        await subscribe(before.subscriptions, session)
        assert (watching(before), watching(after)) == ([URI], [])
        before.subscriptions.hand_over_rest()
        assert (watching(before), watching(after)) == ([], [URI])


async def test_who_unsubscribes_at_one_that_was_replaced_is_told_nothing_by_its_successor(
    autojump_clock: MockClock,
) -> None:
    new, session = serving(), Session()
    async with living(serving()) as before, living(new) as after:
        await subscribe(before.subscriptions, session)
        before.subscriptions.hand_over(after.subscriptions)
        await subscribe(before.subscriptions, session, verb="unsubscribe")
        assert watching(after) == []
        await says(new)
        assert session.told == []


async def test_what_a_session_subscribed_to_over_its_own_connection_goes_on_over_another_one(
    autojump_clock: MockClock,
) -> None:
    new, session = serving(), Session()
    async with living(serving()) as before, living(new) as after:
        await subscribe(before.subscriptions, session, ROOTS)
        before.subscriptions.hand_over(after.subscriptions)
        await wait_all_tasks_blocked()
        own = after.client_connections.table.of(session)
        assert own is not None
        assert own.subscriptions.subscribed == {URI}
        await says(new, link=1)
        assert session.told == [HEARD]


async def test_who_watches_at_one_that_was_replaced_watches_at_its_successor(autojump_clock: MockClock) -> None:
    old, new, told = serving(), serving(), Told()
    async with living(old) as before, living(new) as after:
        before.subscriptions.hand_over(after.subscriptions)
        await before.subscriptions.watch(listening(), URI, "key", told)
        assert (asked(old), asked(new)) == (0, 1)
        await says(new)
        assert told.uris == [URI]


def telling_of_tasks() -> FakeBackend:
    async def listen(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    declares: Json = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
    return FakeBackend(era=Era.MODERN, declares=declares, answers={"subscriptions/listen": listen})


async def test_a_task_is_followed_where_the_backend_agrees_to_tell_of_it(autojump_clock: MockClock) -> None:
    backend = telling_of_tasks()
    async with living(backend) as scope, trio.open_nursery() as nursery:
        told: dict[str, bool] = {}

        async def follow(task: str) -> None:
            told[task] = await scope.subscriptions.follow(task)

        for task in ("t1", "t2"):
            nursery.start_soon(follow, task)
        await trio.sleep(1)
        agreed: Json = {"notifications": {"taskIds": ["t1"]}}
        await backend.links[0].says("notifications/subscriptions/acknowledged", agreed)
        await wait_all_tasks_blocked()
        assert told == {"t1": True, "t2": False}
        assert list(scope.shared.subscriptions.followed) == ["t1"]
        scope.subscriptions.unfollow("t1")
        assert list(scope.shared.subscriptions.followed) == []


async def test_who_gives_up_before_the_backend_has_agreed_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async with living(telling_of_tasks()) as scope:
        with trio.move_on_after(1):
            await scope.subscriptions.follow("t1")
        assert list(scope.shared.subscriptions.followed) == []


async def test_a_task_on_a_connection_of_a_single_client_cannot_be_followed(autojump_clock: MockClock) -> None:
    async def begin(_params: Json) -> Json:
        return {"task": {"taskId": "t1", "status": "working"}}

    backend = telling_of_tasks()
    backend.answers["tools/call"] = begin
    async with living(backend, spec(session="per-client")) as scope:
        exchange = FakeExchange("tools/call", {"name": "x"}, client=Session())
        await scope.calls.call(exchange, exchange.call.params)
        began = trio.current_time()
        assert not await scope.subscriptions.follow("t1")
        assert trio.current_time() == began
        scope.shared.connection = None
        assert not await scope.subscriptions.follow("t2")
        assert trio.current_time() == began
