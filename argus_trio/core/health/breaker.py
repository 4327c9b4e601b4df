"""When a backend that was lost is tried again: with backoff, and rarely once it has failed too often in a row.

Sans I/O: it is told what happened and when, and says how long to wait.
"""

from __future__ import annotations

from math import inf
from typing import Final

import attrs

from argus_trio.core.health.backoff import Backoff

SPREAD: Final = 0.1
"""How much of a cooldown chance adds or takes away."""


@attrs.define(eq=False, kw_only=True)
class Breaker:
    """The attempts of one backend; times and durations in seconds.

    It opens after `threshold` failures in a row, and from then on lets one attempt through per `cooldown`; the first
    that succeeds and lasts for `stable_after` closes it.
    """

    backoff: Backoff
    stable_after: float
    threshold: int
    cooldown: float
    longest_wait: float = inf
    """No wait is longer than that, whatever backoff and cooldown say."""
    failures: int = attrs.field(default=0, init=False)
    """Failed attempts in a row; a connection that was lost before it was stable counts as one."""
    _ready_since: float = attrs.field(default=inf, init=False)
    _renewed_at: float = attrs.field(default=-inf, init=False)

    @property
    def is_open(self) -> bool:
        """Whether it is tried only every `cooldown`."""
        return self.failures >= self.threshold

    def connected(self, now: float) -> None:
        """An attempt has succeeded. What failed before is forgotten only once this one has lasted."""
        self._ready_since = now

    def failed(self, now: float, chance: float) -> float:
        """An attempt has failed, or its connection was lost: the wait until the next; `chance` is in [0, 1)."""
        if now - self._ready_since >= self.stable_after:
            self.failures = 0
        self._ready_since = inf
        self.failures += 1
        if self.is_open:
            wait = self.cooldown * (1 - SPREAD + 2 * SPREAD * chance)
        else:
            wait = self.backoff.delay(self.failures, chance)
        return min(wait, self.longest_wait)

    def may_renew(self, now: float) -> bool:
        """A session was forgotten: whether it may be begun anew at once; only if the last time was long enough ago."""
        if now - self._renewed_at < self.stable_after:
            return False
        self._renewed_at = now
        return True
