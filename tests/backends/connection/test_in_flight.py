"""The calls under way on one connection: their clocks, their asks, and whose is what the backend says meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connection.in_flight import InFlight, InFlightTable, level_of
from argus_trio.backends.connection.notification_queue import Losses
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeExchange, Json, raw

PATIENCE_SECONDS, LATEST_SECONDS = 10.0, 25.0


@asynccontextmanager
async def nursery() -> AsyncIterator[trio.Nursery]:
    async with trio.open_nursery() as opened:
        yield opened
        opened.cancel_scope.cancel()


def flight(within: trio.Nursery, exchange: FakeExchange | None = None) -> InFlight:
    """A call that begins now."""
    exchange = exchange or FakeExchange("tools/call")
    now = trio.current_time()
    return InFlight(
        exchange=exchange,
        table=InFlightTable(is_exclusive=False, start_soon=within.start_soon),
        deadline=now + PATIENCE_SECONDS,
        patience=PATIENCE_SECONDS,
        latest=now + LATEST_SECONDS,
        nursery=within,
        losses=Losses(),
    )


def left(call: InFlight) -> float:
    return call.deadline - trio.current_time()


async def test_progress_gives_a_call_its_full_patience_again_up_to_the_latest(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        call = flight(n)
        await trio.sleep(8)
        call.progressed()
        assert left(call) == pytest.approx(PATIENCE_SECONDS)
        await trio.sleep(9)
        call.progressed()
        assert left(call) == pytest.approx(LATEST_SECONDS - 17)


async def test_the_clock_stands_still_while_the_client_is_asked(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        call, one, other = flight(n), trio.CancelScope(), trio.CancelScope()
        await trio.sleep(3)
        call.begin_ask(one)
        assert left(call) == inf
        await trio.sleep(100)
        call.begin_ask(other)
        call.end_ask(one)
        assert left(call) == inf, "one is open still"
        await trio.sleep(100)
        call.end_ask(other)
        assert left(call) == pytest.approx(PATIENCE_SECONDS - 3)


async def test_progress_does_not_set_the_clock_going_while_the_client_is_asked(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        call, ask = flight(n), trio.CancelScope()
        call.begin_ask(ask)
        call.progressed()
        assert left(call) == inf


async def test_what_a_call_asks_is_withdrawn_when_it_ends(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        call, certain, guessed = flight(n), trio.CancelScope(), trio.CancelScope()
        call.begin_ask(certain)
        call.begin_ask(guessed, is_guess=True)
        call.end(None)
        assert certain.cancel_called
        assert guessed.cancel_called


async def test_an_ask_that_may_be_another_calls_goes_on_there(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        call, successor = flight(n), flight(n)
        certain, guessed = trio.CancelScope(), trio.CancelScope()
        call.begin_ask(certain)
        call.begin_ask(guessed, is_guess=True)
        await trio.sleep(4)
        call.end(successor)
        assert certain.cancel_called
        assert not guessed.cancel_called
        assert left(successor) == inf, "it waits for its client now"
        await trio.sleep(50)
        call.end_ask(guessed)  # by the task that answers it, which knows the first one alone
        assert left(successor) == pytest.approx(PATIENCE_SECONDS - 4)
        assert successor.asks == set()


async def test_an_ask_that_is_handed_on_twice_ends_with_the_last(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        calls = [flight(n) for _ in range(3)]
        ask = trio.CancelScope()
        calls[0].begin_ask(ask, is_guess=True)
        calls[0].end(calls[1])
        calls[1].end(calls[2])
        assert not ask.cancel_called
        assert left(calls[2]) == inf
        calls[0].end_ask(ask)
        assert left(calls[2]) == pytest.approx(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("asked", "era", "params", "wants"),
    [
        ("warning", Era.LEGACY, {"level": "info"}, False),
        ("warning", Era.LEGACY, {"level": "warning"}, True),
        ("warning", Era.MODERN, {"level": "error"}, True),
        ("emergency", Era.MODERN, {"level": 7}, True),
        (None, Era.LEGACY, {"level": "debug"}, True),
        (None, Era.MODERN, {"level": "emergency"}, False),
    ],
)
async def test_a_client_hears_the_levels_it_asked_for_and_a_legacy_one_that_asked_for_none_hears_all(
    asked: str | None, era: Era, params: Json, wants: bool
) -> None:
    async with nursery() as n:
        exchange = FakeExchange("tools/call", era=era, log_level=asked)
        assert flight(n, exchange).wants_log(raw(params)) is wants


@pytest.mark.parametrize("params", [{}, {"level": 7}, {"level": None}])
def test_a_log_message_without_a_level_counts_as_the_gravest(params: Json) -> None:
    assert level_of(raw(params)) == "emergency"
    assert level_of(raw({"level": "info"})) == "info"


async def test_what_comes_on_the_stream_of_a_call_is_that_calls() -> None:
    async with nursery() as n:
        for is_exclusive in (True, False):
            table, one, other = InFlightTable(is_exclusive, n.start_soon), flight(n), flight(n)
            table.add(4, one)
            table.add(5, other)
            assert (table.of(4), table.of(5)) == (one, other)


async def test_what_names_no_call_is_the_latest_ones_where_all_are_one_clients_and_else_nobodys() -> None:
    async with nursery() as n:
        for is_exclusive in (True, False):
            table, one, other = InFlightTable(is_exclusive, n.start_soon), flight(n), flight(n)
            assert table.of(None) is None
            table.add(4, one)
            table.add(5, other)
            assert table.of(None) is (other if is_exclusive else None)
            assert table.of(9) is (other if is_exclusive else None), "the call of that stream is over"


async def test_a_progress_token_of_ours_is_that_of_a_call_as_long_as_it_is_under_way() -> None:
    async with nursery() as n:
        table, one = InFlightTable(is_exclusive=False, start_soon=n.start_soon), flight(n)
        table.add(4, one)
        assert table.of_token(raw({"progressToken": 4})) is one
        for odd in ({"progressToken": 5}, {"progressToken": "4"}, {}):
            assert table.of_token(raw(dict(odd))) is None
        table.remove(4)
        assert len(table) == 0
        assert table.of_token(raw({"progressToken": 4})) is None


async def test_what_a_call_that_ends_had_been_guessed_to_ask_is_the_latest_others(autojump_clock: MockClock) -> None:
    async with nursery() as n:
        table, calls, ask = (
            InFlightTable(is_exclusive=True, start_soon=n.start_soon),
            [flight(n) for _ in range(3)],
            trio.CancelScope(),
        )
        for message_id, call in enumerate(calls):
            table.add(message_id, call)
        calls[2].begin_ask(ask, is_guess=True)
        table.remove(2)
        assert [call.asks for call in calls] == [set(), {ask}, set()]
        assert not ask.cancel_called
        table.remove(1)
        table.remove(0)
        assert ask.cancel_called
