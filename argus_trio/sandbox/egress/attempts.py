"""Attempts of containers, counted, and the first refusal of each kind told in the log and the journal."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs
import structlog

from argus_trio.core.egress.attempts import BackendAttempts, EgressAttempts, EgressTarget, PassedBy
from argus_trio.core.egress.permits import line_to_write
from argus_trio.core.egress.reasons import EGRESS_REASONS, EgressReason
from argus_trio.core.journal import Journal
from argus_trio.sandbox.plan.network import NetworkPolicy

log = structlog.get_logger()


@attrs.define(eq=False, repr=False, kw_only=True)
class ToldAttempts:
    """The attempts of all containers of a gateway, and who is told of them."""

    attempts: EgressAttempts = attrs.field(factory=EgressAttempts)
    journal: Journal = attrs.field(factory=Journal)
    now: Callable[[], float] = time.time
    """Unix time, in seconds."""
    redact: Callable[[str], str] = str
    """Hides secrets: a name may carry one to whoever serves it."""

    def of(self, backend: str) -> BackendAttempts:
        """Those of one backend."""
        return self.attempts.of(backend)

    def passed(self, backend: str, target: EgressTarget, by: PassedBy) -> None:
        """Count what is let through."""
        self.of(backend).passed(target, by, self.now())

    def refused(self, backend: str, target: EgressTarget, reason: EgressReason, policy: NetworkPolicy) -> None:
        """Count what is refused, and tell it with what to write where it is new."""
        rows, now = self.of(backend), self.now()
        if not rows.refused(target, reason, now) or (untold := rows.to_tell(now)) is None:
            return
        line = line_to_write(
            reason, target, allow=tuple(map(str, policy.allow)), host_services=tuple(map(str, policy.services))
        )
        facts = {"host": target.host, "port": target.port, "reason": reason, "to_allow": line, "untold": untold}
        said = f"{backend} was not let through to {target}: {EGRESS_REASONS[reason]}"
        log.warning("egress_refused", backend=backend, **facts)
        self.journal.note(
            "egress_refused",
            f"{said}; to let it through, write {line}" if line else said,
            severity="warning",
            backend=None if target.is_installation else backend,  # an image is made for several backends
            details=facts,
        )

    def failed(self, backend: str, target: EgressTarget, reason: EgressReason, detail: str) -> None:
        """Count what may be reached and leads nowhere; the log says so once for each target."""
        rows, now = self.of(backend), self.now()
        if rows.failed(target, reason, now) and rows.to_tell(now) is not None:
            # Of an installation it is why the image is not made, and the installer knows only of a connection reset.
            report = log.warning if target.is_installation else log.info
            report("egress_failed", backend=backend, host=target.host, port=target.port, reason=reason, detail=detail)

    def full(self, backend: str, count: int, why: str) -> None:
        """Tell that a container gets no more connections than it has."""
        said = f"a container of {backend} has {count} connections at once, and gets no more{why}"
        log.warning("egress_full", backend=backend, connections=count, detail=said)
        self.journal.note("egress_full", said, severity="warning", backend=backend, details={"connections": count})
