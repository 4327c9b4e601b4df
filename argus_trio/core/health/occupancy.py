"""Occupancy: how many calls are being served and how long one takes, as running figures without a list of the calls."""

from __future__ import annotations

from typing import Final

import attrs

WEIGHT: Final = 0.1
"""How much the latest call served moves the running mean: about the last ten calls count."""


@attrs.define(eq=False, repr=False)
class Occupancy:
    """The calls being served at one backend. Times are seconds of one clock."""

    count: int = attrs.field(default=0, init=False)
    """The number of calls being served."""
    _begun: float = attrs.field(default=0.0, init=False)
    """The sum of the times at which those calls began."""
    _mean: float | None = attrs.field(default=None, init=False)

    def begin(self, now: float) -> None:
        """Note a call that begins at `now`."""
        self.count += 1
        self._begun += now

    def end(self, since: float, now: float) -> None:
        """Note the end, at `now`, of a call that began at `since`."""
        self.count -= 1
        self._begun = self._begun - since if self.count else 0.0
        took = now - since
        self._mean = took if self._mean is None else self._mean + WEIGHT * (took - self._mean)

    def service_time(self, now: float) -> float:
        """How long one call takes: the recent mean, or the mean age of the calls being served, if that is more.

        The age matters where the mean cannot tell: nothing ends at a backend that hangs.
        """
        age = (now * self.count - self._begun) / self.count if self.count else 0.0
        return max(self._mean or 0.0, age)
