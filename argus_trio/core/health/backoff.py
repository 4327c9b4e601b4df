"""Backoff: how long to wait before the next attempt, exponential, capped, with full jitter."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value

LEAST_SHARE: Final = 0.1
"""The part of `Backoff.first` that every wait lasts at least: full jitter alone could retry at once."""


@attrs.frozen(kw_only=True)
class Backoff(Value):
    """The waits between attempts, in seconds: `first`, doubled with each failed attempt, at most `longest`."""

    first: float = 1.0
    longest: float = 30.0

    def delay(self, failures: int, chance: float) -> float:
        """The wait after `failures` failed attempts in a row (1 or more); `chance` is a random number in [0, 1).

        The wait is anything up to the ceiling, so that backends which fail together do not come back in step. Only the
        very beginning is left out, so that no retry is immediate.
        """
        ceiling: float = min(self.longest, self.first * 2 ** min(failures - 1, 32))
        return max(self.first * LEAST_SHARE, ceiling * chance)
