"""The configuration in effect, why somebody may do something, the level of the log, and logs of backends."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.backends import BackendsAnswer
from argus_trio.contract.capabilities import CapabilitiesAnswer
from argus_trio.contract.events import EventsAnswer
from argus_trio.contract.health import StatusAnswer
from argus_trio.contract.operation import Operation, Timestamp
from argus_trio.core.backend_log import LineSource
from argus_trio.core.log_level import LogLevel


@attrs.frozen(kw_only=True)
class ConfigAnswer(Value):
    """The configuration in effect, its defaults filled in and its secrets masked."""

    file_path: str | None
    loaded_at: Timestamp
    generation: int
    config: dict[str, object]


@attrs.frozen(kw_only=True)
class ExplainQuery(Value):
    """What is asked: as the arguments of `argus-trio explain`."""

    principal: str
    name: str
    role: tuple[str, ...] = ()
    args: str | None = None
    """The arguments of the call, a JSON object."""
    endpoint: str = ""


@attrs.frozen(kw_only=True)
class ExplainAnswer(Value):
    """Whether it may, and which rule says so."""

    principal: str
    name: str
    allowed: bool
    lines: tuple[str, ...]


@attrs.frozen(kw_only=True)
class LogLevelAnswer(Value):
    """The level of the log."""

    level: LogLevel


@attrs.frozen(kw_only=True)
class LogLevelRequest(Value):
    """The level that the log is to have until the gateway ends, or the next request of this kind."""

    level: LogLevel


@attrs.frozen(kw_only=True)
class LogsQuery(Value):
    """Which lines are wanted."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200
    follow: bool = False
    """Whether lines are sent as they come, on an event stream: event `line`, and `gap` as on that of
    events."""
    since: str = ""
    """The id of a line: only those after it. With `follow` the header Last-Event-ID wins."""


@attrs.frozen(kw_only=True)
class LogLineEntry(Value):
    """One line of what a backend's log holds."""

    id: str
    timestamp: Timestamp
    source: LineSource
    """Its stderr, what on its stdout is no message, the end of a process, or the gateway's own line on it."""
    text: str


@attrs.frozen(kw_only=True)
class LogsAnswer(Value):
    """Lines, oldest first."""

    backend: str
    lines: tuple[LogLineEntry, ...]
    gap: bool
    """Whether lines after `since` are gone."""


@attrs.frozen(kw_only=True)
class TreeNode(Value):
    """A task or a nursery that runs now."""

    name: str
    kind: Literal["task", "nursery", "more"]
    """`more`: so many others are left out, as its name says."""
    count: int
    """How many tasks are below, itself included."""
    children: tuple[TreeNode, ...]


@attrs.frozen(kw_only=True)
class TreeAnswer(Value):
    """The live tree of nurseries."""

    tasks: int
    tree: TreeNode


@attrs.frozen(kw_only=True)
class BatchQuery(Value):
    """How many events come along."""

    events_limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20


@attrs.frozen(kw_only=True)
class BatchAnswer(Value):
    """Four answers at once."""

    status: StatusAnswer
    backends: BackendsAnswer
    capabilities: CapabilitiesAnswer
    events: EventsAnswer


CONFIG: Final = Operation(
    method="GET", path="/config", summary="The configuration in effect, secrets masked", answer=ConfigAnswer
)
EXPLAIN: Final = Operation(
    method="GET",
    path="/explain",
    summary="Whether somebody may use something, and by which rule",
    query=ExplainQuery,
    answer=ExplainAnswer,
    problems=("no-question",),
)
LOG_LEVEL: Final = Operation(method="GET", path="/log-level", summary="The level of the log", answer=LogLevelAnswer)
SET_LOG_LEVEL: Final = Operation(
    method="POST",
    path="/log-level",
    summary="Change the level of the log",
    right="operate",
    body=LogLevelRequest,
    answer=LogLevelAnswer,
)
LOGS: Final = Operation(
    method="GET",
    path="/logs/{backend}",
    summary="What a backend wrote, and what was noted about it",
    query=LogsQuery,
    answer=LogsAnswer,
    media=("application/json", "text/event-stream"),
    problems=("unknown-backend",),
)
TREE: Final = Operation(method="GET", path="/tree", summary="The live tree of nurseries", answer=TreeAnswer)
BATCH: Final = Operation(
    method="GET",
    path="/batch",
    summary="Status, backends, capabilities and events in one",
    query=BatchQuery,
    answer=BatchAnswer,
)
OPENAPI: Final = Operation(method="GET", path="/openapi.json", summary="This API as an OpenAPI document", right=None)
PROBLEM_PAGE: Final = Operation(
    method="GET",
    path="/problems/{word}",
    summary="What a problem means and what to do, for people",
    right=None,
    is_public=True,
    media=("text/markdown",),
    problems=("not-found",),
)
