"""`/manage/v1/reload`: has the configuration read again, and tells what became of the latest time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from argus_trio.config.check.report import one_line
from argus_trio.contract.control import LAST_RELOAD, RELOAD, ProblemEntry, ReloadAnswer
from argus_trio.contract.operation import Operation
from argus_trio.core.control import NoFile
from argus_trio.core.reload_report import ReloadReport
from argus_trio.errors import Problem
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.frontend.manage.request import ManageRequest, Page


def reload_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """Reads the configuration again, and tells what became of the latest time."""
    control = gateway.control
    if control is None:
        return {}

    async def last(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body=reload_answer(control.last))

    async def reload(request: ManageRequest) -> PageAnswer:
        try:
            report = await control.reload(by=request.principal.name)
        except NoFile as missing:
            raise ManageProblem("no-file", str(missing)) from None
        return PageAnswer(status=status_of(report), body=reload_answer(report))

    return {LAST_RELOAD: last, RELOAD: reload}


def status_of(report: ReloadReport) -> int:
    """The HTTP status that says how it went."""
    if report.is_applied:
        return 200
    if report.is_stopping:
        return 503
    return 422 if report.problems else 500


def reload_answer(report: ReloadReport) -> ReloadAnswer:
    """The report as others see it. Backends are only listed as changed where something took effect."""
    applied = report.applied
    return ReloadAnswer(
        reloaded=report.is_applied,
        backends_added=applied.added,
        backends_removed=applied.removed,
        backends_changed=applied.changed,
        errors=tuple(_errors(report)),
        backends_adjusted=applied.adjusted,
        backends_untouched=applied.untouched,
        not_ready=applied.not_ready,
        still_starting=applied.still_starting,
        unchanged=report.is_unchanged,
        needs_restart=report.needs_restart,
        generation=applied.generation,
        problems=tuple(map(problem_entry, report.problems)),
        triggers=report.triggers,
        at=rfc3339(report.at.timestamp()),
        duration_seconds=round(report.duration, 3),
    )


def problem_entry(problem: Problem) -> ProblemEntry:
    """A problem of a configuration as others see it."""
    return ProblemEntry(path=problem.path, message=problem.message, hint=problem.hint or None, line=problem.line)


def _errors(report: ReloadReport) -> Iterator[str]:
    yield from map(one_line, report.problems)
    if report.error_id is not None:
        yield f"internal error {report.error_id}; the log tells more under this id"
    if report.is_stopping:
        yield "the gateway is stopping"
