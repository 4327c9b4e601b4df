"""When to look again at what keeps changing: soon after a first change, ever later while the changes go on.

An episode begins with a first change and ends once nothing has been heard for a while; from `STORMY` looks on it is a
storm, worth telling once.
"""

from __future__ import annotations

from typing import Final

import attrs

FIRST: Final = 0.05
"""Seconds from a first change to the look at it: what is heard meanwhile counts as the same one."""
LONGEST: Final = 5.0
"""Seconds between two looks while the changes go on, at most; doubled from `FIRST` until then."""
CALM: Final = 1.0
"""Seconds without a change, after a look, that end an episode; as many as between the looks, if those are more."""
STORMY: Final = 6
"""Looks in a row, each with changes close behind it, that make a storm."""


@attrs.define(eq=False)
class Storm:
    """The pace of the looks at one thing. Times are seconds of one clock."""

    heard: int = 0
    """Changes heard in this episode."""
    looks: int = 0
    """Looks taken in this episode."""
    _looked_at: float = 0.0

    @property
    def interval(self) -> float:
        """Seconds from one look to the next, as things are."""
        return min(LONGEST, FIRST * 2.0 ** min(self.looks, 32))

    @property
    def is_storm(self) -> bool:
        """Whether this episode is one."""
        return self.looks >= STORMY

    @property
    def calm_at(self) -> float:
        """The time at which this episode is over, if no change is heard until then."""
        return self._looked_at + max(CALM, self.interval)

    def next_look(self, now: float) -> float:
        """The time of the look at a change first heard at `now`, which may be the beginning of an episode."""
        if self.looks and now > self.calm_at:
            self.looks, self.heard = 0, 1
        return max(now + FIRST, self._looked_at + self.interval) if self.looks else now + FIRST

    def looked(self, now: float) -> bool:
        """A look has ended at `now`; whether this is the one that makes the episode a storm."""
        self.looks += 1
        self._looked_at = now
        return self.looks == STORMY

    def end(self) -> None:
        """The episode is over."""
        self.looks = self.heard = 0
