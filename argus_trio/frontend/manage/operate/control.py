"""What changes the running gateway besides reloads: restart, drain, enable and disable of a backend, and the stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from argus_trio.config.check.report import one_line
from argus_trio.contract.control import (
    CHANGES,
    DIFFERENCE,
    SHUTDOWN,
    VALIDATE,
    ChangeAnswer,
    DifferenceAnswer,
    DifferenceEntry,
    ShutdownAnswer,
    ShutdownRequest,
    ValidateAnswer,
    ValidateRequest,
)
from argus_trio.contract.operation import Operation
from argus_trio.core.control import (
    ACTIONS,
    Action,
    BackendUnknown,
    ChangedSince,
    ChangeFailed,
    ChangeRefused,
    ChangeReport,
    ChangesUnserved,
    Checked,
    FileDifference,
    NoFile,
)
from argus_trio.core.health.health import ShownState
from argus_trio.frontend.gateway import Control, Gateway
from argus_trio.frontend.http.request import JSON, retry_after
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.frontend.manage.operate.if_match import entity_tag, fitting
from argus_trio.frontend.manage.operate.reload import problem_entry
from argus_trio.frontend.manage.request import ManageRequest, Page

_COME_BACK: Final = retry_after(5)
"""Sent to who cannot be served now: the changes that wait take seconds each."""


def control_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """Changes the running gateway, in the name of who asks."""
    control = gateway.control
    if control is None:
        return {}

    async def validate(request: ManageRequest) -> PageAnswer:
        try:
            return PageAnswer(body=_checked(await control.check(request.body_as(ValidateRequest).text)))
        except NoFile as missing:
            raise ManageProblem("no-file", str(missing)) from None

    async def difference(_: ManageRequest) -> PageAnswer:
        try:
            return PageAnswer(body=_difference(await control.difference(), gateway.management.file))
        except NoFile as missing:
            raise ManageProblem("no-file", str(missing)) from None

    async def shutdown(request: ManageRequest) -> None:
        seconds = control.drain_seconds(request.body_as(ShutdownRequest).timeout_seconds)
        answer = PageAnswer(body=ShutdownAnswer(shutting_down=True, timeout_seconds=seconds))
        try:
            await request.http.answer_unread(answer.status, answer.encoded, answer.headers)
        finally:  # it was asked for, whether or not its answer could be given
            control.stop(by=request.principal.name, drain_seconds=seconds)

    changes = {CHANGES[action]: _change_page(gateway, control, action) for action in ACTIONS}
    return {VALIDATE: validate, DIFFERENCE: difference, SHUTDOWN: shutdown, **changes}


def _change_page(gateway: Gateway, control: Control, action: Action) -> Page:
    async def change(request: ManageRequest) -> PageAnswer:
        fits = fitting(request.http.fields.get(b"if-match"))
        try:
            report = await control.change(request.path["name"], action, by=request.principal.name, fits=fits)
        except BackendUnknown:
            raise ManageProblem("unknown-backend", "there is no backend of this name") from None
        except ChangedSince as changed:
            raise ManageProblem("changed-since", str(changed)) from None
        except ChangeRefused as refused:
            raise ManageProblem("backend-disabled", str(refused)) from None
        except ChangesUnserved as unserved:
            raise ManageProblem("overloaded", str(unserved), headers=(_COME_BACK,)) from None
        except ChangeFailed as failed:
            raise ManageProblem("internal", str(failed)) from None
        headers = (JSON, (b"etag", entity_tag(report.version)))
        return PageAnswer(body=_change_answer(report, _state(gateway, report.backend)), headers=headers)

    return change


def _state(gateway: Gateway, name: str) -> ShownState:
    found = (backend.state for backend in gateway.overview().backends if backend.name == name)
    return next(found, "stopped")  # where a reload has removed it meanwhile


def _change_answer(report: ChangeReport, state: ShownState) -> ChangeAnswer:
    return ChangeAnswer(
        name=report.backend,
        action=report.action,
        ok=report.is_done,
        changed=report.is_changed,
        state=state,
        error=report.error,
        by=report.by,
        at=rfc3339(report.at),
        duration_seconds=report.duration,
    )


def _difference(found: FileDifference, file: Path | None) -> DifferenceAnswer:
    return DifferenceAnswer(
        file_path=None if file is None else str(file),
        is_same=not (found.entries or found.problems),
        entries=tuple(
            DifferenceEntry(path=each.path, kind=each.kind, file=each.file, running=each.running)
            for each in found.entries
        ),
        more=found.more,
        problems=tuple(map(problem_entry, found.problems)),
    )


def _checked(checked: Checked) -> ValidateAnswer:
    return ValidateAnswer(
        valid=not checked.problems,
        errors=tuple(map(one_line, checked.problems)),
        problems=tuple(map(problem_entry, checked.problems)),
        warnings=tuple(map(problem_entry, checked.warnings)),
        backends=checked.backends,
    )
