"""`/manage/v1/exchanges`: what is under way, what was, and the end of it at an operator's wish; values to bodies."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import structlog
import trio

from argus_trio.contract.clients import (
    CANCEL_EXCHANGE,
    EXCHANGES,
    CancelledAnswer,
    ExchangeEntry,
    ExchangesAnswer,
    ExchangesQuery,
)
from argus_trio.contract.operation import Operation
from argus_trio.core.journal import Journal
from argus_trio.core.open_exchanges import DoneExchange, OpenExchange, OpenExchanges, target_of
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.backends import Clocks
from argus_trio.frontend.manage.paging import no_page, opaque, position_after
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.sessions.session import Session
from argus_trio.wire.request_meta import client_of

log = structlog.get_logger()

SHOWN = 100
"""As much of a method as is shown, in characters."""


def exchange_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """What is under way and what was, and its cancellation."""
    exchanges, journal = gateway.management.exchanges, gateway.management.journal

    async def listed(request: ManageRequest) -> PageAnswer:
        query = request.query_as(ExchangesQuery)
        clocks = Clocks(now=trio.current_time(), unix=time.time())
        after = _number(query.after)
        if query.state == "done":
            return PageAnswer(body=_done(exchanges, request, query, after=after, clocks=clocks))
        return PageAnswer(body=_under_way(exchanges, request, query, after=after, clocks=clocks))

    async def cancel(request: ManageRequest) -> PageAnswer:
        exchange_id = request.path["id"]
        entry = exchanges.get(exchange_id)
        if entry is None or not (request.owns(entry.call.principal.name) or request.may("operate")):
            if entry is not None and request.sees_all:
                raise ManageProblem("forbidden", "it is another's; manage:operate allows to cancel it")
            raise ManageProblem("unknown-exchange", "no exchange of this id is under way")
        if entry.record.cut != "operator":
            entry.cancel()
            _note(journal, entry, by=request.principal.name)
        return PageAnswer(body=CancelledAnswer(id=exchange_id, cancelled=True))

    return {EXCHANGES: listed, CANCEL_EXCHANGE: cancel}


def _number(after: str) -> int | None:
    if not after:
        return None
    (number,) = position_after(after, 1)
    if not number.isdecimal():
        raise no_page()
    return int(number)


def _under_way(
    exchanges: OpenExchanges, request: ManageRequest, query: ExchangesQuery, *, after: int | None, clocks: Clocks
) -> ExchangesAnswer:
    seen = [
        each
        for each in exchanges
        if (request.sees_all or request.owns(each.call.principal.name))
        and (not query.backend or each.record.backend == query.backend)
    ]
    left = [each for each in seen if after is None or each.number > after]
    page = left[: query.limit]
    return ExchangesAnswer(
        exchanges=tuple(_open_entry(each, clocks) for each in page),
        total=len(seen),
        next=_next(page, left),
    )


def _done(
    exchanges: OpenExchanges, request: ManageRequest, query: ExchangesQuery, *, after: int | None, clocks: Clocks
) -> ExchangesAnswer:
    seen = [
        each
        for each in reversed(exchanges.done)
        if (request.sees_all or request.owns(each.principal)) and (not query.backend or each.backend == query.backend)
    ]
    left = [each for each in seen if after is None or each.number < after]
    page = left[: query.limit]
    return ExchangesAnswer(
        exchanges=tuple(_done_entry(each, clocks) for each in page),
        total=len(seen),
        next=_next(page, left),
    )


def _next(page: Sequence[OpenExchange | DoneExchange], left: Sequence[object]) -> str | None:
    return opaque(page[-1].number) if len(left) > len(page) else None


def _open_entry(entry: OpenExchange, clocks: Clocks) -> ExchangeEntry:
    call, record = entry.call, entry.record
    return ExchangeEntry(
        id=record.id,
        state="in_flight",
        method=call.method[:SHOWN],
        target=target_of(call, record) or None,
        backend=record.backend or None,
        since=clocks.rfc3339(entry.since) or "",
        age_seconds=round(clocks.now - entry.since, 3),
        principal=call.principal.name,
        client=client_of(call.client_info)[0] or None,
        transport=call.transport,
        session=call.client.handle if isinstance(call.client, Session) else None,
        waits_for=record.waits_for,
        asks=record.asks,
        outcome=None,
        error_code=None,
    )


def _done_entry(done: DoneExchange, clocks: Clocks) -> ExchangeEntry:
    return ExchangeEntry(
        id=done.id,
        state="done",
        method=done.method,
        target=done.target or None,
        backend=done.backend or None,
        since=clocks.rfc3339(done.since) or "",
        age_seconds=round(done.seconds, 3),
        principal=done.principal,
        client=client_of(done.client_info)[0] or None,
        transport=done.transport,
        session=done.session,
        waits_for=None,
        asks=done.asks,
        outcome=done.outcome,
        error_code=done.error_code,
    )


def _note(journal: Journal, entry: OpenExchange, *, by: str) -> None:
    call, record = entry.call, entry.record
    target = target_of(call, record)
    facts = {"id": record.id, "by": by, "principal": call.principal.name, "method": call.method[:SHOWN]}
    log.info("exchange_cancelled", **facts, target=target, backend=record.backend)
    journal.note(
        "exchange_cancelled",
        f"{by} cancelled {call.method[:SHOWN]} {target}".rstrip(),
        backend=record.backend or None,
        details={**facts, "target": target},
    )
