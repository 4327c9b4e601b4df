"""Health checks of one connection: when to probe it, and whether it lives, judged by its messages and its answers.

Sans I/O: `ProbeState` is told what happened and when, says when to probe, and judges.
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Final

import attrs

from argus_trio import Value

SUSPECT_PACE_SECONDS: Final = 1.0
"""The time between two probes that failing calls give rise to: short, so that a lost backend is found out soon, and not
zero, so that a burst of failures makes no burst of probes."""


class Condition(Enum):
    """The condition of a connection."""

    WELL = "well"
    SLOW = "slow"
    """The connection answers, later than it should."""
    SILENT = "silent"
    """Probes are unanswered, but not so many that the connection counts as lost, or calls are under way meanwhile."""
    LOST = "lost"
    """The connection does not live any more and is to be replaced."""


@attrs.frozen(kw_only=True)
class HealthVerdict(Value):
    """The condition of a connection as judged, with the reason in one line for people."""

    condition: Condition
    reason: str = ""


WELL: Final = HealthVerdict(condition=Condition.WELL)


@attrs.define(eq=False, repr=False)
class _Probe:
    sent_at: float
    fault: str = ""
    """Why the probe cannot be answered any more; empty as long as it can."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ProbeState:
    """The probe state of one connection; times and durations in seconds.

    Whoever receives anything of the backend sets `heard_at`: one assignment, as it is done for every message.
    """

    interval: float
    """How long the connection may be silent until it is probed."""
    timeout: float
    """How long a probe may take to be answered."""
    slow: float
    """The latency from which on the connection counts as slow."""
    failures: int
    """The number of unanswered probes in a row from which on the connection counts as lost."""
    heard_at: float
    """When the backend last sent anything."""
    latency: float | None = None
    """How long the last probe that was answered took."""
    probed_at: float = -inf
    """When the last probe was sent."""
    overdue_at: float = -inf
    """When a call last ran into its deadline."""
    is_suspect: bool = False
    """Whether something failed that makes a probe due at once, or as soon as `SUSPECT_PACE_SECONDS` lets it."""
    is_unreachable: bool = False
    """Whether the last probe could not even be sent."""
    answers_calls: bool = False
    """Whether the last call was answered: what refuses probes alone lives."""
    spared_until: float = -inf
    """Until when the backend asked to be left alone."""
    _open: list[_Probe] = attrs.field(factory=list, init=False)

    def unanswered(self, now: float) -> int:
        """The number of probes in a row that failed, or got no answer in time while nothing else was heard either."""
        return sum(1 for probe in self._open if probe.sent_at + self.timeout <= now or probe.fault)

    def due_at(self, now: float) -> float:
        """When the next probe is due: in the past if that is now, infinite while the last one may yet be answered."""
        return max(self._due_at(now), self.spared_until)

    def _due_at(self, now: float) -> float:
        if any(not probe.fault and now < probe.sent_at + self.timeout for probe in self._open):
            return inf
        if sum(1 for probe in self._open if not probe.fault) >= self.failures:
            return inf  # a backend that hangs must not wake up to a heap of probes
        if self.is_suspect:
            return self.probed_at + SUSPECT_PACE_SECONDS
        if self._open:
            # One that was refused took no time: what it says is looked into as soon as silence would be.
            return self.probed_at + (min(self.timeout, self.interval) if self._open[-1].fault else self.timeout)
        if self.latency is not None and self.latency > self.slow:
            return self.probed_at + self.interval
        return self.heard_at + self.interval

    def look_again_at(self, now: float) -> float:
        """The time at which there may be something new to judge, unless something happens before."""
        ends = [probe.sent_at + self.timeout for probe in self._open if probe.sent_at + self.timeout > now]
        due = self.due_at(now)
        return min([*ends, due if due != inf else now + self.timeout])

    def suspect(self) -> None:
        """Note that something failed which should not have: a probe is due."""
        self.is_suspect = True

    def sent(self, now: float) -> None:
        """Note a probe that was sent at `now`."""
        self.probed_at, self.is_suspect, self.is_unreachable = now, False, False
        self._open = [*self._open, _Probe(now)][-self.failures :]

    def answered(self, sent_at: float, now: float) -> None:
        """Note that the probe sent at `sent_at` was answered, in time or not, with a result or an error."""
        self.heard_at, self.latency = now, now - sent_at
        self.is_unreachable = False
        self._open.clear()

    def failed(self, sent_at: float, fault: str, *, is_unreachable: bool = False) -> None:
        """Note that the probe of `sent_at` cannot be answered any more; `is_unreachable`: it could not even be sent."""
        for probe in self._open:
            if probe.sent_at == sent_at:
                probe.fault = fault
                self.is_unreachable = is_unreachable

    def judged(self, now: float, *, is_busy: bool) -> HealthVerdict:
        """The verdict on the connection at `now`.

        `is_busy` says that calls are under way: a backend may be too busy with them to answer anything else.
        """
        self._open = [probe for probe in self._open if not self._is_excused(probe, now)]
        count = self.unanswered(now)
        if not count:
            if self.latency is not None and self.latency > self.slow:
                reason = f"it took {self.latency:.1f} s to answer a probe (health.slow: {self.slow:g} s)"
                return HealthVerdict(condition=Condition.SLOW, reason=reason)
            return WELL
        reason = self._why(count)
        is_given_up = not is_busy or self.overdue_at > self.heard_at
        if is_given_up and (count >= self.failures or self.is_unreachable):
            return HealthVerdict(condition=Condition.LOST, reason=reason)
        return HealthVerdict(condition=Condition.SILENT, reason=reason + ("; calls are under way" if is_busy else ""))

    def _is_excused(self, probe: _Probe, now: float) -> bool:
        """Whether the probe is over, and something heard since stands for its answer."""
        is_over = bool(probe.fault) or probe.sent_at + self.timeout <= now
        return is_over and self.heard_at > probe.sent_at

    def _why(self, count: int) -> str:
        fault = next((probe.fault for probe in reversed(self._open) if probe.fault), "")
        if fault:
            return fault
        return f"it did not answer {count} probe{'s' * (count > 1)} of {self.timeout:g} s"
