"""`/manage/v1/reload`: has the configuration read again, and tells what became of the latest time."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import structlog

from argus_trio.config.check.report import one_line
from argus_trio.core.reload_report import ReloadReport
from argus_trio.frontend.gateway import Control
from argus_trio.frontend.http.request import IncomingRequest, refusal
from argus_trio.wire.envelope import encode

log = structlog.get_logger()


@attrs.frozen
class ReloadPage:
    """The answers at this path."""

    control: Control

    async def get(self, http: IncomingRequest) -> None:
        """The report of the latest reload, or of the start."""
        await http.answer_unread(200, reload_body(self.control.last))

    async def post(self, http: IncomingRequest) -> None:
        """Reload, and answer with its report. The body says nothing and is not read.

        No page of another site has any business here, not even one that may call tools.
        """
        if http.fields.get(b"sec-fetch-site") == b"cross-site":
            log.warning("reload_turned_away", header="sec-fetch-site")
            await http.answer_unread(403, refusal("cross_site", "a web page of another site may not ask for this"))
            return
        report = await self.control.reload()
        await http.answer_unread(status_of(report), reload_body(report))


def status_of(report: ReloadReport) -> int:
    """The HTTP status that says how it went."""
    if report.is_applied:
        return 200
    if report.is_stopping:
        return 503
    return 422 if report.problems else 500


def reload_body(report: ReloadReport) -> bytes:
    """The report as JSON; the first five keys are those of the original Argus. Backends are only listed as changed
    where something took effect."""
    applied = report.applied
    return encode(
        {
            "reloaded": report.is_applied,
            "backends_added": applied.added,
            "backends_removed": applied.removed,
            "backends_changed": applied.changed,
            "errors": list(_errors(report)),
            "backends_adjusted": applied.adjusted,
            "backends_untouched": applied.untouched,
            "not_ready": applied.not_ready,
            "still_starting": applied.still_starting,
            "unchanged": report.is_unchanged,
            "needs_restart": report.needs_restart,
            "generation": applied.generation,
            "problems": [attrs.asdict(problem) for problem in report.problems],
            "triggers": report.triggers,
            "at": report.at.isoformat(timespec="milliseconds"),
            "duration_seconds": round(report.duration, 3),
        }
    )


def _errors(report: ReloadReport) -> Iterator[str]:
    yield from map(one_line, report.problems)
    if report.error_id is not None:
        yield f"internal error {report.error_id}; the log tells more under this id"
    if report.is_stopping:
        yield "the gateway is stopping"
