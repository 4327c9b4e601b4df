"""What a stage holds while it is in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from argus_trio.pipeline.lifetime import Lifetime


@pytest.mark.parametrize("ends_by", ["use", "cancellation"])
async def test_a_context_may_hold_a_nursery(ends_by: str, autojump_clock: trio.abc.Clock) -> None:
    ended: list[float] = []

    @asynccontextmanager
    async def held() -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            yield
            nursery.cancel_scope.cancel()
        await trio.sleep(0.5)
        ended.append(trio.current_time())

    lifetime = Lifetime(held())
    async with trio.open_nursery() as nursery:
        assert lifetime.take()
        await nursery.start(lifetime.run)
        if ends_by == "use":
            lifetime.give_back()
        else:
            nursery.cancel_scope.cancel()
    assert ended == [0.5]
