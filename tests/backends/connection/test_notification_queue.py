"""A queue: in order, bounded, and never in the way of who puts something in."""

from __future__ import annotations

import attrs
import trio
from trio.testing import MockClock

from argus_trio.backends.connection.notification_queue import CAPACITY, NotificationQueue
from argus_trio.wire.envelope import Params
from tests.backends.support.fakes import FakeExchange, raw


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
