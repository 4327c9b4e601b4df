"""How long to wait before the next attempt: exponential, capped, with full jitter."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Backoff:
    """Delays in seconds: `first` doubled per failed attempt, at most `longest`."""

    first: float = 1.0
    longest: float = 60.0

    def delay(self, failures: int, chance: float) -> float:
        """The wait after `failures` failed attempts in a row (1 or more); `chance` is a random number in [0, 1).

        Full jitter keeps many backends of one host from coming back in step; the lower half is left out so that no
        retry is immediate.
        """
        ceiling: float = min(self.longest, self.first * 2 ** min(failures - 1, 32))
        return ceiling * (0.5 + chance / 2)
