"""The count of calls: up when one comes in, down however it ends."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import InvalidParams
from argus_trio.pipeline.chain import chain
from argus_trio.pipeline.under_way import UnderWay
from tests.pipeline.support.exchanges import PlainExchange


async def test_a_call_counts_while_it_is_served() -> None:
    under_way = UnderWay()
    seen: list[int] = []

    async def handler(_: Exchange) -> bytes:
        seen.append(under_way.count)
        return b"{}"

    assert await chain((under_way,), handler)(PlainExchange()) == b"{}"
    assert seen == [1]
    assert under_way.count == 0


async def test_a_call_that_fails_or_is_cancelled_counts_no_more() -> None:
    under_way = UnderWay()

    async def refuse(_: Exchange) -> bytes:
        raise InvalidParams("no")

    with pytest.raises(InvalidParams):
        await chain((under_way,), refuse)(PlainExchange())

    async def hang(_: Exchange) -> bytes:
        await trio.sleep_forever()
        raise AssertionError

    async with trio.open_nursery() as nursery:
        nursery.start_soon(chain((under_way,), hang), PlainExchange())
        await trio.testing.wait_all_tasks_blocked()
        assert under_way.count == 1
        nursery.cancel_scope.cancel()
    assert under_way.count == 0
