"""Flapping: whether a backend that comes back does so too often; told once, not each time."""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs

OFTEN: Final = 4
"""The number of returns within `WINDOW_SECONDS` that counts as flapping."""
WINDOW_SECONDS: Final = 600.0
"""The time in which `OFTEN` returns must lie: ten minutes, so that a backend restarted by hand a few times a day is not
taken for one that cannot stay up."""


@attrs.define(eq=False, repr=False)
class Flapping:
    """The latest returns of one backend. Times are seconds of one clock."""

    _returns: deque[float] = attrs.field(factory=lambda: deque(maxlen=OFTEN), init=False)
    _is_told: bool = attrs.field(default=False, init=False)

    def returned(self, now: float) -> bool:
        """Note a return at `now`; True if the backend has begun to flap, which is to be told once."""
        self._returns.append(now)
        flaps = len(self._returns) == OFTEN and now - self._returns[0] <= WINDOW_SECONDS
        has_begun = flaps and not self._is_told
        self._is_told = flaps
        return has_begun

    def within(self, now: float) -> float:
        """The time in seconds in which the last `OFTEN` returns took place."""
        return now - self._returns[0] if self._returns else 0.0
