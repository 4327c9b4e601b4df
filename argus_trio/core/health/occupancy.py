"""How many are being served, and how long serving takes: a running figure, without a list of who they are."""

from __future__ import annotations

from typing import Final

import attrs

WEIGHT: Final = 0.1
"""How much the latest one served moves the running mean."""


@attrs.define(eq=False)
class Occupancy:
    """Those under way. Times are seconds of one clock."""

    count: int = 0
    _begun: float = 0.0
    """The sum of the times at which they began."""
    _mean: float | None = None

    def begin(self, now: float) -> None:
        """One more."""
        self.count += 1
        self._begun += now

    def end(self, since: float, now: float) -> None:
        """One that began at `since` is done."""
        self.count -= 1
        self._begun = self._begun - since if self.count else 0.0
        took = now - since
        self._mean = took if self._mean is None else self._mean + WEIGHT * (took - self._mean)

    def service_time(self, now: float) -> float:
        """How long one takes: the recent mean, or how long those under way have taken already, if that is more.

        The second speaks where the first cannot: nothing ends at a backend that hangs.
        """
        age = (now * self.count - self._begun) / self.count if self.count else 0.0
        return max(self._mean or 0.0, age)
