"""What the log and the journal say of a reload."""

from __future__ import annotations

import attrs
import structlog

from argus_trio.core.journal import Journal
from argus_trio.core.reload_report import ReloadReport

log = structlog.get_logger()


def tell_reload(report: ReloadReport, journal: Journal) -> None:
    """Log how a reload ended, and note it."""
    by = {"by": list(report.by)} if report.by else {}
    details = {"cause": list(report.triggers), "by": list(report.by), "generation": report.applied.generation}
    for name in report.holds_dropped:
        log.warning("hold_dropped", backend=name, reason="its entry in the file has changed")
        message = f"what an operator decided about {name} holds no longer: its entry in the file has changed"
        journal.note("hold_dropped", message, severity="warning", backend=name, details={"cause": "reload"})
    if report.is_applied:
        _tell_applied(report, journal, details, by)
    else:
        for problem in report.problems:
            log.error("config_problem", **attrs.asdict(problem))
        why = {"problems": len(report.problems), "error_id": report.error_id}
        log.error("reload_refused", **why, running=report.applied.generation, **by)
        message = f"the configuration is not applied: {len(report.problems)} problem(s)"
        if report.error_id is not None:
            message = f"the configuration is not applied: internal error {report.error_id}"
        journal.note("reload_refused", message, severity="error", details={**details, **why})
    if report.needs_restart:
        log.warning("restart_needed", settings=report.needs_restart)


def _tell_applied(report: ReloadReport, journal: Journal, details: dict[str, object], by: dict[str, list[str]]) -> None:
    applied = report.applied
    if report.is_unchanged:
        log.info("reload_changed_nothing", generation=applied.generation, **by)
        journal.note("reloaded", "the configuration was read again, and says the same", details=details)
        return
    facts = attrs.asdict(applied)
    log.info("reloaded", seconds=round(report.duration, 3), **facts, **by)
    counts = ", ".join(
        f"{len(names)} {what}"
        for what in ("added", "removed", "changed", "adjusted")
        if isinstance(names := facts[what], tuple) and names
    )
    message = f"the configuration takes effect: {counts or 'no backend is changed'}"
    more = {"seconds": round(report.duration, 3), "needs_restart": list(report.needs_restart)}
    journal.note("reloaded", message, details={**facts, **details, **more})
