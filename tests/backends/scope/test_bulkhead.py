"""The bulkhead: who gets a place, in which order, how long anybody waits, and what the others are told."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.bulkhead import CALM_SECONDS, LATEST_RETRY_SECONDS, Bulkhead, Place
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.operation import Bounds, Timeouts
from argus_trio.core.call.abilities import Abilities
from argus_trio.errors import BackendUnavailable, DeadlineExceeded
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering, raw
from tests.backends.support.scopes import scope_of

FORM = Abilities(form=True)


def bounded(concurrency: int, queue: int) -> Bulkhead:
    return Bulkhead("files", Bounds(concurrency=concurrency, queue=queue))


@asynccontextmanager
async def placed(bulkhead: Bulkhead, exchange: FakeExchange, patience: float) -> AsyncIterator[Place]:
    """With a place, as a call has it."""
    place = Place(bulkhead, exchange, patience)
    if not place.take():
        await place.wait()
    with place:
        yield place


@attrs.define(eq=False)
class Callers:
    """Calls by number: each stays until it is let go."""

    bulkhead: Bulkhead
    nursery: trio.Nursery
    patience: float = 100.0
    entered: list[int] = attrs.field(factory=list)
    refused: list[BackendUnavailable | DeadlineExceeded] = attrs.field(factory=list)
    scopes: dict[int, trio.CancelScope] = attrs.field(factory=dict)
    _ends: dict[int, trio.Event] = attrs.field(factory=dict)

    async def come(self, *numbers: int) -> None:
        for number in numbers:
            self._ends[number] = trio.Event()
            self.nursery.start_soon(self._call, number)
            await wait_all_tasks_blocked()

    async def go(self, number: int) -> None:
        self._ends[number].set()
        await wait_all_tasks_blocked()

    async def _call(self, number: int) -> None:
        with trio.CancelScope() as self.scopes[number]:
            try:
                async with placed(self.bulkhead, FakeExchange("tools/call"), self.patience):
                    self.entered.append(number)
                    await self._ends[number].wait()
            except (BackendUnavailable, DeadlineExceeded) as error:
                self.refused.append(error)


async def test_those_who_wait_get_in_in_the_order_of_their_arrival() -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(2, 10), nursery)
        await callers.come(1, 2, 3, 4, 5)
        assert callers.entered == [1, 2]
        assert (callers.bulkhead.under_way, callers.bulkhead.waiting) == (2, 3)
        await callers.go(2)
        await callers.go(1)
        await callers.go(3)
        assert callers.entered == [1, 2, 3, 4, 5]
        await callers.go(4)
        await callers.go(5)
        assert (callers.bulkhead.under_way, callers.bulkhead.waiting) == (0, 0)


async def test_nobody_overtakes_one_who_was_let_in_and_has_not_run_yet() -> None:
    async with trio.open_nursery() as nursery:
        bulkhead = bounded(1, 10)
        callers = Callers(bulkhead, nursery)
        await callers.come(1, 2)
        since = trio.current_time()
        bulkhead.leave(since)  # the place of 1 goes to 2, whose task has not noticed yet
        assert not bulkhead.take(trio.current_time())
        assert (bulkhead.under_way, bulkhead.waiting) == (1, 0)
        bulkhead.retake()
        nursery.cancel_scope.cancel()


async def test_one_who_gives_up_waiting_takes_no_place() -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(1, 10), nursery)
        await callers.come(1, 2, 3)
        callers.scopes[2].cancel()
        await wait_all_tasks_blocked()
        assert callers.bulkhead.waiting == 1
        await callers.go(1)
        assert callers.entered == [1, 3]
        nursery.cancel_scope.cancel()
    assert callers.bulkhead.under_way == 0


async def test_waiting_ends_with_the_patience_and_says_that_it_was_waiting(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(1, 10), nursery, patience=7)
        await callers.come(1, 2)
        await trio.sleep(7.1)
        (error,) = callers.refused
        assert isinstance(error, DeadlineExceeded)
        assert error.data == {"backend": "files", "seconds": 7, "waiting": True}
        assert "had no room" in error.message
        assert callers.bulkhead.waiting == 0
        nursery.cancel_scope.cancel()


async def test_a_full_queue_is_refused_at_once_and_said_once(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(1, 1), nursery)
        with capture_logs() as logs:
            await callers.come(1, 2, 3, 4)
            assert [type(error) for error in callers.refused] == [BackendUnavailable] * 2
            assert callers.bulkhead.refused == 2
            assert [entry["event"] for entry in logs] == ["backend_queue_full"]
            await callers.go(1)
            await callers.go(2)
            await trio.sleep(CALM_SECONDS + 1)
            await callers.come(5)
            assert [(entry["event"], entry.get("refused")) for entry in logs[1:]] == [("backend_queue_relieved", 2)]
            await callers.come(6, 7)
            assert logs[-1]["event"] == "backend_queue_full"
        noted = [event.stage for event in callers.bulkhead.journal.since(1)[0]]
        assert noted == ["backend_queue_full", "backend_queue_relieved", "backend_queue_full"]
        nursery.cancel_scope.cancel()


async def test_a_bulkhead_without_a_queue_is_no_chatterbox(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(1, 0), nursery)
        with capture_logs() as logs:
            for number in range(0, 30, 3):
                await callers.come(number, number + 1)
                await callers.go(number)
                await trio.sleep(1)
        assert len(callers.refused) == 10
        assert [entry["event"] for entry in logs] == ["backend_queue_full"]


@pytest.mark.parametrize(
    ("service", "expected"),
    [(0.001, 1.0), (10.0, 15.0), (1000.0, LATEST_RETRY_SECONDS)],
    ids=["quick", "slow", "endless"],
)
async def test_a_refusal_estimates_when_those_who_wait_are_served(
    autojump_clock: MockClock, service: float, expected: float
) -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(2, 2), nursery, patience=5000)
        for number in range(5):
            await callers.come(number)
            await trio.sleep(service)
            await callers.go(number)
        await callers.come(10, 11, 12, 13, 14)
        assert retry_after(callers.refused[0]) == pytest.approx(expected)
        nursery.cancel_scope.cancel()


async def test_where_nothing_ends_the_estimate_grows_with_the_time_it_has_taken(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(1, 1), nursery)
        await callers.come(1, 2, 3)
        await trio.sleep(8)
        await callers.come(4)
        assert [retry_after(error) for error in callers.refused] == [1.0, 16.0]
        nursery.cancel_scope.cancel()


async def test_wider_limits_let_in_as_many_as_now_fit() -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(1, 10), nursery)
        await callers.come(1, 2, 3, 4)
        callers.bulkhead.limits = Bounds(concurrency=3, queue=10)
        await wait_all_tasks_blocked()
        assert sorted(callers.entered) == [1, 2, 3]  # those who are let in together run in any order
        assert callers.bulkhead.waiting == 1
        nursery.cancel_scope.cancel()


async def test_narrower_limits_send_nobody_away() -> None:
    async with trio.open_nursery() as nursery:
        callers = Callers(bounded(2, 10), nursery)
        await callers.come(1, 2, 3, 4)
        callers.bulkhead.limits = Bounds(concurrency=1, queue=0)
        await callers.come(5)
        assert len(callers.refused) == 1
        await callers.go(1)
        assert callers.entered == [1, 2]
        await callers.go(2)
        await callers.go(3)
        assert callers.entered == [1, 2, 3, 4]
        nursery.cancel_scope.cancel()


async def test_a_call_has_no_place_while_its_client_is_asked(autojump_clock: MockClock) -> None:
    answered = trio.Event()

    async def answer(_params: Json) -> Json:
        await answered.wait()
        return {}

    bulkhead = bounded(1, 10)
    asking = FakeExchange("tools/call", abilities=FORM, answer=answer)
    async with trio.open_nursery() as nursery:
        async with placed(bulkhead, asking, 10) as place:
            nursery.start_soon(place.exchange.ask, "elicitation/create", {})
            nursery.start_soon(place.exchange.ask, "elicitation/create", {})
            await wait_all_tasks_blocked()
            assert bulkhead.under_way == 0
            async with placed(bulkhead, FakeExchange("tools/call"), 10):
                answered.set()
                await wait_all_tasks_blocked()
                assert bulkhead.under_way == 2  # it goes on at once
                assert not bulkhead.take(trio.current_time())
            assert bulkhead.under_way == 1
        assert bulkhead.under_way == 0


async def test_a_call_that_ends_before_its_ask_does_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async def answer(_params: Json) -> Json:
        await trio.sleep(5)
        return {}

    bulkhead = bounded(1, 10)
    asking = FakeExchange("tools/call", abilities=FORM, answer=answer)
    async with trio.open_nursery() as nursery:
        async with placed(bulkhead, asking, 10) as place:
            nursery.start_soon(place.exchange.ask, "elicitation/create", {})
            await wait_all_tasks_blocked()
        assert bulkhead.under_way == 0
    assert bulkhead.under_way == 0


def spec(concurrency: int, queue: int = 10, *, call: float = 10) -> StdioBackend:
    limits = Bounds(concurrency=concurrency, queue=queue)
    return StdioBackend(name="files", command="unused", limits=limits, timeouts=Timeouts(connect=20, call=call))


async def test_waiting_for_room_is_part_of_a_calls_deadline(autojump_clock: MockClock) -> None:
    async def hang(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(tools=[{"name": "a"}], answers={"tools/call": hang})
    scope = scope_of(spec(1), backend.open)
    ended: list[tuple[float, bool]] = []

    async def call(patience: float) -> None:
        with trio.move_on_after(patience):
            try:
                await scope.calls.call(FakeExchange("tools/call"), {})
            except DeadlineExceeded as error:
                ended.append((round(trio.current_time() - began, 3), "no room" in error.message))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        await scope.shared.settled.wait()
        began = trio.current_time()
        async with trio.open_nursery() as calling:
            calling.start_soon(call, 4)  # is cancelled, and its place goes on to the next
            await wait_all_tasks_blocked()
            calling.start_soon(call, 100)
            await wait_all_tasks_blocked()
            calling.start_soon(call, 100)
        nursery.cancel_scope.cancel()
    assert sorted(ended) == [(10, False), (10, True)]


async def test_lists_and_pings_pass_a_full_bulkhead(autojump_clock: MockClock) -> None:
    async def hang(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    published: list[float] = []
    backend = FakeBackend(tools=[{"name": "a"}], answers={"tools/call": hang})
    scope = scope_of(spec(1, 0), backend.open, on_published=lambda: published.append(trio.current_time()))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        await scope.shared.settled.wait()
        nursery.start_soon(_until_cancelled, scope)
        await wait_all_tasks_blocked()
        with pytest.raises(BackendUnavailable):
            await scope.calls.call(FakeExchange("tools/call"), {})
        with pytest.raises(BackendUnavailable):
            await scope.subscriptions.subscribe(FakeExchange("resources/subscribe", {"uri": "u"}), "u")
        backend.tools.append({"name": "b"})
        await backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        assert len(published) == 2
        nursery.cancel_scope.cancel()


async def _until_cancelled(scope: Scope) -> None:
    await scope.calls.call(FakeExchange("tools/call"), {})


async def test_a_legacy_backend_that_asks_a_person_can_be_called_meanwhile(autojump_clock: MockClock) -> None:
    async def ask_first(params: Json) -> Json:
        if params["name"] != "ask":
            return {}
        answered = await answering.get().ask("elicitation/create", {"message": "?"})
        return {"answered": answered["result"]}

    async def think(_params: Json) -> Json:
        await trio.sleep(300)
        return {"action": "accept"}

    backend = FakeBackend(tools=[{"name": "a"}], answers={"tools/call": ask_first})
    scope = scope_of(spec(1), backend.open)
    results: list[Json] = []

    async def call_person() -> None:
        exchange = FakeExchange("tools/call", {"name": "ask"}, abilities=FORM, answer=think)
        results.append(json.loads(await scope.calls.call(exchange, raw(exchange.params))))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        await scope.shared.settled.wait()
        nursery.start_soon(call_person)
        await trio.sleep(1)
        before = trio.current_time()
        await scope.calls.call(FakeExchange("tools/call"), raw({"name": "x"}))
        assert trio.current_time() - before < 1
        assert scope.bulkhead.under_way == 0
        await trio.sleep(300)
        assert results == [{"answered": {"action": "accept"}}]
        nursery.cancel_scope.cancel()


def retry_after(error: BackendUnavailable | DeadlineExceeded) -> object:
    assert isinstance(error.data, dict)
    return error.data["retryAfter"]


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_the_bound_holds_and_nothing_remains(seed: int) -> None:
    trio.run(crowded, random.Random(seed), clock=MockClock(autojump_threshold=0))


async def crowded(chance: random.Random) -> None:
    """Calls that come, wait, stay, are cancelled and run out of patience, while the limits change."""
    widest = 6
    bulkhead = bounded(3, 5)
    outcomes: Counter[str] = Counter()
    now_inside = 0

    async def call() -> None:
        nonlocal now_inside
        outcome = "cancelled"
        with trio.move_on_after(chance.choice([1, 5, 1000])):
            try:
                async with placed(bulkhead, FakeExchange("tools/call"), chance.choice([0.5, 3, 100])):
                    now_inside += 1
                    try:
                        assert now_inside <= bulkhead.under_way <= widest  # some have a place and have not run yet
                        await trio.sleep(chance.choice([0, 0.1, 1, 20]))
                    finally:
                        now_inside -= 1
                outcome = "done"
            except BackendUnavailable:
                outcome = "refused"
                assert bulkhead.waiting >= bulkhead.limits.queue
            except DeadlineExceeded:
                outcome = "late"
        outcomes[outcome] += 1

    async with trio.open_nursery() as nursery:
        for _ in range(80):
            nursery.start_soon(call)
            await wait_all_tasks_blocked()
            assert now_inside <= widest
            if not chance.randrange(10):
                bulkhead.limits = Bounds(concurrency=chance.randint(1, widest), queue=chance.randint(0, 8))
            await trio.sleep(chance.choice([0, 0, 0.05, 1]))
    assert sum(outcomes.values()) == 80
    assert outcomes["done"]
    assert (bulkhead.under_way, bulkhead.waiting, bulkhead.refused) == (0, 0, outcomes["refused"])
    assert bulkhead.take(trio.current_time())
