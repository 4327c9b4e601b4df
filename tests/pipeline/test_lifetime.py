"""What a stage holds while it is in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from argus_trio.pipeline.contained import EndedItself
from argus_trio.pipeline.lifetime import EndedEarly, Lifetime, NotEntered


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


async def test_one_that_cancels_itself_cancels_nobody_else() -> None:
    @asynccontextmanager
    async def held() -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.cancel_scope.cancel()
            yield

    async with trio.open_nursery():
        lifetime = Lifetime(held())
        lifetime.take()
        with pytest.raises(EndedEarly, match="ended itself"):
            await lifetime.run()
        await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("at", ["entering", "leaving"])
async def test_what_ends_programs_ends_a_context_alone(at: str, nursery: trio.Nursery) -> None:
    @asynccontextmanager
    async def held() -> AsyncIterator[None]:
        if at == "entering":
            raise SystemExit(3)
        yield
        raise SystemExit(3)

    lifetime = Lifetime(held())
    lifetime.take()
    if at == "leaving":
        nursery.start_soon(_give_back_when_entered, lifetime)
    with pytest.raises(NotEntered if at == "entering" else EndedItself, match="SystemExit"):
        await lifetime.run()


async def _give_back_when_entered(lifetime: Lifetime) -> None:
    await trio.testing.wait_all_tasks_blocked()
    lifetime.give_back()
