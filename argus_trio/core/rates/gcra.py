"""The generic cell rate algorithm: a bucket is one number, the time at which it is full again.

All numbers are whole, so that nothing is lost to rounding, however long a bucket lasts: a tick is one part of a
nanosecond, of as many as the rule has calls, and what one call takes is a whole number of them.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value

NANOSECONDS: Final = 1_000_000_000


@attrs.frozen(kw_only=True)
class BucketRule(Value):
    """So many calls in a time, refilled evenly, of which `burst` may come at once."""

    calls: int
    per_ns: int
    """What one call takes, in ticks; and in how many nanoseconds `calls` are refilled."""
    burst: int

    @classmethod
    def of(cls, calls: int, per: float, burst: int | None = None) -> BucketRule:
        """That of the file: `calls` in `per` seconds, all of them at once where `burst` does not say otherwise."""
        return cls(calls=calls, per_ns=round(per * NANOSECONDS), burst=calls if burst is None else burst)

    def wait_ns(self, full_at: int, now_ns: int) -> int:
        """How long until one more call may come, of a bucket that is full again at the tick `full_at`; 0 for now."""
        lack = full_at - now_ns * self.calls - (self.burst - 1) * self.per_ns
        return 0 if lack <= 0 else -(-lack // self.calls)

    def charged(self, full_at: int, now_ns: int) -> int:
        """The tick at which it is full again once it is charged with one call."""
        return max(full_at, now_ns * self.calls) + self.per_ns

    def ticks(self, now_ns: int) -> int:
        """The tick that it is now: a bucket that is full again by then need not be remembered."""
        return now_ns * self.calls
