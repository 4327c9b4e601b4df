"""What has happened, and figures."""

from __future__ import annotations

from typing import Annotated, Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.operation import Operation, Timestamp
from argus_trio.core.journal import Severity

Since = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "anyOf": [{"maxLength": 0}, {"pattern": "^[A-Za-z0-9]+-[0-9]{1,18}$"}, {"format": "date-time"}]
        }
    ),
]
"""After which event: nothing, the id of one, or a time."""


@attrs.frozen(kw_only=True)
class EventsQuery(Value):
    """Which events are wanted."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    """The latest so many; with `since`, the first so many after it, so that the last id leads on."""
    since: Since = ""
    """The id of an event, or a time (RFC 3339): only those after it."""
    severity: Severity | None = None
    """Only those of this severity or above."""
    backend: str = ""


@attrs.frozen(kw_only=True)
class EventEntry(Value):
    """One event."""

    id: str
    timestamp: Timestamp
    stage: str
    """What has happened, in one word such as `backend_ready`; the list of them is in docs/management.md."""
    message: str
    severity: Severity
    backend: str | None
    details: dict[str, object]


@attrs.frozen(kw_only=True)
class EventsAnswer(Value):
    """Events, oldest first."""

    events: tuple[EventEntry, ...]
    gap: bool
    """Whether events after `since` are gone."""


@attrs.frozen(kw_only=True)
class GapEntry(Value):
    """Event `gap` of a stream, of events or of lines of a log: some are gone that its reader has not seen. It has no
    id."""

    timestamp: Timestamp
    since: str
    """The id, or the time, after which some are missing."""
    message: str


@attrs.frozen(kw_only=True)
class HeartbeatEntry(Value):
    """Event `heartbeat` of the stream: at its begin, and after each 30 s without another one. Its id resumes."""

    timestamp: Timestamp


@attrs.frozen(kw_only=True)
class EventStreamQuery(Value):
    """What the stream is to bring."""

    since: Since = ""
    """As the header Last-Event-ID, which wins: begin after this event, or after a time. Empty: begin now."""
    severity: Severity | None = None
    backend: str = ""
    figures: bool = False
    """Whether figures come once a second besides."""


@attrs.frozen(kw_only=True)
class FigureEntry(Value):
    """The calls of one tool of one backend, since the gateway began; p50 and p99 are those of the last minute."""

    backend: str
    tool: str
    """Empty for all of the backend together. Tools are here while they are called, and for a minute after."""
    calls: int
    errors: int
    in_flight: int
    waiting: int
    """Calls that wait for a place at the backend."""
    per_second: float
    """Over the last ten seconds, or somewhat more."""
    p50_ms: float | None
    p99_ms: float | None


@attrs.frozen(kw_only=True)
class FiguresEntry(Value):
    """Figures of one moment: event `figures` of the stream."""

    timestamp: Timestamp
    in_flight: int
    """Calls of all clients, wherever they are."""
    figures: tuple[FigureEntry, ...]


EVENTS: Final = Operation(
    method="GET", path="/events", summary="The latest events", query=EventsQuery, answer=EventsAnswer
)
EVENT_STREAM: Final = Operation(
    method="GET",
    path="/events/stream",
    summary="Events as they happen (SSE): event is the stage, data an event, id resumes",
    query=EventStreamQuery,
    answer=EventEntry,
    media=("text/event-stream",),
)
METRICS: Final = Operation(
    method="GET", path="/metrics", summary="Metrics in Prometheus' text format", media=("text/plain",)
)
