"""Dedicated connections: whose they are, when they open, when they close, and that they are bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connectivity.client_connections import UNUSED_SECONDS
from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import BackendSpec, HttpBackend
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.errors import BackendUnavailable, LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, answering, empty, raw
from tests.backends.support.scopes import TIMEOUTS, Session, living, scope_of, spec

ROOTS, FORM = Abilities(roots=True), Abilities(form=True)
SOME = Abilities(sampling=True)
"""What most clients here can be asked: something for which a backend can never share them."""


async def call(
    scope: Scope, client: ClientSession | None = None, abilities: Abilities = SOME, level: str | None = None
) -> None:
    era = Era.MODERN if client is None else Era.LEGACY
    exchange = FakeExchange("tools/call", {"name": "x"}, era=era, abilities=abilities, client=client, log_level=level)
    await scope.calls.call(exchange, raw(exchange.params))


def open_links(backend: FakeBackend) -> int:
    return sum(link.is_open for link in backend.links)


def waiting(seconds: float = 5) -> FakeBackend:
    async def wait(_params: Json) -> Json:
        await trio.sleep(seconds)
        return {}

    return FakeBackend(tools=[{"name": "x"}], answers={"tools/call": wait})


async def test_a_client_that_can_be_asked_gets_its_own_connection_at_its_first_call(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        session = Session()
        assert len(backend.links) == 1
        await call(scope, session)
        await call(scope, session)
        assert len(backend.links) == 2
    handshakes = [params["capabilities"] for method, params in backend.seen if method == "initialize"]
    assert handshakes == [{}, {"sampling": {}}]


async def test_clients_that_can_be_asked_nothing_share_one(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        await call(scope, Session(), NONE)
        await call(scope, None, NONE)
        assert len(backend.links) == 1


@pytest.mark.parametrize(
    ("session", "abilities", "level", "own"),
    [
        ("shared", ROOTS, "debug", 0),
        ("per-client", NONE, None, 1),
        ("auto", NONE, None, 0),
        ("auto", NONE, "debug", 1),
    ],
)
async def test_the_session_setting_decides(
    session: str, abilities: Abilities, level: str | None, own: int, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend, spec(session=session)) as scope:
        await call(scope, Session(), abilities, level)
        assert len(backend.links) == 1 + own


async def test_a_modern_backend_is_told_with_every_request_and_needs_no_second_connection_once_it_is_known_as_such(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(era=Era.MODERN, tools=[{"name": "x"}])
    http = HttpBackend(name="web", url="http://127.0.0.1/mcp", timeouts=TIMEOUTS)
    async with living(backend, http) as scope:
        await call(scope, None, ROOTS, "debug")
        assert len(backend.links) == 1
        for _ in range(3):
            await call(scope, Session(), ROOTS, "debug")
        assert len(backend.links) == 3  # a legacy client opens as legacy, and is refused: once


async def test_two_sessions_have_two_and_an_ended_one_has_none(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        one, other = Session(), Session()
        await call(scope, one)
        await call(scope, other)
        assert open_links(backend) == 3
        scope.release(one)
        await wait_all_tasks_blocked()
        assert [link.is_open for link in backend.links] == [True, False, True]


async def test_calls_of_one_session_share_its_connection_side_by_side(autojump_clock: MockClock) -> None:
    backend = waiting()
    async with living(backend) as scope:
        session = Session()
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(call, scope, session)
        assert len(backend.links) == 2
        assert trio.current_time() < 6


async def test_a_modern_call_has_a_connection_to_itself_and_leaves_it_to_the_next_of_its_kind(
    autojump_clock: MockClock,
) -> None:
    backend = waiting()
    async with living(backend) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, scope)
            nursery.start_soon(call, scope)
        assert len(backend.links) == 3
        await call(scope)
        assert len(backend.links) == 3
        await call(scope, None, FORM)
        assert len(backend.links) == 4


async def test_an_idle_connection_closes_and_the_next_call_opens_another(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        session = Session()
        await call(scope, session)
        await trio.sleep(TIMEOUTS.idle - 1)
        assert open_links(backend) == 2
        await trio.sleep(2)
        assert open_links(backend) == 1
        await call(scope, session)
        assert open_links(backend) == 2


def running_tasks(ttl: object = 300_000) -> FakeBackend:
    async def create(_params: Json) -> Json:
        return {"task": {"taskId": "task-1", "status": "working", "ttl": ttl}}

    async def state(_params: Json) -> Json:
        return {"taskId": "task-1", "status": "working", "ttl": ttl}

    answers: dict[str, Answer] = {"tools/call": create, "tasks/get": state, "tasks/result": empty}
    return FakeBackend(tools=[{"name": "x"}], answers=answers, declares={"tasks": {}})


async def begin(scope: Scope, client: ClientSession, method: str = "tools/call", **more: object) -> None:
    params: Json = {"name": "x", "task": {}} if method == "tools/call" else {"taskId": "task-1"}
    exchange = FakeExchange(method, params, abilities=ROOTS, client=client, **more)  # type: ignore[arg-type]
    await scope.calls.call(exchange, raw(params))


async def test_one_stays_open_while_a_task_that_was_begun_on_it_runs_but_no_longer_than_its_ttl(
    autojump_clock: MockClock,
) -> None:
    backend = running_tasks()
    async with living(backend) as scope:
        await begin(scope, Session())
        await trio.sleep(299)
        assert open_links(backend) == 2
        await trio.sleep(2)
        assert open_links(backend) == 1


@pytest.mark.parametrize("how", ["told", "fetched"])
async def test_it_counts_as_idle_once_its_task_has_ended(how: str, autojump_clock: MockClock) -> None:
    backend = running_tasks(ttl=None)
    async with living(backend) as scope:
        session = Session()
        await begin(scope, session)
        await trio.sleep(1000)
        await begin(scope, session, "tasks/get")
        assert open_links(backend) == 2
        if how == "told":
            await backend.links[1].says("notifications/tasks/status", {"taskId": "task-1", "status": "completed"})
        else:
            await begin(scope, session, "tasks/result")
        await trio.sleep(TIMEOUTS.idle - 1)
        assert open_links(backend) == 2
        await trio.sleep(2)
        assert open_links(backend) == 1


async def test_one_that_runs_a_task_does_not_make_room_for_another(autojump_clock: MockClock) -> None:
    backend = running_tasks()
    async with living(backend, spec(max_sessions=1)) as scope:
        await begin(scope, Session())
        with pytest.raises(BackendUnavailable):
            await call(scope, Session())
        await trio.sleep(300)
        await call(scope, Session())


async def test_what_is_asked_of_a_task_goes_to_where_it_was_begun(autojump_clock: MockClock) -> None:
    """On stdio a client that asks for a log level has a process of its own, which alone knows the task."""
    asked: list[object] = []

    async def create(_params: Json) -> Json:
        return {"resultType": "task", "taskId": "task-1", "status": "working", "ttlMs": 60_000}

    async def state(_params: Json) -> Json:
        asked.append(answering.get())
        return {"taskId": "task-1", "status": "working", "ttlMs": 60_000}

    answers: dict[str, Answer] = {"tools/call": create, "tasks/get": state}
    backend = FakeBackend(era=Era.MODERN, tools=[{"name": "x"}], answers=answers)
    async with living(backend) as scope:
        exchange = FakeExchange("tools/call", {"name": "x"}, era=Era.MODERN, log_level="info")
        await scope.calls.call(exchange, raw(exchange.params))
        for level in (None, "info"):
            about = FakeExchange("tasks/get", {"taskId": "task-1"}, era=Era.MODERN, log_level=level)
            await scope.calls.call(about, raw(about.params))
        other = FakeExchange("tasks/get", {"taskId": "task-2"}, era=Era.MODERN, log_level="info")
        await scope.calls.call(other, raw(other.params))
        assert asked == [backend.links[1], backend.links[1], backend.links[0]]


async def test_one_in_use_does_not_count_as_idle(autojump_clock: MockClock) -> None:
    backend = waiting(seconds=90)
    async with living(backend) as scope:
        await call(scope, Session())
        assert trio.current_time() >= 90


async def test_at_the_limit_an_idle_one_makes_room_and_without_one_the_client_hears_when_to_return(
    autojump_clock: MockClock,
) -> None:
    backend = waiting(seconds=50)
    async with living(backend, spec(max_sessions=2)) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, scope, Session())
            nursery.start_soon(call, scope, Session())
            await wait_all_tasks_blocked()
            with pytest.raises(BackendUnavailable) as caught:
                await call(scope, Session())
            assert trio.current_time() == pytest.approx(TIMEOUTS.connect)
        assert isinstance(caught.value.data, dict)
        assert caught.value.data["retryAfter"] > 0
        await call(scope, Session())
        assert open_links(backend) == 3


async def test_two_calls_of_a_session_that_wait_for_room_get_one_connection(autojump_clock: MockClock) -> None:
    backend = waiting(seconds=10)
    async with living(backend, spec(max_sessions=1)) as scope:
        session = Session()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, scope, Session())
            await wait_all_tasks_blocked()
            nursery.start_soon(call, scope, session)
            nursery.start_soon(call, scope, session)
        assert len(backend.links) == 3
        assert trio.current_time() < 25


async def test_one_that_does_not_open_fails_its_call_alone(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        backend.open_failures = [LinkFailed("exited with code 7")]
        with pytest.raises(BackendUnavailable, match="code 7"):
            await call(scope, Session())
        await call(scope, Session(), NONE)
        await call(scope, Session())


async def test_one_that_dies_fails_its_call_and_the_next_opens_another(autojump_clock: MockClock) -> None:
    backend = waiting()
    async with living(backend) as scope:
        session = Session()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, scope, Session(), NONE)

            async def cut() -> None:
                with pytest.raises(BackendUnavailable, match="SIGKILL"):
                    await call(scope, session)

            nursery.start_soon(cut)
            await trio.sleep(1)
            backend.links[1].die("was killed by SIGKILL")
        await call(scope, session)
        assert open_links(backend) == 2


async def test_what_a_client_is_shown_depends_on_what_it_can_do_and_is_listed_once(autojump_clock: MockClock) -> None:
    async def listed(_params: Json) -> Json:
        declared = [params["capabilities"] for method, params in backend.seen if method == "initialize"][-1]
        return {"tools": [{"name": "plain"}, *([{"name": "ask"}] if declared else [])]}

    backend = FakeBackend(declares={"tools": {}}, answers={"tools/list": listed})
    async with living(backend) as scope:
        for _ in range(3):
            await scope.list_for(ROOTS)
        shown = {abilities: scope.published(abilities) for abilities in (NONE, ROOTS, FORM)}
        names = {abilities: [e.key for e in p.tools] for abilities, p in shown.items() if p is not None}
        assert names == {NONE: ["plain"], ROOTS: ["plain", "ask"], FORM: ["plain"]}
        assert len(backend.links) == 2
        await trio.sleep(UNUSED_SECONDS + 1)
        assert open_links(backend) == 1


async def test_the_connection_that_a_listing_was_made_over_becomes_the_first_clients(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        await scope.list_for(FORM)
        one, other = Session(), Session()
        await call(scope, one, FORM)
        assert len(backend.links) == 2
        await call(scope, other, FORM)
        assert len(backend.links) == 3
        await backend.links[1].says("notifications/message", {"level": "info", "data": 1})
        await wait_all_tasks_blocked()
        assert (len(one.told), len(other.told)) == (1, 0)
        scope.release(one)
        await wait_all_tasks_blocked()
        assert [link.is_open for link in backend.links] == [True, False, True]


async def test_each_set_of_abilities_is_listed_over_a_connection_that_declares_just_that(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        await scope.list_for(FORM)
    declared = [params["capabilities"] for method, params in backend.seen if method == "initialize"]
    assert declared == [{}, {"roots": {}}, {"elicitation": {"form": {}}}]


async def test_news_of_a_list_renew_what_every_kind_of_client_is_shown(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        backend.tools.append({"name": "y"})
        await backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        for abilities in (NONE, ROOTS):
            published = scope.published(abilities)
            assert published is not None
            assert [entry.key for entry in published.tools] == ["x", "y"]


async def test_a_clients_own_news_go_to_its_own_connection_and_only_there(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        one, other = Session(), Session()
        await call(scope, one)
        await call(scope, other)
        scope.forward_notification(one, "notifications/roots/list_changed", {})
        await wait_all_tasks_blocked()
        heard = [any(b"roots/list_changed" in body for body in link.sent) for link in backend.links]
        assert heard == [False, True, False]


async def test_a_session_hears_of_its_own_list_once_and_then_only_what_is_new(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        session = Session()
        await call(scope, session)
        for _ in range(300):
            await backend.links[1].says("notifications/tools/list_changed", {})
            await trio.sleep(0.1)
        assert session.told == [("notifications/tools/list_changed", {})]
        backend.tools.append({"name": "y"})
        await backend.links[1].says("notifications/tools/list_changed", {})
        await trio.sleep(6)
        assert session.told == [("notifications/tools/list_changed", {})] * 2


async def test_a_list_that_is_asked_for_while_the_backend_ends_is_given_up_at_once(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])

    @asynccontextmanager
    async def open_link(declared: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AsyncIterator[Link]:
        async with backend.open(declared, inbox, stderr) as link:
            try:
                yield link
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(5)

    scope = scope_of(spec(), open_link)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        await scope.shared.settled.wait()
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
            assert scope.shared.connection is not None
            with trio.fail_after(1):
                await scope.list_for(ROOTS)
