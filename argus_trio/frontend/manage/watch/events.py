"""`/manage/v1/events` and `/manage/v1/events/stream`: the pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from argus_trio.contract.events import EVENT_STREAM, EVENTS, EventsQuery, EventStreamQuery
from argus_trio.contract.operation import Operation
from argus_trio.core.journal import Journal, JournalEvent
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.event_stream import write_stream
from argus_trio.frontend.http.header_names import LAST_EVENT_ID
from argus_trio.frontend.http.reply import EVENT_STREAM as STREAM_HEADERS
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.manage.watch.encoded import LONGEST_ID, EncodedEvents, WantedEvents
from argus_trio.frontend.manage.watch.feed import EventFeed
from argus_trio.frontend.manage.watch.figures import EncodedFigures

_EVENT_ID: Final = re.compile(r"[A-Za-z0-9]+-[0-9]{1,18}")
_OFFSET: Final = re.compile(r" ([0-9]{2}:[0-9]{2})$")
"""The offset of a time whose plus sign was not escaped in the query: that means a space."""


def events_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """The latest events, and those to come."""
    management = gateway.management
    journal, encoded = management.journal, EncodedEvents(management.journal)
    figures = EncodedFigures(gateway)

    async def events(request: ManageRequest) -> PageAnswer:
        query = request.query_as(EventsQuery)
        found, is_gap = _found(journal, query.since)
        wanted = WantedEvents(severity=query.severity, backend=query.backend)
        taken = [event for event in found if wanted.takes(event)]
        taken = taken[: query.limit] if query.since else taken[-query.limit :]
        entries = b",".join(map(encoded.entry, taken))
        return PageAnswer(body=b'{"events":[%b],"gap":%b}' % (entries, b"true" if is_gap else b"false"))

    async def stream(request: ManageRequest) -> PageAnswer | None:
        query, http = request.query_as(EventStreamQuery), request.http
        header = http.fields.get(LAST_EVENT_ID, b"").decode("utf-8", "replace").strip()
        position, lost = _resumed(journal, header, query.since)
        if http.method == "HEAD":
            return PageAnswer(body=b"", headers=STREAM_HEADERS)
        feed = EventFeed(
            events=encoded,
            news=management.events,
            wanted=WantedEvents(severity=query.severity, backend=query.backend),
            position=position,
            since=lost,
            figures=figures.event if query.figures else None,
        )
        encoded.readers += 1
        try:
            await write_stream(http, feed)
        finally:
            encoded.readers -= 1
        return None

    return {EVENTS: events, EVENT_STREAM: stream}


def _found(journal: Journal, since: str) -> tuple[tuple[JournalEvent, ...], bool]:
    """The events after `since`, and whether some of them are gone."""
    if not since:
        return journal.since(1)[0], False
    position = journal.position_after(since)
    if position is not None:
        return journal.since(position)
    if _EVENT_ID.fullmatch(since):  # of another start of the gateway: all that there is came later
        return journal.since(1)[0], True
    moment = _moment(since)
    events = tuple(event for event in journal.since(1)[0] if event.at > moment)
    return events, journal.lost_at is not None and journal.lost_at > moment


def _resumed(journal: Journal, header: str, since: str) -> tuple[int, str]:
    """Where a stream begins, and after which id it was to begin if that cannot be said; the header wins."""
    given = header or since
    if not given:
        return journal.position, ""
    position = journal.position_after(given)
    if position is not None:
        return position, ""
    if header or _EVENT_ID.fullmatch(since):
        return 1, given
    moment = _moment(since)
    if journal.lost_at is not None and journal.lost_at > moment:
        return 1, since
    later = (event.number for event in journal.since(1)[0] if event.at > moment)
    return next(later, journal.position), ""


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(_OFFSET.sub(r"+\1", text).upper())
        if moment.tzinfo is not None:
            return moment.timestamp()
    except (ValueError, OverflowError):
        pass
    shown = text[:LONGEST_ID]
    said = f"since: {shown!r} is neither the id of an event nor a time: write one such as 2026-01-31T12:00:00Z"
    raise ManageProblem("bad-request", said)
