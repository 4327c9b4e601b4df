"""`/manage/v1/sessions`: the sessions of legacy clients, and the end of one at an operator's wish; values to bodies.

Modern clients have no sessions: what they have under way is among the exchanges.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import chain
from math import isfinite
from typing import Protocol

import structlog

from argus_trio.contract.backends import CapabilityCounts
from argus_trio.contract.clients import CLOSE_SESSION, SESSIONS, ClosedAnswer, SessionEntry, SessionsAnswer
from argus_trio.contract.operation import Operation, PageQuery
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.moments import Clocks
from argus_trio.frontend.manage.paging import no_page, opaque, position_after
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.sessions.session import Session

log = structlog.get_logger()


class SessionTable(Protocol):
    """The sessions of one transport."""

    @property
    def idle(self) -> float:
        """After how many seconds one ends whose client is away; infinite where it ends with its client."""

    def __iter__(self) -> Iterator[Session]: ...

    def close(self, session_id: str) -> bool:
        """End one, calls and all, at an operator's wish; False if there is none with this id."""


def session_pages(gateway: Gateway, tables: Sequence[SessionTable]) -> Mapping[Operation, Page]:
    """The sessions in these tables, and their end."""

    async def listed(request: ManageRequest) -> PageAnswer:
        query = request.query_as(PageQuery)
        after = _position(query.after)
        seen = [
            (session, table)
            for table in tables
            for session in table
            if request.sees_all or request.owns(session.principal.name)
        ]
        left = [each for each in seen if after is None or _key(each[0]) > after]
        page = nsmallest(query.limit, left, key=lambda each: _key(each[0]))
        clocks = Clocks.read()
        answer = SessionsAnswer(
            active_sessions=len(seen),
            sessions=tuple(_entry(gateway, session, table.idle, clocks) for session, table in page),
            next=opaque(*_key(page[-1][0])) if len(left) > len(page) else None,
        )
        return PageAnswer(body=answer)

    async def close(request: ManageRequest) -> PageAnswer:
        handle = request.path["id"]
        session = next((each for each in chain(*tables) if each.handle == handle), None)
        if session is None or not (request.owns(session.principal.name) or request.may("operate")):
            if session is not None and request.sees_all:
                raise ManageProblem("forbidden", "it is another's; manage:operate allows to close it")
            raise ManageProblem("unknown-session", "no session of this handle is open")
        facts = {"by": request.principal.name, "principal": session.principal.name, "client": session.client}
        log.info("session_closed", handle=handle, **facts, calls=len(session.calls))
        gateway.management.journal.note(
            "session_closed",
            f"{request.principal.name} closed the session of {session.client or 'a client'}",
            details={**facts, "id": handle, "calls": len(session.calls)},
        )
        closed = any(table.close(session.id) for table in tables)
        return PageAnswer(body=ClosedAnswer(id=handle, closed=closed))

    return {SESSIONS: listed, CLOSE_SESSION: close}


def _key(session: Session) -> tuple[float, str]:
    return session.opened, session.handle


def _position(after: str) -> tuple[float, str] | None:
    if not after:
        return None
    opened, handle = position_after(after, 2)
    try:
        return float(opened), handle
    except ValueError:
        raise no_page() from None


def _entry(gateway: Gateway, session: Session, idle: float, clocks: Clocks) -> SessionEntry:
    age, idles = time.monotonic() - session.opened, max(0.0, clocks.now - session.last_used)
    counts = gateway.counts(session.audience)
    may_end = isfinite(idle) and not session.is_attended
    return SessionEntry(
        id=session.handle,
        transport_type=session.transport if session.transport == "sse" else "streamable-http",
        client=session.client,
        revision=session.revision,
        principal=session.principal.name,
        endpoint=session.endpoint,
        address=session.address,
        opened_at=clocks.rfc3339(clocks.now - age),
        age_seconds=round(age, 3),
        idle_seconds=round(idles, 3),
        ttl=round(max(0.0, idle - idles), 3) if may_end else None,
        expired=False,
        calls=len(session.calls),
        tool_count=counts.get("tools", 0),
        capability_snapshot=CapabilityCounts(
            tools=counts.get("tools", 0), resources=counts.get("resources", 0), prompts=counts.get("prompts", 0)
        ),
    )
