"""What one client may use of the connections of a backend, and what the others find: on virtual time."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connectivity.client_connection_table import WAITING_EACH
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.operation import Bounds
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.errors import BackendUnavailable
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, raw
from tests.backends.support.scopes import TIMEOUTS, Session, living, spec

FORM = Abilities(form=True)
HOG, OTHER = "192.0.2.1", "192.0.2.2"
HOURS = 10_000.0


def asking(seconds: float = 600) -> FakeBackend:
    """A backend whose tool takes so long if it is called `x`, and no time as `y`."""

    async def answer(params: Json) -> Json:
        await trio.sleep(seconds if params["name"] == "x" else 0)
        return {}

    return FakeBackend(tools=[{"name": "x"}, {"name": "y"}], answers={"tools/call": answer})


async def call(scope: Scope, address: str, client: ClientSession | None = None, tool: str = "y") -> None:
    era = Era.MODERN if client is None else Era.LEGACY
    exchange = FakeExchange("tools/call", {"name": tool}, era=era, abilities=FORM, client=client, address=address)
    await scope.calls.call(exchange, raw(exchange.params))


async def refused(scope: Scope, address: str, client: ClientSession | None = None) -> BackendUnavailable:
    with pytest.raises(BackendUnavailable) as caught:
        await call(scope, address, client)
    return caught.value


def park(nursery: trio.Nursery, scope: Scope, sessions: list[Session | None], address: str = HOG) -> None:
    async def parked(client: Session | None) -> None:
        with suppress(BackendUnavailable):
            await call(scope, address, client, "x")

    for session in sessions:
        nursery.start_soon(parked, session)


def taken(scope: Scope) -> int:
    return len(scope.client_connections.table.payers(trio.current_time()))


@pytest.mark.parametrize("is_legacy", [False, True])
async def test_however_many_calls_one_client_parks_another_is_served_at_once(
    is_legacy: bool, autojump_clock: MockClock
) -> None:
    async with living(asking()) as scope, trio.open_nursery() as nursery:
        park(nursery, scope, [Session() if is_legacy else None for _ in range(40)])
        await wait_all_tasks_blocked()
        assert taken(scope) == (12 if is_legacy else 11)
        with trio.fail_after(0.1):
            await call(scope, OTHER)
            await call(scope, OTHER, Session())
        nursery.cancel_scope.cancel()


async def test_behind_one_address_a_session_is_served_beside_the_calls_of_modern_clients(
    autojump_clock: MockClock,
) -> None:
    async with living(asking()) as scope, trio.open_nursery() as nursery:
        park(nursery, scope, [None] * 40)
        await wait_all_tasks_blocked()
        with trio.fail_after(0.1):
            await call(scope, HOG, Session())
        nursery.cancel_scope.cancel()


async def test_idle_connections_of_any_number_of_sessions_count_on_nobodys_share_and_their_use_does(
    autojump_clock: MockClock,
) -> None:
    async with living(asking()) as scope, trio.open_nursery() as nursery:
        sessions = [Session() for _ in range(16)]
        for session in sessions:
            await call(scope, HOG, session)
        assert len(scope.client_connections.table) == 16
        with trio.fail_after(0.1):
            await call(scope, OTHER, Session())
        park(nursery, scope, [*sessions])
        await wait_all_tasks_blocked()
        assert taken(scope) == 12
        with trio.fail_after(0.1):
            await call(scope, OTHER, Session())
        nursery.cancel_scope.cancel()


async def test_a_session_in_use_takes_more_calls_whatever_its_share(autojump_clock: MockClock) -> None:
    async with living(asking(), spec(max_sessions=1)) as scope, trio.open_nursery() as nursery:
        session = Session()
        park(nursery, scope, [session] * 20)
        await wait_all_tasks_blocked()
        with trio.fail_after(0.1):
            await call(scope, HOG, session)
        nursery.cancel_scope.cancel()


async def test_what_one_client_gives_back_its_next_call_gets(autojump_clock: MockClock) -> None:
    async with living(asking(seconds=10)) as scope:
        async with trio.open_nursery() as nursery:
            park(nursery, scope, [None] * 16)
        assert trio.current_time() == pytest.approx(20)
        assert len(scope.client_connections.table) == 11


async def test_who_is_refused_hears_what_is_full_and_when_to_return_and_the_log_tells_of_it_once(
    autojump_clock: MockClock,
) -> None:
    async with living(asking(HOURS)) as scope, trio.open_nursery() as nursery:
        park(nursery, scope, [None] * 11)
        await wait_all_tasks_blocked()
        with capture_logs() as logs:
            error = await refused(scope, HOG)
            assert trio.current_time() == pytest.approx(TIMEOUTS.connect)
            await refused(scope, HOG)
        assert "have 11 of 16 connections for single clients (max_sessions)" in error.message
        assert isinstance(error.data, dict)
        assert error.data["retryAfter"] > 0
        told = [entry for entry in logs if entry["event"] == "client_connections_full"]
        assert [(entry["log_level"], entry["taken"], entry["by_this_client"]) for entry in told] == [
            ("warning", 11, 11)
        ]
        for number in range(3, 9):
            park(nursery, scope, [None] * 8, address=f"192.0.2.{number}")
        await wait_all_tasks_blocked()
        assert "all 16 connections" in (await refused(scope, OTHER)).message
        nursery.cancel_scope.cancel()


async def test_calls_that_wait_for_a_share_are_so_many_and_hold_no_place_of_the_backend(
    autojump_clock: MockClock,
) -> None:
    narrow = spec(limits=Bounds(concurrency=12, queue=0))
    async with living(asking(), narrow) as scope, trio.open_nursery() as nursery:
        for _ in range(11 + WAITING_EACH):
            park(nursery, scope, [None])
            await wait_all_tasks_blocked()
        with trio.fail_after(0.1):
            await refused(scope, HOG)
            await call(scope, OTHER)
        assert scope.calls.bulkhead.under_way == 11
        nursery.cancel_scope.cancel()


async def test_a_call_that_is_cancelled_while_it_waits_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async with living(asking()) as scope, trio.open_nursery() as nursery:
        park(nursery, scope, [None] * 11)
        await wait_all_tasks_blocked()
        for _ in range(2 * WAITING_EACH):
            with trio.move_on_after(0.01):
                await call(scope, HOG)
        assert scope.calls.bulkhead.under_way == 11
        nursery.start_soon(partial(call, scope, HOG))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
