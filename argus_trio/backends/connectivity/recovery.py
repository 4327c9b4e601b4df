"""How one backend stands and when it is tried again, told in the log; what makes it so happens in its scope."""

from __future__ import annotations

import random
from collections.abc import Mapping
from math import inf

import attrs
import structlog
import trio

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.health.backoff import Backoff
from argus_trio.core.health.breaker import Breaker
from argus_trio.core.health.lifecycle import BackendEvent, BackendStanding, BackendState
from argus_trio.core.health.probing import Condition, HealthVerdict
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable, LinkFailed, SessionLost

log = structlog.get_logger()


def breaker_of(spec: BackendSpec) -> Breaker:
    """The breaker that `spec` wants."""
    restart = spec.restart
    return Breaker(
        backoff=Backoff(first=restart.initial, longest=restart.max),
        stable_after=restart.stable_after,
        threshold=restart.breaker,
        cooldown=restart.cooldown,
        # To try a remote server costs no process, and one that is back has to be noticed as soon as by a probe.
        longest_wait=inf if isinstance(spec, StdioBackend) else spec.health.interval,
    )


@attrs.define(eq=False)
class Recovery:
    """The standing of one backend. What it is told of takes effect at once."""

    backend: str
    redact: Redactor
    breaker: Breaker
    standing: BackendStanding = attrs.field(factory=lambda: BackendStanding(since=0.0), init=False)
    next_at: float = attrs.field(default=0.0, init=False)
    """When the next attempt is due."""

    def begin(self) -> None:
        """The scope begins to run."""
        self.standing = BackendStanding(since=trio.current_time())

    def adopt(self, spec: BackendSpec) -> None:
        """These are the settings from now on; what is counted stays."""
        fresh = breaker_of(spec)
        self.breaker.backoff, self.breaker.stable_after = fresh.backoff, fresh.stable_after
        self.breaker.threshold, self.breaker.cooldown = fresh.threshold, fresh.cooldown
        self.breaker.longest_wait = fresh.longest_wait

    def connected(self, revision: str, counts: Mapping[str, int], seconds: float) -> None:
        """An attempt has succeeded, in so many seconds; `counts` is what it listed, by kind."""
        now = trio.current_time()
        self.breaker.connected(now)
        self.standing = self.standing.moved(BackendEvent.CONNECTED, now)
        log.info("backend_ready", backend=self.backend, revision=revision, seconds=round(seconds, 3), **counts)

    def try_again_at_once(self) -> None:
        """The attempt that failed told how to make the next one better."""
        self.next_at = trio.current_time()

    def failed(self, failure: LinkFailed) -> None:
        """An attempt has failed, or a connection was lost: down until the next attempt.

        A session that was forgotten is begun anew at once, and calls wait for it, unless that has just been done.
        """
        now = trio.current_time()
        reason, details = self.redact(failure.reason), tuple(map(self.redact, failure.details))
        if isinstance(failure, SessionLost) and self.standing.state.is_up and self.breaker.may_renew(now):
            self.next_at = now
            self.standing = self.standing.moved(BackendEvent.FORGOTTEN, now, f"{reason}; it is greeted anew")
            log.info("backend_session_lost", backend=self.backend, reason=reason)
            return
        delay = self.breaker.failed(now, random.random())  # noqa: S311 - jitter, no secret
        self.next_at = now + delay
        self.standing = self.standing.moved(
            BackendEvent.FAILED, now, reason, details=details, next_attempt=self.next_at
        )
        log.warning(
            "backend_down",
            backend=self.backend,
            reason=reason,
            details=list(details),
            retry_in=round(delay, 1),
            failures=self.breaker.failures,
            breaker="open" if self.breaker.is_open else "closed",
        )

    def judged(self, verdict: HealthVerdict) -> None:
        """The connection is like that now."""
        now = trio.current_time()
        if verdict.condition in (Condition.SLOW, Condition.SILENT):
            tell = log.debug if self.standing.state is BackendState.DEGRADED else log.warning
            self.standing = self.standing.moved(BackendEvent.FALTERED, now, verdict.reason)
            tell("backend_degraded", backend=self.backend, reason=verdict.reason)
        elif self.standing.state is BackendState.DEGRADED:
            self.standing = self.standing.moved(BackendEvent.RECOVERED, now)
            log.info("backend_recovered", backend=self.backend)

    def stopped(self) -> None:
        """It is left for good."""
        self.standing = self.standing.moved(BackendEvent.STOPPED, trio.current_time())

    def unavailable(self) -> BackendUnavailable:
        """What a call is told that finds no connection."""
        standing = self.standing
        return BackendUnavailable(
            self.backend,
            standing.reason,
            details=standing.details,
            retry_after=standing.retry_after(trio.current_time()),
        )

    def advised(self, error: BackendUnavailable) -> BackendUnavailable:
        """The error of a call that a connection failed, with the time to come again where that is known.

        One that was never sent will find the backend down: the first retry is then near.
        """
        wait = self.standing.retry_after(trio.current_time())
        if wait is None and error.cause is not None and error.cause.never_ran:
            wait = self.breaker.backoff.first
        if error.retry_after is not None or wait is None:
            return error
        return BackendUnavailable(
            error.backend, error.reason, details=error.details, retry_after=wait, cause=error.cause
        )
