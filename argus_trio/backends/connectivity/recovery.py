"""How one backend stands and when the next attempt to connect is due; changes are logged.

It is told what happened and connects nothing itself: that is done in `shared_connection.py`.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Iterable, Mapping
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.health.backoff import Backoff
from argus_trio.core.health.breaker import Breaker
from argus_trio.core.health.health import PreparingWord, StateChange
from argus_trio.core.health.lifecycle import WHY, BackendEvent, BackendStanding, BackendState
from argus_trio.core.health.probing import Condition, HealthVerdict
from argus_trio.core.health.repetition import Repetition
from argus_trio.core.journal import Journal
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable, LinkFailed, SessionLost

log = structlog.get_logger()

LONGEST_PAUSE_SECONDS: Final = 3600.0
"""How long a backend is left alone at most that asks for it: an hour is the longest window of usual rate limits."""
_DOING: Final[Mapping[PreparingWord, str]] = {
    "installing": "it is preparing, installing most likely",
    "building": "its image is being built",
    "pulling": "its image is being pulled",
}
"""What is told of each kind of preparation."""
ITS_TURN: Final = "it waits for its turn to start (server.concurrent_starts)"
CHANGES_KEPT: Final = 20
"""How many of its latest states are kept: enough to see whether a backend comes and goes, and why."""
_FIGURES: Final = re.compile(r"[0-9]+")


def breaker_of(spec: BackendSpec) -> Breaker:
    """The circuit breaker that the settings of `spec` ask for."""
    restart = spec.restart
    return Breaker(
        backoff=Backoff(first=restart.initial, longest=restart.max),
        stable_after=restart.stable_after,
        threshold=restart.breaker,
        cooldown=restart.cooldown,
        # To try a remote server costs no process, and one that is back has to be noticed as soon as by a probe.
        longest_wait=inf if isinstance(spec, StdioBackend) else spec.health.interval,
    )


@attrs.define(eq=False, repr=False)
class Recovery:
    """The standing of one backend. No method blocks."""

    backend: str
    redact: Redactor
    breaker: Breaker
    journal: Journal = attrs.field(factory=Journal, kw_only=True)
    standing: BackendStanding = attrs.field(factory=lambda: BackendStanding(since=0.0), init=False)
    next_at: float = attrs.field(default=0.0, init=False)
    """When the next attempt to connect is due, on trio's clock."""
    connected_at: float | None = attrs.field(default=None, init=False)
    """When the connection was opened that there is now, on trio's clock."""
    starts: int = attrs.field(default=0, init=False)
    """How often an attempt has succeeded, those of predecessors included."""
    _changes: deque[StateChange] = attrs.field(factory=lambda: deque(maxlen=CHANGES_KEPT), init=False)
    _last_state: BackendState | None = attrs.field(default=None, init=False)
    """The state that was noted last; None before it has begun."""
    _list_fault: str = attrs.field(default="", init=False)
    """Why a list did not come; empty if all did."""
    _is_faltering: bool = attrs.field(default=False, init=False)
    """Whether probes are answered slowly, or not at all."""
    _failures: Repetition = attrs.field(factory=Repetition, init=False)
    """Failures in a row that look the same in the log."""

    @property
    def changes(self) -> tuple[StateChange, ...]:
        """The latest states that the backend came into, those of predecessors included; oldest first."""
        return tuple(self._changes)

    @property
    def prepares_image(self) -> bool:
        """Whether the backend waits for its image: then there is nothing that a successor must wait for."""
        return self.standing.state is BackendState.PREPARING and self.standing.what in ("building", "pulling")

    def inherit(self, old: Iterable[StateChange], starts: int) -> None:
        """Let what a predecessor went through, and its starts, precede what is noted here."""
        self.starts += starts
        both = sorted((*old, *self._changes), key=lambda change: change.at)
        self._changes = deque(both, maxlen=CHANGES_KEPT)

    def begin(self) -> None:
        """Begin as a backend that is starting now."""
        self._stand(BackendStanding(since=trio.current_time()))

    def adopt(self, spec: BackendSpec) -> None:
        """Apply the settings of `spec` from now on; what has been counted stays."""
        fresh = breaker_of(spec)
        self.breaker.backoff, self.breaker.stable_after = fresh.backoff, fresh.stable_after
        self.breaker.threshold, self.breaker.cooldown = fresh.threshold, fresh.cooldown
        self.breaker.longest_wait = fresh.longest_wait

    def connected(self, revision: str, counts: Mapping[str, int], seconds: float) -> None:
        """Note that an attempt has succeeded, in so many seconds; `counts` is how many entries were listed, by kind."""
        now = trio.current_time()
        self.starts += 1
        self.breaker.connected(now)
        self._failures.end()
        self._list_fault, self._is_faltering = "", False
        self._stand(self.standing.moved(BackendEvent.CONNECTED, now))
        facts = {"revision": revision, "seconds": round(seconds, 3), **counts}
        log.info("backend_ready", backend=self.backend, **facts)
        self.journal.note("backend_ready", f"{self.backend} is connected", backend=self.backend, details=facts)

    def waits_for_its_turn(self, *, is_waiting: bool) -> None:
        """Say that an attempt has to wait until others have started, or no longer has to."""
        state = self.standing.state
        if state is BackendState.STARTING or state is BackendState.PREPARING:
            self._stand(attrs.evolve(self.standing, reason=ITS_TURN if is_waiting else WHY[state]))

    def prepares(self, last_line: str, what: PreparingWord = "installing") -> None:
        """Say what is done before the backend's first message, and what was written of it last."""
        line = self.redact(last_line)
        reason = _DOING[what] + (f"; it says: {line}" if line else "")
        is_new = self.standing.state is not BackendState.PREPARING
        self._stand(self.standing.moved(BackendEvent.WORKS, trio.current_time(), reason, what=what))
        if is_new:
            log.info("backend_preparing", backend=self.backend, what=what, line=line)
            said = f"{self.backend}: {reason}"
            self.journal.note("backend_preparing", said, backend=self.backend, details={"what": what})

    def try_again_at_once(self) -> None:
        """Make the next attempt due now, for the one that failed showed how to do better."""
        self.next_at = trio.current_time()

    def failed(self, failure: LinkFailed) -> None:
        """Note that an attempt has failed, or the connection was lost: the backend is down until the next attempt.

        A session that the backend forgot is begun anew at once, and calls wait for it, unless that has just been done.
        """
        now = trio.current_time()
        reason, details = self.redact(failure.reason), tuple(map(self.redact, failure.details))
        if isinstance(failure, SessionLost) and self.standing.state.is_up and self.breaker.may_renew(now):
            self.next_at = now
            self._stand(self.standing.moved(BackendEvent.FORGOTTEN, now, f"{reason}; it is greeted anew"))
            log.info("backend_session_lost", backend=self.backend, reason=reason)
            said = f"{self.backend}: {reason}; it is greeted anew"
            self.journal.note("backend_session_lost", said, backend=self.backend, details={"reason": reason})
            return
        asked = min(failure.retry_after or 0.0, LONGEST_PAUSE_SECONDS)
        was_open = self.breaker.is_open
        delay = max(self.breaker.failed(now, random.random()), asked)  # noqa: S311 - jitter, no secret
        self.next_at = now + delay
        self._stand(self.standing.moved(BackendEvent.FAILED, now, reason, details=details, next_attempt=self.next_at))
        self._tell_failure(reason, details, delay)
        if self.breaker.is_open and not was_open:
            said = f"{self.backend} is left alone for {delay:.0f} s: it failed {self.breaker.failures} times in a row"
            self.journal.note("backend_breaker_opened", said, severity="warning", backend=self.backend)

    def _tell_failure(self, reason: str, details: tuple[str, ...], delay: float) -> None:
        """Log a failure in full if it is another one than the last, or the breaker has opened; if not, its count."""
        breaker = self.breaker
        facts: dict[str, object] = {
            "retry_in": round(delay, 1),
            "failures": breaker.failures,
            "breaker": "open" if breaker.is_open else "closed",
        }
        # What a process says of the same fault differs in times, process ids and ports.
        if self._failures.happened((reason, _FIGURES.sub("0", "\n".join(details)), breaker.is_open)):
            log.warning("backend_down", backend=self.backend, reason=reason, details=list(details), **facts)
            facts["details"] = details
        elif self._failures.is_worth_telling:
            facts["times"] = self._failures.times
            log.warning("backend_still_down", backend=self.backend, reason=reason, **facts)
        else:
            return
        said = {"reason": reason, **facts}
        self.journal.note(
            "backend_down", f"{self.backend}: {reason}", severity="error", backend=self.backend, details=said
        )

    def judged(self, verdict: HealthVerdict) -> None:
        """Take a verdict on the connection: the backend is degraded, or well again."""
        now = trio.current_time()
        self._is_faltering = verdict.condition in (Condition.SLOW, Condition.SILENT)
        if self._is_faltering:
            is_news = self.standing.state is not BackendState.DEGRADED
            report = log.warning if is_news else log.debug
            self._stand(self.standing.moved(BackendEvent.FALTERED, now, verdict.reason))
            report("backend_degraded", backend=self.backend, reason=verdict.reason)
            if is_news:
                self._note_degraded(verdict.reason)
        elif self._list_fault:
            self._stand(self.standing.moved(BackendEvent.FALTERED, now, self._list_fault))
        elif self.standing.state is BackendState.DEGRADED:
            self._stand(self.standing.moved(BackendEvent.RECOVERED, now))
            log.info("backend_recovered", backend=self.backend)
            self._note_recovered()

    def listed(self, fault: str) -> None:
        """Take how the lists stand: the backend is degraded as long as one did not come, which is the `fault`."""
        is_news, self._list_fault = fault != self._list_fault, fault
        if not is_news or self._is_faltering or not self.standing.state.is_up:
            return
        if fault:
            self._stand(self.standing.moved(BackendEvent.FALTERED, trio.current_time(), fault))
            self._note_degraded(fault)
        elif self.standing.state is BackendState.DEGRADED:
            self._stand(self.standing.moved(BackendEvent.RECOVERED, trio.current_time()))
            self._note_recovered()

    def stopped(self) -> None:
        """Note that nobody connects to the backend any more."""
        self._stand(self.standing.moved(BackendEvent.STOPPED, trio.current_time()))
        self.journal.note("backend_stopped", f"the connection that {self.backend} had is over", backend=self.backend)

    def unavailable(self) -> BackendUnavailable:
        """The error of a call that finds no connection, with the reason and, where known, when to try again."""
        standing = self.standing
        return BackendUnavailable(
            self.backend,
            standing.reason,
            details=standing.details,
            retry_after=standing.retry_after(trio.current_time()),
        )

    def advised(self, error: BackendUnavailable) -> BackendUnavailable:
        """`error`, of a call whose connection failed, with the time to try again added where that is known.

        A call that was never sent found the backend down before that was noted: then the first retry is near.
        """
        wait = self.standing.retry_after(trio.current_time())
        if wait is None and error.cause is not None and error.cause.never_ran:
            wait = self.breaker.backoff.first
        if error.retry_after is not None or wait is None:
            return error
        return BackendUnavailable(
            error.backend, error.reason, details=error.details, retry_after=wait, cause=error.cause
        )

    def _stand(self, standing: BackendStanding) -> None:
        """Stand so from now on, and keep the state where it is another one than before."""
        self.standing, state = standing, standing.state
        if state is not self._last_state:
            self._changes.append(StateChange(at=standing.since, state=state, reason=standing.reason))
        self._last_state = state
        if not state.is_up:
            self.connected_at = None
        elif self.connected_at is None:
            self.connected_at = standing.since

    def _note_degraded(self, reason: str) -> None:
        said, details = f"{self.backend}: {reason}", {"reason": reason}
        self.journal.note("backend_degraded", said, severity="warning", backend=self.backend, details=details)

    def _note_recovered(self) -> None:
        self.journal.note("backend_recovered", f"{self.backend} answers well again", backend=self.backend)
