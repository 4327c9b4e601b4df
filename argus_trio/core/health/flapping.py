"""Whether something that comes back comes back too often: told once, not each time."""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs

OFTEN: Final = 4
"""Returns within `WINDOW` that make it flap."""
WINDOW: Final = 600.0
"""Seconds that a return is remembered."""


@attrs.define(eq=False)
class Flapping:
    """The returns of one thing. Times are seconds of one clock."""

    _returns: deque[float] = attrs.field(factory=lambda: deque(maxlen=OFTEN))
    _is_told: bool = False

    def returned(self, now: float) -> bool:
        """It is back; whether it flaps and nobody has been told yet."""
        self._returns.append(now)
        flaps = len(self._returns) == OFTEN and now - self._returns[0] <= WINDOW
        is_news = flaps and not self._is_told
        self._is_told = flaps
        return is_news

    def within(self, now: float) -> float:
        """Seconds in which the last `OFTEN` returns took place."""
        return now - self._returns[0] if self._returns else 0.0
