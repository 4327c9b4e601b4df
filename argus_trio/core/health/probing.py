"""Whether one connection lives, judged by what is heard of it and by how it answers probes.

Sans I/O: it is told what happened and when, says when to probe, and judges.
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Final

import attrs

SUSPECT_PACE: Final = 1.0
"""Seconds between probes that failing calls give rise to."""


class Condition(Enum):
    """How a connection is."""

    WELL = "well"
    SLOW = "slow"
    """It answers, later than it should."""
    SILENT = "silent"
    """It has left probes unanswered, but not so many that it counts as lost, or it is at work meanwhile."""
    LOST = "lost"


@attrs.frozen(kw_only=True)
class HealthVerdict:
    """A judgement, with its reason in one line for people."""

    condition: Condition
    reason: str = ""


WELL: Final = HealthVerdict(condition=Condition.WELL)


@attrs.define(eq=False)
class _Probe:
    sent_at: float
    fault: str = ""
    """Why it cannot be answered any more; empty as long as it may."""


@attrs.define(eq=False, kw_only=True)
class ProbeState:
    """The pulse of one connection; times and durations in seconds.

    `heard_at` is set by whoever hears anything of the backend: one assignment, for it is done for every message.
    """

    interval: float
    """Of silence until it is probed."""
    timeout: float
    slow: float
    failures: int
    """Probes unanswered in a row after which it is lost."""
    heard_at: float
    latency: float | None = None
    """Of the last probe that was answered."""
    probed_at: float = -inf
    overdue_at: float = -inf
    """When a call last ran into its deadline."""
    is_suspect: bool = False
    """Whether something failed that makes a probe due at once, or as soon as `SUSPECT_PACE` lets it."""
    is_unreachable: bool = False
    """Whether the last probe could not even be sent."""
    _open: list[_Probe] = attrs.field(factory=list, init=False)

    def unanswered(self, now: float) -> int:
        """How many probes in a row have failed, or got no answer in time although nothing else was heard either."""
        return sum(1 for probe in self._open if probe.sent_at + self.timeout <= now or probe.fault)

    def due_at(self, now: float) -> float:
        """When the next probe is due; in the past if that is now; infinite while one has time to be answered."""
        if any(not probe.fault and now < probe.sent_at + self.timeout for probe in self._open):
            return inf
        if sum(1 for probe in self._open if not probe.fault) >= self.failures:
            return inf  # it must not wake up to a heap of them
        if self.is_suspect:
            return self.probed_at + SUSPECT_PACE
        if self._open:
            return self.probed_at + self.timeout
        if self.latency is not None and self.latency > self.slow:
            return self.probed_at + self.interval
        return self.heard_at + self.interval

    def look_again_at(self, now: float) -> float:
        """When there may be something new to judge, unless something happens before."""
        ends = [probe.sent_at + self.timeout for probe in self._open if probe.sent_at + self.timeout > now]
        due = self.due_at(now)
        return min([*ends, due if due != inf else now + self.timeout])

    def suspect(self) -> None:
        """Something failed that should not have."""
        self.is_suspect = True

    def sent(self, now: float) -> None:
        """A probe is on its way."""
        self.probed_at, self.is_suspect, self.is_unreachable = now, False, False
        self._open = [*self._open, _Probe(now)][-self.failures :]

    def answered(self, sent_at: float, now: float) -> None:
        """The probe sent then was answered, in time or not, with a result or an error."""
        self.heard_at, self.latency = now, now - sent_at
        self.is_unreachable = False
        self._open.clear()

    def failed(self, sent_at: float, fault: str, *, is_unreachable: bool = False) -> None:
        """The probe sent then cannot be answered any more; `is_unreachable` if it could not even be sent."""
        for probe in self._open:
            if probe.sent_at == sent_at:
                probe.fault = fault
                self.is_unreachable = is_unreachable

    def judged(self, now: float, *, is_busy: bool) -> HealthVerdict:
        """How it is; `is_busy` if calls are under way, which a backend may be too busy with to answer anything else."""
        self._open = [probe for probe in self._open if not self._is_made_up_for(probe, now)]
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

    def _is_made_up_for(self, probe: _Probe, now: float) -> bool:
        """Whether something else that was heard since stands for its answer."""
        is_over = bool(probe.fault) or probe.sent_at + self.timeout <= now
        return is_over and self.heard_at > probe.sent_at

    def _why(self, count: int) -> str:
        fault = next((probe.fault for probe in reversed(self._open) if probe.fault), "")
        if fault:
            return fault
        return f"it did not answer {count} probe{'s' * (count > 1)} of {self.timeout:g} s"
