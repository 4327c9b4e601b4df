"""What the connection of a single client tells: what is watched elsewhere too, and again after a loss or a reload."""

from __future__ import annotations

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connectivity.client_connections import UNUSED_SECONDS
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import HttpBackend
from argus_trio.errors import BackendUnavailable
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal, empty, listen_and_agree, raw
from tests.backends.support.scopes import Session, living
from tests.backends.support.scopes import spec as one_spec
from tests.backends.support.supervised import spec, supervised

URI, OTHER = "file:///x", "file:///y"
UPDATED = "notifications/resources/updated"


async def unanswered(_params: Json) -> Json:
    await trio.sleep_forever()
    raise AssertionError


def serving(era: Era = Era.LEGACY) -> FakeBackend:
    methods = ("resources/subscribe", "resources/unsubscribe", "logging/setLevel")
    return FakeBackend(
        era=era,
        tools=[{"name": "x"}],
        resources=[{"uri": uri, "name": uri} for uri in (URI, OTHER)],
        declares={"logging": {}},
        answers={"subscriptions/listen": listen_and_agree, **dict.fromkeys(methods, empty)},
    )


def subscribing(session: Session, uri: str = URI, level: str | None = None, *, end: bool = False) -> FakeExchange:
    method = "resources/unsubscribe" if end else "resources/subscribe"
    return FakeExchange(method, {"uri": uri}, client=session, log_level=level)


def calling(session: Session) -> FakeExchange:
    return FakeExchange("tools/call", {"name": "x"}, client=session, log_level="info")


async def call(scope: Scope, session: Session) -> None:
    exchange = calling(session)
    await scope.calls.call(exchange, raw(exchange.params))


def asked(backend: FakeBackend, method: str) -> int:
    return [seen for seen, _ in backend.seen].count(method)


async def told(backend: FakeBackend, link: int, *sessions: Session, uri: str = URI) -> list[int]:
    """How often each session hears it when the backend tells of a resource over one of its links."""
    before = [len(session.told) for session in sessions]
    await backend.links[link].says(UPDATED, {"uri": uri})
    await wait_all_tasks_blocked()
    return [len(session.told) - count for session, count in zip(sessions, before, strict=True)]


async def test_a_session_hears_of_what_its_calls_change_in_a_modern_process_of_their_own(
    autojump_clock: MockClock,
) -> None:
    backend = serving(Era.MODERN)
    async with living(backend) as scope:
        one, other = Session(), Session()
        for session in (one, other):
            await scope.subscriptions.subscribe(subscribing(session, level="info"), URI)
        await call(scope, one)
        await call(scope, one)
        filters = [p["notifications"] for method, p in backend.seen if method == "subscriptions/listen"]
        assert filters[-1] == {"resourceSubscriptions": [URI]}
        assert backend.links[1].waiting == 1
        assert await told(backend, 1, one, other) == [1, 0]
        assert await told(backend, 0, one, other) == [1, 1]
        await scope.subscriptions.subscribe(subscribing(one, level="info", end=True), URI)
        await trio.sleep(1)
        assert backend.links[1].waiting == 0


async def test_a_session_that_subscribed_before_it_asked_for_a_level_hears_its_own_process_and_can_end_it(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    async with living(backend) as scope:
        session = Session()
        await scope.subscriptions.subscribe(subscribing(session), URI)
        await call(scope, session)
        assert asked(backend, "resources/subscribe") == 2
        assert await told(backend, 1, session) == [1]
        before = asked(backend, "resources/unsubscribe")
        await scope.subscriptions.subscribe(subscribing(session, level="info", end=True), URI)
        assert asked(backend, "resources/unsubscribe") > before
        assert await told(backend, 0, session) == [0]
        assert scope.shared.subscriptions.table.uris == []
        await call(scope, session)
        assert asked(backend, "resources/subscribe") == 2


async def test_on_http_the_shared_connection_tells_of_what_the_own_one_changes(autojump_clock: MockClock) -> None:
    backend = serving()
    declared = HttpBackend(name="files", url="http://unused", session="per-client")
    async with living(backend, declared) as scope:
        session = Session()
        await scope.shared.subscriptions.watch(
            await scope.shared.connected(), URI, session, lambda _method, _params: None
        )
        await call(scope, session)
        assert len(backend.links) == 2
        assert asked(backend, "resources/subscribe") == 1


async def test_a_refused_subscription_of_its_own_process_fails_no_call_and_is_not_repeated(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    async with living(backend) as scope:
        session = Session()
        await scope.subscriptions.subscribe(subscribing(session), URI)

        async def refuse(_params: Json) -> Json:
            raise Refusal(-32602, "no")

        backend.answers["resources/subscribe"] = refuse
        await call(scope, session)
        await call(scope, session)
        assert asked(backend, "resources/subscribe") == 2
        assert asked(backend, "tools/call") == 2


async def test_what_a_cancelled_call_did_not_get_to_watch_the_next_one_does(autojump_clock: MockClock) -> None:
    backend = serving()
    async with living(backend) as scope:
        session = Session()
        await scope.subscriptions.subscribe(subscribing(session), URI)

        async def hang(_params: Json) -> Json:
            await trio.sleep_forever()
            raise AssertionError

        backend.answers["resources/subscribe"] = hang
        with trio.move_on_after(1):
            await call(scope, session)
        assert asked(backend, "tools/call") == 0
        backend.answers["resources/subscribe"] = empty
        await call(scope, session)
        assert asked(backend, "resources/subscribe") == 3


async def test_a_call_does_not_wait_for_the_stream_of_a_process_that_dies(autojump_clock: MockClock) -> None:
    backend = serving(Era.MODERN)
    async with living(backend) as scope:
        session = Session()
        await scope.subscriptions.subscribe(subscribing(session), URI)
        backend.answers |= {"tools/call": unanswered, "subscriptions/listen": unanswered}
        started = trio.current_time()
        async with trio.open_nursery() as nursery:

            async def fails() -> None:
                with pytest.raises(BackendUnavailable, match="exited with code 1"):
                    await call(scope, session)

            nursery.start_soon(fails)
            await trio.sleep(1)
            assert asked(backend, "tools/call") == 0
            backend.links[1].die("exited with code 1")
        assert trio.current_time() - started < 5


async def test_after_the_loss_of_its_own_modern_process_the_next_calls_process_is_heard(
    autojump_clock: MockClock,
) -> None:
    backend = serving(Era.MODERN)
    async with living(backend) as scope:
        session = Session()
        await scope.subscriptions.subscribe(subscribing(session), URI)
        await call(scope, session)
        backend.links[1].die("exited with code 1")
        await trio.sleep(1)
        await call(scope, session)
        assert await told(backend, 2, session) == [1]


async def test_what_it_watches_too_is_heard_again_as_soon_as_a_lost_own_process_is_replaced(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    async with living(backend) as scope:
        session = Session()
        await scope.subscriptions.subscribe(subscribing(session), URI)
        await scope.subscriptions.subscribe(subscribing(session, OTHER, "info"), OTHER)
        await trio.sleep(UNUSED_SECONDS + 1)
        before = len(backend.seen)
        backend.links[1].die("exited with code 1")
        await trio.sleep(1)
        again = [params["uri"] for method, params in backend.seen[before:] if method == "resources/subscribe"]
        assert sorted(map(str, again)) == [URI, OTHER]
        assert await told(backend, 2, session) == [1]
        assert await told(backend, 2, session, uri=OTHER) == [1]


async def test_what_it_watches_too_is_heard_again_after_a_reload(autojump_clock: MockClock) -> None:
    old, new = serving(), serving()
    async with supervised({"b": old}, spare={"new": new}) as h:
        session = Session()
        await h.supervisor.generations.serve(subscribing(session))
        await h.supervisor.generations.serve(subscribing(session, OTHER, "info"))
        backends = {"b": attrs.evolve(spec("b"), command="new")}
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends=backends))
        await trio.sleep(0.1)
        uris = [params["uri"] for method, params in new.seen if method == "resources/subscribe"]
        assert sorted(map(str, uris)) == [URI, URI, OTHER]
        assert await told(new, -1, session) == [1]
        assert await told(new, -1, session, uri=OTHER) == [1]


async def test_after_a_reload_the_next_calls_modern_process_is_heard(autojump_clock: MockClock) -> None:
    old, new = serving(Era.MODERN), serving(Era.MODERN)
    async with supervised({"b": old}, spare={"new": new}) as h:
        session = Session()
        await h.supervisor.generations.serve(subscribing(session))
        call_it = attrs.evolve(calling(session), params={"name": "b__x"})
        await h.supervisor.generations.serve(call_it)
        backends = {"b": attrs.evolve(spec("b"), command="new")}
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends=backends))
        await trio.sleep(0.1)
        await h.supervisor.generations.serve(attrs.evolve(call_it))
        assert len(new.links) == 2
        assert await told(new, 1, session) == [1]


async def test_connections_that_only_subscriptions_keep_open_make_room_for_calls_and_their_updates_are_heard(
    autojump_clock: MockClock,
) -> None:
    backend = serving()
    async with living(backend, one_spec(max_sessions=2)) as scope:
        quiet = [Session() for _ in range(4)]
        with capture_logs() as logs, trio.fail_after(5):
            for session in quiet:
                await scope.subscriptions.subscribe(subscribing(session, level="info"), URI)
            await call(scope, Session())
            await wait_all_tasks_blocked()
        assert [entry["event"] for entry in logs].count("own_subscription_moved") == 3
        assert sum(link.is_open for link in backend.links) == 3
        assert await told(backend, 0, *quiet) == [1, 1, 1, 0]
        await call(scope, quiet[0])
        own = len(backend.links) - 1
        await wait_all_tasks_blocked()
        assert await told(backend, own, quiet[0]) == [1]
        await scope.subscriptions.subscribe(subscribing(quiet[0], level="info", end=True), URI)
        assert await told(backend, 0, *quiet) == [0, 1, 1, 0]


async def test_a_connection_that_is_used_makes_no_room_however_many_wait(autojump_clock: MockClock) -> None:
    backend = serving()
    go_on = trio.Event()

    async def wait(_params: Json) -> Json:
        await go_on.wait()
        return {}

    backend.answers["tools/call"] = wait
    async with living(backend, one_spec(max_sessions=1)) as scope, trio.open_nursery() as nursery:
        busy = Session()
        await scope.subscriptions.subscribe(subscribing(busy, level="info"), URI)
        nursery.start_soon(call, scope, busy)
        await wait_all_tasks_blocked()
        with pytest.raises(BackendUnavailable, match="max_sessions"):
            await call(scope, Session())
        assert await told(backend, 1, busy) == [1]
        go_on.set()
