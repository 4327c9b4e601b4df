"""When to list again what keeps changing: soon after a first change, ever later while the changes go on.

An episode begins with a first change and ends once no change was heard of for a while. With its `STORM_LOOKS`th look it
becomes a storm, which is worth one line in the log. Once `VAIN_LOOKS` in a row found nothing new the storm is slow,
which is worth another one: its looks come ever later, up to `LONGEST_VAIN_SECONDS`, until one finds something new.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs

FIRST_SECONDS: Final = 0.05
"""The time from a first change to the look at it: changes often come several at once, and one look does for all."""
LONGEST_SECONDS: Final = 5.0
"""The longest time between two looks while the changes go on, doubled up to here from `FIRST_SECONDS`: what is shown is
never older than this, unless the storm is slow, and a backend that never rests costs one listing in that time."""
LONGEST_VAIN_SECONDS: Final = 300.0
"""The longest time between two looks of a slow storm, doubled up to here from `LONGEST_SECONDS`.

Some servers say at each request that their lists have changed, at the one that lists them too: each look then costs a
process, and causes the next look. Once in five minutes nobody minds."""
CALM_SECONDS: Final = 1.0
"""The shortest time without a change, after a look, that ends an episode: longer than the early intervals, so that a
pause between two changes is not taken for the end. Where looks are further apart, it is their interval."""
LONGEST_CALM_SECONDS: Final = 20.0
"""The longest such time, for slow storms: what is heard later than that after a look was not caused by it."""
STORM_LOOKS: Final = 6
"""The number of looks in one episode that makes it a storm."""
VAIN_LOOKS: Final = 12
"""The number of looks in a row, in one episode, that find nothing new and make a storm slow: about half a minute, in
which a backend that is only busy has changed something."""


class StormNews(Enum):
    """What a look has made of an episode."""

    BEGAN = "began"
    """It is a storm now."""
    SLOWED = "slowed"
    """The storm is slow now, for nothing changes."""
    RESUMED = "resumed"
    """The storm is not slow any more, for something has changed."""


@attrs.define(eq=False, repr=False)
class Storm:
    """The pace of the looks at one backend's lists. Times are seconds of one clock."""

    heard: int = 0
    """The number of changes heard of in this episode."""
    looks: int = 0
    """The number of looks taken in this episode."""
    vain: int = 0
    """The number of looks in a row, the latest ones, that found nothing new."""
    _looked_at: float = attrs.field(default=0.0, init=False)

    @property
    def interval(self) -> float:
        """The seconds from one look to the next, after as many as were taken."""
        if self.is_slow:
            return min(LONGEST_VAIN_SECONDS, LONGEST_SECONDS * 2.0 ** min(self.vain - VAIN_LOOKS + 1, 32))
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self.looks, 32))

    @property
    def is_storm(self) -> bool:
        """Whether this episode is a storm."""
        return self.looks >= STORM_LOOKS

    @property
    def is_slow(self) -> bool:
        """Whether this episode is a storm in which nothing changes."""
        return self.vain >= VAIN_LOOKS

    @property
    def calm_at(self) -> float:
        """The time at which this episode is over, if no change is heard of until then."""
        return self._looked_at + max(CALM_SECONDS, min(self.interval, LONGEST_CALM_SECONDS))

    def next_look(self, now: float) -> float:
        """The time of the look at a change first heard of at `now`, which may begin a new episode."""
        if self.looks and now > self.calm_at:
            self.end()
            self.heard = 1
        return max(now + FIRST_SECONDS, self._looked_at + self.interval) if self.looks else now + FIRST_SECONDS

    def looked(self, now: float, *, found_news: bool) -> StormNews | None:
        """Note a look that ended at `now`, and whether anything had changed; what that makes of the episode, if new."""
        was_slow = self.is_slow
        self.looks += 1
        self.vain = 0 if found_news else self.vain + 1
        self._looked_at = now
        if self.is_slow != was_slow:
            return StormNews.RESUMED if was_slow else StormNews.SLOWED
        return StormNews.BEGAN if self.looks == STORM_LOOKS else None

    def end(self) -> None:
        """End the episode."""
        self.looks = self.heard = self.vain = 0
