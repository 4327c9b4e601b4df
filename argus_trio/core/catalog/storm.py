"""When to list again what keeps changing: soon after a first change, ever later while the changes go on.

An episode begins with a first change and ends once no change was heard of for a while. With its `STORM_LOOKS`th look it
becomes a storm, which is worth one line in the log.
"""

from __future__ import annotations

from typing import Final

import attrs

FIRST_SECONDS: Final = 0.05
"""The time from a first change to the look at it: changes often come several at once, and one look does for all."""
LONGEST_SECONDS: Final = 5.0
"""The longest time between two looks while the changes go on, doubled up to here from `FIRST_SECONDS`: what is shown is
never older than this, and a backend that never rests costs one listing in that time."""
CALM_SECONDS: Final = 1.0
"""The shortest time without a change, after a look, that ends an episode: longer than the early intervals, so that a
pause between two changes is not taken for the end. Where looks are further apart, it is their interval."""
STORM_LOOKS: Final = 6
"""The number of looks in one episode that makes it a storm."""


@attrs.define(eq=False)
class Storm:
    """The pace of the looks at one backend's lists. Times are seconds of one clock."""

    heard: int = 0
    """The number of changes heard of in this episode."""
    looks: int = 0
    """The number of looks taken in this episode."""
    _looked_at: float = attrs.field(default=0.0, init=False)

    @property
    def interval(self) -> float:
        """The seconds from one look to the next, after as many as were taken."""
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self.looks, 32))

    @property
    def is_storm(self) -> bool:
        """Whether this episode is a storm."""
        return self.looks >= STORM_LOOKS

    @property
    def calm_at(self) -> float:
        """The time at which this episode is over, if no change is heard of until then."""
        return self._looked_at + max(CALM_SECONDS, self.interval)

    def next_look(self, now: float) -> float:
        """The time of the look at a change first heard of at `now`, which may begin a new episode."""
        if self.looks and now > self.calm_at:
            self.looks, self.heard = 0, 1
        return max(now + FIRST_SECONDS, self._looked_at + self.interval) if self.looks else now + FIRST_SECONDS

    def looked(self, now: float) -> bool:
        """Note a look that ended at `now`; True if this look makes the episode a storm."""
        self.looks += 1
        self._looked_at = now
        return self.looks == STORM_LOOKS

    def end(self) -> None:
        """End the episode."""
        self.looks = self.heard = 0
