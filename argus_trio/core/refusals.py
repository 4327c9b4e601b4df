"""Which refusal is told in the log: the first of a crowd, not each. Pure."""

from __future__ import annotations

from math import inf
from typing import Final

import attrs

CALM_SECONDS: Final = 30.0
"""How long without a refusal until the next one is told again."""


@attrs.define(eq=False, repr=False)
class Refusals:
    """The refusals at one bound."""

    count: int = attrs.field(default=0, init=False)
    """How many there were so far."""
    _last_at: float = attrs.field(default=-inf, init=False)

    def is_news(self, now: float) -> bool:
        """Count one more; whether it is the first of a crowd."""
        is_first = now - self._last_at > CALM_SECONDS
        self.count += 1
        self._last_at = now
        return is_first
