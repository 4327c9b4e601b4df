"""Tasks that serve a block."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.net.service_nursery import ServiceNursery


async def fail() -> None:
    raise ZeroDivisionError


async def test_the_end_of_the_block_cancels_the_tasks(autojump_clock: trio.abc.Clock) -> None:
    async with ServiceNursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        await wait_all_tasks_blocked()


async def test_what_the_block_raises_leaves_as_it_is(autojump_clock: trio.abc.Clock) -> None:
    with pytest.raises(KeyError, match="mine"):  # noqa: PT012 - the block is what is tested
        async with ServiceNursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise KeyError("mine")


async def test_what_a_task_raises_cancels_the_block_and_leaves_as_a_group(autojump_clock: trio.abc.Clock) -> None:
    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - as above
        async with ServiceNursery() as nursery:
            nursery.start_soon(fail)
            await trio.sleep_forever()
    assert caught.group_contains(ZeroDivisionError)


async def test_a_cancellation_from_outside_passes_through(autojump_clock: trio.abc.Clock) -> None:
    with trio.move_on_after(1) as scope:
        async with ServiceNursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep_forever()
    assert scope.cancelled_caught


async def test_an_error_of_the_block_does_not_outlive_a_cancellation_from_outside(autojump_clock: MockClock) -> None:
    async def leave_slowly() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1)

    with trio.move_on_after(2.5) as outer:
        async with ServiceNursery() as nursery:
            nursery.start_soon(leave_slowly)
            await trio.sleep(2)
            raise KeyError
    assert outer.cancelled_caught
