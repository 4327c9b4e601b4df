"""A queue: in order, bounded, and never in the way of who puts something in."""

from __future__ import annotations

import attrs
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.notification_queue import (
    ALL_BYTES,
    CAPACITY,
    CAPACITY_BYTES,
    SPARED_BYTES,
    Losses,
    NotificationQueue,
    SessionQueues,
)
from argus_trio.core.memory import Memory
from argus_trio.wire.envelope import Params
from tests.backends.support.fakes import FakeExchange, raw
from tests.backends.support.scopes import Session


@attrs.define(eq=False)
class SlowExchange(FakeExchange):
    """A client that takes a second for each notification."""

    async def notify(self, method: str, params: Params) -> None:
        await trio.sleep(1)
        await super().notify(method, params)


async def test_notifications_arrive_in_order_and_drained_waits_for_the_last(autojump_clock: MockClock) -> None:
    exchange = SlowExchange("tools/call")
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(exchange, nursery)
        for n in range(5):
            queue.put("n", raw({"n": n}))
        await queue.drained()
        assert [params["n"] for _, params in exchange.told] == [0, 1, 2, 3, 4]
        queue.put("n", raw({"n": 5}))
        await queue.drained()
        assert len(exchange.told) == 6


async def test_a_slow_client_loses_the_oldest_and_the_loss_is_counted(autojump_clock: MockClock) -> None:
    exchange = SlowExchange("tools/call")
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(exchange, nursery)
        for n in range(CAPACITY + 10):
            queue.put("n", raw({"n": n}))
        await queue.drained()
    assert queue.dropped == 10
    assert [params["n"] for _, params in exchange.told] == list(range(10, CAPACITY + 10))


async def test_a_relay_without_notifications_costs_no_wait() -> None:
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(FakeExchange("tools/call"), nursery)
        with trio.fail_after(1):
            await queue.drained()


async def test_what_waits_is_bounded_in_bytes_and_the_newest_stays_whatever_its_size(autojump_clock: MockClock) -> None:
    exchange, losses = SlowExchange("tools/call"), Losses("files")
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(exchange, nursery, losses)
        for n in range(5):
            queue.put("n", raw({"n": n, "text": "x" * (CAPACITY_BYTES // 2)}))
        queue.put("n", raw({"n": 5, "text": "x" * (2 * CAPACITY_BYTES)}))
        with capture_logs() as logs:
            await queue.drained()
    assert [params["n"] for _, params in exchange.told] == [5]
    assert (queue.dropped, losses.dropped) == (5, 5)
    assert [(entry["event"], entry["backend"], entry["count"]) for entry in logs] == [
        ("notifications_dropped", "files", 5)
    ]


async def test_a_burst_of_a_thousand_lines_reaches_a_client_that_keeps_up() -> None:
    exchange = FakeExchange("tools/call")
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(exchange, nursery)
        for n in range(1000):
            queue.put("notifications/message", raw({"n": n}))
        await queue.drained()
    assert [params["n"] for _, params in exchange.told] == list(range(1000))


async def test_what_a_session_is_told_while_nothing_runs_is_counted_and_a_successor_takes_over() -> None:
    old, new = SessionQueues(Losses("files")), SessionQueues(Losses("files"))
    session = Session()
    old.put(session, "n", {})
    assert old.losses.dropped == 1
    old.successor = new
    async with trio.open_nursery() as nursery:
        with new.running_in(nursery):
            old.put(session, "n", {})
            await wait_all_tasks_blocked()
    assert session.told == [("n", {})]


async def test_what_waits_for_all_peers_of_a_backend_has_a_bound_and_little_ones_lose_nothing(
    autojump_clock: MockClock,
) -> None:
    losses, large = Losses("b"), raw({"n": "x" * (CAPACITY_BYTES // 4)})
    with capture_logs():
        async with trio.open_nursery() as nursery:
            queues = [NotificationQueue(SlowExchange("tools/call"), nursery, losses) for _ in range(200)]
            for _ in range(4):
                for queue in queues:
                    queue.put("n", large)
            assert losses.waiting <= ALL_BYTES + len(queues) * CAPACITY_BYTES // 4 + SPARED_BYTES
            exchange = SlowExchange("tools/call")
            late = NotificationQueue(exchange, nursery, losses)
            for n in range(100):
                late.put("n", raw({"n": n}))
            await late.drained()
            assert [params["n"] for _, params in exchange.told] == list(range(100))
    assert losses.waiting == 0


async def test_what_waits_when_the_delivery_ends_is_not_accounted_any_more() -> None:
    losses = Losses("b")
    async with trio.open_nursery() as nursery:
        NotificationQueue(SlowExchange("tools/call"), nursery, losses).put("n", raw({"n": 1}))
        assert losses.waiting > 0
        nursery.cancel_scope.cancel()
    assert losses.waiting == 0


async def test_what_waits_is_entered_in_the_common_account_until_it_is_handed_over(autojump_clock: MockClock) -> None:
    memory = Memory()
    exchange, losses = SlowExchange("tools/call"), Losses("files", memory)
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(exchange, nursery, losses)
        for _ in range(3):
            queue.put("n", raw({"text": "x" * 993}))
        assert memory.size == losses.waiting == 3000
        await wait_all_tasks_blocked()
        assert memory.size == 3000
        await queue.drained()
        assert memory.size == losses.waiting == 0
        queue.put("n", raw({"text": "x" * 993}))
        queue.put("n", raw({"text": "x" * 993}))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert memory.size == losses.waiting == 0


async def test_while_the_gateway_holds_too_much_each_queue_keeps_little(autojump_clock: MockClock) -> None:
    memory = Memory(lambda: 8 * SPARED_BYTES)
    other = Losses("other", memory)
    other.count(8 * SPARED_BYTES)
    exchange, losses = SlowExchange("tools/call"), Losses("files", memory)
    async with trio.open_nursery() as nursery:
        queue = NotificationQueue(exchange, nursery, losses)
        for n in range(4):
            queue.put("n", raw({"n": n, "text": "x" * (SPARED_BYTES // 2)}))
        await queue.drained()
        assert [params["n"] for _, params in exchange.told] == [3]
        other.count(-8 * SPARED_BYTES)
        for n in range(4):
            queue.put("n", raw({"n": n, "text": "x" * (SPARED_BYTES // 2)}))
        await queue.drained()
    assert [params["n"] for _, params in exchange.told] == [3, 0, 1, 2, 3]
