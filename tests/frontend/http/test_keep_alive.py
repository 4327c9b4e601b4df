"""The ticker, on virtual time."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from argus_trio.frontend.http.keep_alive import TICK_SECONDS, KeepAlive


class Pulse:
    """Something quiet, due once."""

    def __init__(self, due: float) -> None:
        self.due = due
        self.beats: list[float] = []

    async def beat(self) -> None:
        self.beats.append(trio.current_time())


async def test_what_is_due_beats_once_until_it_is_due_again(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    keep_alive, pulse, forgotten = KeepAlive(), Pulse(2.5), Pulse(2.5)
    ticks: list[float] = []
    keep_alive.watched.add(pulse)
    keep_alive.watched.add(forgotten)
    keep_alive.watched.discard(forgotten)
    nursery.start_soon(keep_alive.run, ticks.append)
    began = trio.current_time()
    pulse.due += began
    await trio.sleep(10 * TICK_SECONDS + 0.5)
    assert [beat - began for beat in pulse.beats] == [3.0]
    assert not forgotten.beats
    assert len(ticks) == 10


async def test_a_tick_that_has_more_to_do_goes_on_and_lets_others_have_their_turn(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    seen: list[str] = []
    begun = trio.Event()

    def tick(_: float) -> bool:
        seen.append("tick")
        begun.set()
        return len(seen) < 5

    async def other() -> None:
        await begun.wait()
        seen.append("other")

    nursery.start_soon(other)
    nursery.start_soon(KeepAlive().run, tick)
    await trio.sleep(1.5 * TICK_SECONDS)
    assert seen.count("tick") == 4
    assert "other" in seen[:3]
