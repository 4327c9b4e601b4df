"""What containers tried to reach, by backend, host and port; sans I/O. Kept for the life of the gateway.

The number of rows is bounded. What was let through is kept apart from what was not, so that a container that tries
names without end pushes nothing out that a user wants to see.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.core.egress.reasons import EgressReason

MOST_HOSTS: Final = 250
"""How many rows a backend has of what was let through, and as many of what never was: beyond it the one that was tried
longest ago is counted among the others."""
MOST_BACKENDS_TRYING: Final = 1000
"""How many backends have rows: beyond it those are forgotten whose container tried something longest ago."""
TELLING_BURST: Final = 20
"""How many refusals of one backend are told one after the other."""
TELLING_SECONDS: Final = 30.0
"""After how long one more is told; what is not told in between is counted in the next one."""

PassedBy = Literal["public", "allow", "service"]
"""What let it through: that every public host may be reached, a rule, or that it is a host service."""


@attrs.frozen(kw_only=True)
class EgressTarget(Value):
    """What was tried."""

    host: str
    """As it is compared: in lower case, without a last dot."""
    port: int
    is_installation: bool = False
    """Whether it was tried while an image was made, and not by the backend itself."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@attrs.define(eq=False, repr=False, kw_only=True)
class EgressRow:
    """All attempts at one target, or at all others."""

    target: EgressTarget | None
    """None: the others."""
    first: float
    """When it was first tried, in seconds of Unix time."""
    latest: float
    passed: int = 0
    """How often it was let through and connected."""
    refused: int = 0
    failed: int = 0
    """How often it would have been let through, and led nowhere."""
    passed_by: PassedBy | None = None
    """What let it through the latest time."""
    reason: EgressReason | None = None
    """Why the latest one was refused or failed that was."""
    sent: int = 0
    """Bytes from the container."""
    received: int = 0
    reasons: set[EgressReason] = attrs.field(factory=set)
    """All of them so far."""

    def add(self, other: EgressRow) -> None:
        """Count another one's attempts here as well."""
        self.first, self.latest = min(self.first, other.first), max(self.latest, other.latest)
        self.passed += other.passed
        self.refused += other.refused
        self.failed += other.failed
        self.sent += other.sent
        self.received += other.received


@attrs.define(eq=False, repr=False, kw_only=True)
class BackendAttempts:
    """The attempts of the containers of one backend."""

    others: EgressRow | None = attrs.field(default=None, init=False)
    """What has no row of its own any more."""
    _passed: OrderedDict[EgressTarget, EgressRow] = attrs.field(factory=OrderedDict, init=False)
    _never: OrderedDict[EgressTarget, EgressRow] = attrs.field(factory=OrderedDict, init=False)
    """What was never let through."""
    _allowance: float = attrs.field(default=TELLING_BURST, init=False)
    _refilled_at: float = attrs.field(default=0.0, init=False)
    _untold: int = attrs.field(default=0, init=False)

    def __iter__(self) -> Iterator[EgressRow]:
        """The rows, what was let through first, each part by name."""
        for rows in (self._passed, self._never):
            yield from sorted(rows.values(), key=_by_name)

    def passed(self, target: EgressTarget, by: PassedBy, now: float) -> None:
        """Count one that is let through and connected."""
        row = self._never.pop(target, None)
        if row is not None:
            self._passed[target] = row
        row = self._row(self._passed, target, now)
        row.passed += 1
        row.passed_by = by

    def refused(self, target: EgressTarget, reason: EgressReason, now: float) -> bool:
        """Count one that is refused; whether it is the first of that target for this reason."""
        row = self._kept(target, now)
        row.refused += 1
        return _is_new(row, reason)

    def failed(self, target: EgressTarget, reason: EgressReason, now: float) -> bool:
        """Count one that may be let through and leads nowhere; whether it is the first of that target."""
        row = self._kept(target, now)
        row.failed += 1
        return _is_new(row, reason)

    def turned_away(self, now: float) -> None:
        """Count one that was refused before it could say where to, for there are too many."""
        others = self._others(now)
        others.refused += 1
        others.latest, others.reason = now, "too_many"

    def moved(self, target: EgressTarget, *, sent: int = 0, received: int = 0) -> None:
        """Count bytes of a connection."""
        row = self._passed.get(target) or self._others(0.0)
        row.sent += sent
        row.received += received

    def to_tell(self, now: float) -> int | None:
        """How many were not told before, if one more may be told now; else None, and it counts as one of those."""
        self._allowance += max(0.0, now - self._refilled_at) / TELLING_SECONDS
        self._allowance, self._refilled_at = min(self._allowance, TELLING_BURST), now
        if self._allowance < 1:
            self._untold += 1
            return None
        self._allowance -= 1
        untold, self._untold = self._untold, 0
        return untold

    def _kept(self, target: EgressTarget, now: float) -> EgressRow:
        return self._row(self._passed if target in self._passed else self._never, target, now)

    def _row(self, rows: OrderedDict[EgressTarget, EgressRow], target: EgressTarget, now: float) -> EgressRow:
        row = rows.get(target)
        if row is None:
            row = rows[target] = EgressRow(target=target, first=now, latest=now)
        row.latest = now
        rows.move_to_end(target)
        while len(rows) > MOST_HOSTS:
            _, gone = rows.popitem(last=False)
            self._others(gone.first).add(gone)
        return row

    def _others(self, now: float) -> EgressRow:
        if self.others is None:
            self.others = EgressRow(target=None, first=now, latest=now)
        return self.others


@attrs.define(eq=False, repr=False, kw_only=True)
class EgressAttempts:
    """The attempts of all backends of one gateway."""

    _backends: OrderedDict[str, BackendAttempts] = attrs.field(factory=OrderedDict, init=False)

    def of(self, backend: str) -> BackendAttempts:
        """Those of one backend, to be counted in."""
        found = self._backends.setdefault(backend, BackendAttempts())
        self._backends.move_to_end(backend)
        while len(self._backends) > MOST_BACKENDS_TRYING:
            self._backends.popitem(last=False)
        return found

    def has(self, backend: str) -> bool:
        """Whether it has tried anything."""
        return backend in self._backends

    def known(self, backend: str) -> BackendAttempts:
        """Those of one backend, to be looked at: none where it has tried nothing."""
        return self._backends.get(backend) or BackendAttempts()


def _is_new(row: EgressRow, reason: EgressReason) -> bool:
    is_new = reason not in row.reasons
    row.reasons.add(reason)
    row.reason = reason
    return is_new


def _by_name(row: EgressRow) -> tuple[str, int, bool]:
    target = row.target
    return ("", 0, False) if target is None else (target.host, target.port, target.is_installation)
