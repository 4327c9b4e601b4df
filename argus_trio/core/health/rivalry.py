"""Rivalry: whether the processes of one backend end each other, for they want something that only one can have.

A port, a browser profile, an embedded database: whoever comes up takes it, and the process before goes. It is told by
the times alone; what follows from it is up to `backends/connectivity/rivals.py`.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

import attrs

SHORTLY_SECONDS: Final = 3.0
"""How soon after another one came up a process must be lost to count as ended by it: servers take what they need at
their start, and those that wait for their predecessor to go give it a second or two."""
WINDOW_SECONDS: Final = 60.0
"""The time in which two such losses must lie. Each call of a client may cause one; a crash that happens to meet a start
seldom comes twice in a minute."""
ENOUGH: Final = 2
"""How many such losses within `WINDOW_SECONDS` are no coincidence any more."""


@attrs.define(eq=False, repr=False)
class Arrival:
    """One process of a backend, from its start on. Times are seconds of one clock."""

    number: int
    """Counts the starts."""
    opened_at: float = attrs.field(default=inf, init=False)
    """When it answered for the first time."""
    ended_at: float = attrs.field(default=inf, init=False)
    """When nothing was left of it."""

    def is_recent(self, now: float) -> bool:
        """Whether it is starting at `now`, or came up shortly before; or gave up, having taken what it wanted."""
        return now < min(self.opened_at, self.ended_at) + SHORTLY_SECONDS


@attrs.define(eq=False, repr=False)
class Rivalry:
    """The latest starts of one backend's processes, and the losses that they explain."""

    _arrivals: list[Arrival] = attrs.field(factory=list, init=False)
    _count: int = attrs.field(default=0, init=False)
    _losses: deque[float] = attrs.field(factory=lambda: deque(maxlen=ENOUGH), init=False)

    def began(self, now: float) -> Arrival:
        """Note that a process starts."""
        self._arrivals = [each for each in self._arrivals if each.is_recent(now)]
        self._count += 1
        arrival = Arrival(self._count)
        self._arrivals.append(arrival)
        return arrival

    def opened(self, arrival: Arrival, now: float) -> None:
        """Note that it answered."""
        arrival.opened_at = now

    def lost(self, arrival: Arrival, now: float) -> bool:
        """Note that it ended by itself; whether another one that came up seems to have ended it."""
        if arrival.opened_at > now:
            return False
        is_explained = any(each.number > arrival.number and each.is_recent(now) for each in self._arrivals)
        if is_explained:
            self._losses.append(now)
        return is_explained

    def ended(self, arrival: Arrival, now: float) -> None:
        """Note that nothing is left of it, whoever ended it."""
        arrival.ended_at = now

    @property
    def is_certain(self) -> bool:
        """Whether so many were lost in so short a time that it is no coincidence."""
        return len(self._losses) == ENOUGH and self._losses[-1] - self._losses[0] <= WINDOW_SECONDS
