"""The watch over a start: it tells work from silence, and says whether there is a program to be silent."""

from __future__ import annotations

from collections.abc import Callable

import trio
from trio.testing import MockClock

from argus_trio.backends.connection.start_watch import SAMPLE_SECONDS, StartWatch
from argus_trio.core.health.activity import ActivityMonitor
from tests.backends.support.children import Inbox
from tests.backends.support.fakes import FakeBackend, FakeLink


class Remote(FakeLink):
    """A link without a program of its own."""

    async def activity(self) -> None:  # type: ignore[override]  # as the protocol allows
        await trio.lowlevel.checkpoint()


async def waited(watch: StartWatch, seconds: float) -> tuple[bool, float]:
    """What `wait_silent` says, and when."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch.run)
        is_program = await watch.wait_silent(seconds)
        nursery.cancel_scope.cancel()
    return is_program, trio.current_time()


def program(processor_seconds: Callable[[], float]) -> FakeLink:
    return FakeLink(FakeBackend(processor_seconds=processor_seconds), Inbox())


async def test_a_program_that_does_nothing_is_silent_after_that_time(autojump_clock: MockClock) -> None:
    is_program, at = await waited(StartWatch(program(lambda: 0.5)), 5)
    assert is_program
    assert 5 <= at <= 5 + 2 * SAMPLE_SECONDS


async def test_a_program_that_works_is_not_silent_until_it_has_stopped(autojump_clock: MockClock) -> None:
    is_program, at = await waited(StartWatch(program(lambda: min(trio.current_time(), 30))), 5)
    assert is_program
    assert 35 <= at <= 35 + 2 * SAMPLE_SECONDS


async def test_a_remote_server_is_silent_after_that_time_and_is_no_program(autojump_clock: MockClock) -> None:
    assert await waited(StartWatch(Remote(FakeBackend(), Inbox())), 5) == (False, 5)


async def test_each_look_is_told(autojump_clock: MockClock) -> None:
    seen: list[float] = []

    def sampled(monitor: ActivityMonitor, _now: float) -> None:
        seen.append(monitor.busy_seconds)

    watch = StartWatch(program(trio.current_time), sampled)
    with trio.move_on_after(3.5):
        await watch.run()
    assert seen == [0, 1, 2]
