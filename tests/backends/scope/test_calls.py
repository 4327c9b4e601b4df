"""The calls of clients at one backend: over which connection they go, and that each has a place."""

from __future__ import annotations

import json
from functools import partial

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.operation import Bounds, Timeouts
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.errors import BackendUnavailable, DeadlineExceeded, LinkFailed, SessionLost
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, answering, raw
from tests.backends.support.scopes import Session, living, scope_of, spec

ROOTS = Abilities(roots=True)


class Noting:
    """Answers each call at once, and notes the link that it came over."""

    def __init__(self) -> None:
        self.links: list[FakeLink] = []

    async def __call__(self, _params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        self.links.append(answering.get())
        return {}


class Beginning:
    """Answers each call with a task that has begun."""

    async def __call__(self, _params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        return {"task": {"taskId": "t1", "status": "working", "ttl": 60_000}}


async def call(
    scope: Scope,
    params: Json | None = None,
    *,
    method: str = "tools/call",
    abilities: Abilities = NONE,
    level: str | None = None,
    client: ClientSession | None = None,
) -> Json:
    era = Era.MODERN if client is None else Era.LEGACY
    exchange = FakeExchange(
        method, params or {"name": "x"}, era=era, abilities=abilities, log_level=level, client=client
    )
    result: Json = json.loads(await scope.calls.call(exchange, raw(exchange.params)))
    return result


async def test_a_call_goes_over_the_shared_connection_unless_the_policy_separates_it(
    autojump_clock: MockClock,
) -> None:
    noting = Noting()
    backend = FakeBackend(answers={"tools/call": noting})
    async with living(backend) as scope:
        await call(scope)
        await call(scope, abilities=ROOTS, client=Session())
        assert [backend.links.index(link) for link in noting.links] == [0, 1]
        assert (len(scope.client_connections.table), scope.bulkhead.under_way) == (1, 0)


async def test_what_is_asked_of_a_task_goes_to_the_connection_that_it_was_begun_on_and_else_to_the_shared_one(
    autojump_clock: MockClock,
) -> None:
    noting, session = Noting(), Session()
    backend = FakeBackend(answers={"tools/call": Beginning(), "tasks/get": noting})
    async with living(backend) as scope:
        await call(scope, {"name": "x", "task": {}}, level="debug", client=session)
        assert len(backend.links) == 2
        for task, client in (("t1", session), ("t2", session), ("t1", Session())):
            await call(scope, {"taskId": task}, method="tasks/get", client=client)
        assert [backend.links.index(link) for link in noting.links] == [1, 0, 0]


async def test_a_task_of_a_client_without_a_session_is_asked_of_where_it_was_begun_whichever_was_used_last(
    autojump_clock: MockClock,
) -> None:
    async def begin(_params: Json) -> Json:
        await trio.sleep(1)
        return {"task": {"taskId": f"t{backend.links.index(answering.get())}", "status": "working"}}

    noting = Noting()
    backend = FakeBackend(answers={"tools/call": begin, "tasks/get": noting})
    async with living(backend) as scope:
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(partial(call, scope, {"name": "x", "task": {}}, abilities=ROOTS))
        for task in ("t1", "t2", "t1"):
            await call(scope, {"taskId": task}, method="tasks/get", abilities=ROOTS)
        assert [backend.links.index(link) for link in noting.links] == [1, 2, 1]


async def test_a_call_that_only_looks_like_one_of_a_task_goes_where_its_client_is_sent(
    autojump_clock: MockClock,
) -> None:
    noting, session = Noting(), Session()
    backend = FakeBackend(answers={"tools/call": Beginning(), "made/up": noting})
    async with living(backend) as scope:
        await call(scope, {"name": "x", "task": {}}, level="debug", client=session)
        await call(scope, {"taskId": "t1"}, method="made/up", client=session)
        assert [backend.links.index(link) for link in noting.links] == [0]


async def test_a_call_waits_for_a_place_and_what_it_waited_is_part_of_its_deadline(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        await trio.sleep(6)
        return {}

    backend = FakeBackend(answers={"tools/call": slow})
    timeouts = Timeouts(connect=20, call=10, call_max=100, idle=60)
    declared = attrs.evolve(spec(limits=Bounds(concurrency=1, queue=1)), timeouts=timeouts)
    async with living(backend, declared) as scope:
        began, took = trio.current_time(), list[object]()

        async def ask() -> None:
            try:
                await call(scope)
                took.append(trio.current_time() - began)
            except DeadlineExceeded:
                took.append(("late", trio.current_time() - began))

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(ask)
                await wait_all_tasks_blocked()
            assert (scope.bulkhead.under_way, scope.bulkhead.waiting) == (1, 1)
            with pytest.raises(BackendUnavailable):
                await call(scope)
        assert took == [pytest.approx(6), ("late", pytest.approx(10))]
        assert scope.bulkhead.under_way == 0


async def test_a_call_waits_for_the_first_attempt_to_connect(autojump_clock: MockClock) -> None:
    async def greet(_params: Json) -> Json:
        await trio.sleep(5)
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    scope = scope_of(spec(), FakeBackend(answers={"initialize": greet}).open)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        assert (await call(scope))["asked"] == "tools/call"
        assert trio.current_time() >= 5
        nursery.cancel_scope.cancel()


def forgetting(*, times: int, never_ran: bool = True) -> tuple[FakeBackend, list[FakeLink]]:
    """A backend whose session is gone at the first calls."""
    tried: list[FakeLink] = []

    async def forget(_params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        tried.append(answering.get())
        if len(tried) <= times:
            answering.get().failure = lost = SessionLost("the session is gone", never_ran=never_ran)
            answering.get()._failed.set()
            raise lost
        return {"ok": True}

    return FakeBackend(answers={"tools/call": forget}), tried


async def test_a_call_that_met_a_forgotten_session_is_made_again_over_the_next_connection(
    autojump_clock: MockClock,
) -> None:
    backend, tried = forgetting(times=1)
    async with living(backend) as scope:
        await trio.sleep(60)
        assert await call(scope) == {"ok": True}
        assert [backend.links.index(link) for link in tried] == [0, 1]
        assert scope.bulkhead.under_way == 0


async def test_it_is_made_again_once_and_not_at_all_if_it_may_have_run(autojump_clock: MockClock) -> None:
    for times, never_ran, tries in ((9, True, 2), (1, False, 1)):
        backend, tried = forgetting(times=times, never_ran=never_ran)
        async with living(backend) as scope:
            await trio.sleep(60)
            with pytest.raises(BackendUnavailable, match="the session is gone"):
                await call(scope)
            assert len(tried) == tries


async def test_a_backend_that_is_down_refuses_a_call_with_the_time_of_its_next_attempt(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(open_failures=[LinkFailed("no such program")] * 2)
    async with living(backend) as scope:
        with pytest.raises(BackendUnavailable, match="no such program") as caught:
            await call(scope)
        assert caught.value.retry_after is not None
        assert scope.bulkhead.under_way == 0
