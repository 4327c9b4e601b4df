"""The last moment of a stop: no farewell goes beyond it, whether it has begun or not."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from argus_trio.net.ending.last_moment import end_farewells_at, farewell


async def test_a_farewell_is_not_reached_by_a_cancellation_and_ends_by_itself(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    with trio.CancelScope() as scope:
        scope.cancel()
        with farewell(3) as ending:
            await trio.sleep_forever()
    assert ending.cancelled_caught
    assert trio.current_time() - began == 3


async def test_farewells_that_follow_each_other_end_at_the_last_moment_together(autojump_clock: MockClock) -> None:
    began = trio.current_time()

    async def say_goodbye() -> None:
        for _ in range(5):
            with farewell(2):
                await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(say_goodbye)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
        end_farewells_at(began + 4.5)
    assert trio.current_time() - began == 4.5


async def test_a_later_last_moment_does_not_put_off_an_earlier_one(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    end_farewells_at(began + 1)
    end_farewells_at(began + 9)
    with farewell(5) as ending:
        assert ending.deadline == began + 1
