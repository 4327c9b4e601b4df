"""`/manage/v1/reload`: has the configuration read again, and tells what became of the latest time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from argus_trio.config.check.report import one_line
from argus_trio.contract.control import LAST_RELOAD, RELOAD
from argus_trio.contract.operation import Operation
from argus_trio.core.control import NoFile
from argus_trio.core.reload_report import ReloadReport
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import encode


def reload_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """Reads the configuration again, and tells what became of the latest time."""
    control = gateway.control
    if control is None:
        return {}

    async def last(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body=reload_body(control.last))

    async def reload(request: ManageRequest) -> PageAnswer:
        try:
            report = await control.reload(by=request.principal.name)
        except NoFile as missing:
            raise ManageProblem("no-file", str(missing)) from None
        return PageAnswer(status=status_of(report), body=reload_body(report))

    return {LAST_RELOAD: last, RELOAD: reload}


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
