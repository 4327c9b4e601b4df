"""`/manage/v1/backends/{name}/egress`: what the containers of a backend tried to reach, and what to write about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from argus_trio.contract.backends import EGRESS, EgressAnswer, EgressHostEntry, EgressListsEntry, EgressOthersEntry
from argus_trio.contract.operation import Operation
from argus_trio.core.egress.attempts import BackendAttempts, EgressRow
from argus_trio.core.egress.permits import EgressPermits, permits_of_passed, permits_of_refused
from argus_trio.core.egress.reasons import EGRESS_REASONS
from argus_trio.core.health.health import Isolation
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.frontend.manage.request import ManageRequest, Page


def egress_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """What containers tried to reach."""
    management = gateway.management

    async def egress(request: ManageRequest) -> PageAnswer:
        name, rows = request.path["name"], management.egress
        if name not in management.config().backends and not rows.has(name):  # which it has of what makes an image
            raise ManageProblem("unknown-backend", "no backend of this name is in the configuration")
        isolation = next((each.isolation for each in gateway.overview().backends if each.name == name), None)
        return PageAnswer(body=egress_answer(name, rows.known(name), isolation))

    return {EGRESS: egress}


def egress_answer(name: str, attempts: BackendAttempts, isolation: Isolation | None) -> EgressAnswer:
    """The answer about one backend."""
    rows = tuple(attempts)
    return EgressAnswer(
        backend=name,
        plan=None if isolation is None else isolation.plan,
        network=None if isolation is None else isolation.network,
        hosts=tuple(_hosts(rows)),
        others=None if attempts.others is None else _others(attempts.others),
        let_through=_lists(permits_of_passed(rows)),
        not_let_through=_lists(permits_of_refused(rows)),
    )


def _hosts(rows: tuple[EgressRow, ...]) -> Iterator[EgressHostEntry]:
    for row in rows:
        if row.target is not None:
            yield EgressHostEntry(
                host=row.target.host,
                port=row.target.port,
                during="installation" if row.target.is_installation else "run",
                passed=row.passed,
                refused=row.refused,
                failed=row.failed,
                by=row.passed_by,
                reason=row.reason,
                message=None if row.reason is None else EGRESS_REASONS[row.reason],
                first=rfc3339(row.first),
                latest=rfc3339(row.latest),
                sent=row.sent,
                received=row.received,
            )


def _others(row: EgressRow) -> EgressOthersEntry:
    return EgressOthersEntry(
        passed=row.passed, refused=row.refused, failed=row.failed, sent=row.sent, received=row.received
    )


def _lists(permits: EgressPermits) -> EgressListsEntry:
    return EgressListsEntry(allow=permits.allow, host_services=permits.host_services)
