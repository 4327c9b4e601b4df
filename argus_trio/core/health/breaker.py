"""The circuit breaker: when a lost backend is tried again, with backoff, and rarely once it has failed too often.

Sans I/O: the breaker is told what happened and when, and says how long to wait.
"""

from __future__ import annotations

from math import inf
from typing import Final

import attrs

from argus_trio.core.health.backoff import Backoff

SPREAD: Final = 0.1
"""The part of a cooldown that chance adds or takes away: breakers that opened together do not retry in step."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Breaker:
    """The circuit breaker of one backend; times and durations in seconds.

    The breaker opens after `threshold` failures in a row, and from then on lets one attempt through per `cooldown`. The
    first connection that is made and lasts for `stable_after` closes it.
    """

    backoff: Backoff
    stable_after: float
    threshold: int
    cooldown: float
    longest_wait: float = inf
    """The longest wait for the next attempt, whatever backoff and cooldown say."""
    failures: int = attrs.field(default=0, init=False)
    """Failed attempts in a row; a connection that was lost before it was stable counts as one."""
    _ready_since: float = attrs.field(default=inf, init=False)
    _renewed_at: float = attrs.field(default=-inf, init=False)

    @property
    def is_open(self) -> bool:
        """Whether the backend is tried only once per `cooldown`."""
        return self.failures >= self.threshold

    def connected(self, now: float) -> None:
        """Note that an attempt has succeeded; earlier failures are forgotten only once its connection has lasted."""
        self._ready_since = now

    def failed(self, now: float, chance: float) -> float:
        """Note that an attempt has failed or its connection was lost, and return the wait until the next attempt.

        `chance` is a random number in [0, 1).
        """
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
        """Whether a session that the backend forgot may be begun anew at once: if the last time was long enough ago."""
        if now - self._renewed_at < self.stable_after:
            return False
        self._renewed_at = now
        return True
