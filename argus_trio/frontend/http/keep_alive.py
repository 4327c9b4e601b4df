"""Signs of life on every answer that has long been silent, given by one task in place of a timer task for each."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final, Protocol

import attrs
import trio

from argus_trio.clock import running_clock

TICK_SECONDS: Final = 1.0
"""How often `KeepAlive` looks; what is due is done at most this much late, which is nothing beside `QUIET_SECONDS`."""


class Quiet(Protocol):
    """Something that must not stay silent for ever."""

    due: float
    """When its next sign of life is due, by the clock of trio; `KeepAlive` sets it to infinity while one is given."""

    async def beat(self) -> None:
        """Give the sign of life, and set `due` again. May block for as long as the client does."""


@attrs.define(eq=False, repr=False)
class KeepAlive:
    """Keeps the answers alive that clients wait for. A blocked one delays only itself."""

    watched: set[Quiet] = attrs.field(factory=set, init=False)
    """Who is kept alive: what adds itself, until it takes itself out again."""
    now: Callable[[], float] = attrs.field(factory=running_clock, init=False)
    """Tells the time, on trio's clock."""

    async def run(self, on_tick: Callable[[float], object]) -> None:
        """Look every `TICK_SECONDS`, and call `on_tick` with the time as well; until cancelled.

        As long as that returns something true it has more to do, and is called again once others have had their turn.
        """
        async with trio.open_nursery() as nursery:
            while True:
                await trio.sleep(TICK_SECONDS)
                now = trio.current_time()
                while on_tick(now):
                    await trio.lowlevel.checkpoint()
                for quiet in self.watched:
                    if quiet.due <= now:
                        quiet.due = inf
                        nursery.start_soon(quiet.beat)
