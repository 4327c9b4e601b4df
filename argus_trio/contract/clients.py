"""Who asks, who is connected, and what is under way for whom."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.backends import CapabilityCounts
from argus_trio.contract.operation import MOST_LISTED, NoBody, Operation, PageQuery, Timestamp
from argus_trio.core.access.access import ManageRight
from argus_trio.core.call.record import Wait

CameBy = Literal["token", "socket", "client"]
"""How who asks was let in: with the token of the operator, over the Unix socket, or as MCP knows its clients."""


@attrs.frozen(kw_only=True)
class MeAnswer(Value):
    """Who asks, and what they may do here."""

    principal: str
    roles: tuple[str, ...]
    came_by: CameBy
    """With the token of the operator, over the Unix socket, or as MCP knows its clients: by a credential, or anonymous
    where nobody is asked."""
    rights: tuple[ManageRight, ...]
    """None at all: of what there is they see what is theirs, and may call what rules allow them."""
    endpoint: str
    """The path of MCP whose view counts for calls that name no endpoint."""
    endpoints: tuple[str, ...]
    """The views that calls may name in `endpoint`."""


@attrs.frozen(kw_only=True)
class SessionEntry(Value):
    """One session of a legacy client."""

    id: str
    """A handle for this API alone: clients never send it, and it opens nothing."""
    transport_type: Literal["streamable-http", "sse"]
    client: str
    """What its client calls itself."""
    revision: str
    principal: str
    endpoint: str
    address: str
    opened_at: Timestamp
    age_seconds: float
    idle_seconds: float
    ttl: float | None
    """Seconds until it ends for want of use; None while its client is there."""
    expired: bool
    """Always false: one that has expired is gone."""
    calls: int
    tool_count: int
    capability_snapshot: CapabilityCounts


@attrs.frozen(kw_only=True)
class SessionsAnswer(Value):
    """One page of the sessions, oldest first."""

    active_sessions: int
    """How many there are on all pages."""
    sessions: tuple[SessionEntry, ...]
    next: str | None


@attrs.frozen(kw_only=True)
class ExchangesQuery(Value):
    """Which exchanges are wanted."""

    state: Literal["in_flight", "done"] = "in_flight"
    backend: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_LISTED)] = 100
    after: str = ""


@attrs.frozen(kw_only=True)
class ExchangeEntry(Value):
    """One request of a client, on its way or over. What it says is not kept."""

    id: str
    state: Literal["in_flight", "done"]
    method: str
    target: str | None
    """The name or URI that it asks for."""
    backend: str | None
    since: Timestamp
    age_seconds: float
    """How long it has taken so far, or took."""
    principal: str
    client: str | None
    transport: str
    """How its client is connected: streamable-http, sse or management."""
    session: str | None
    """The handle of its session; null of modern clients, which have none."""
    waits_for: Wait | None
    """What it waits for: the middleware, the lists that say whose a name is, the start of its backend, a place there, a
    connection, the backend's answer, its client who was asked something; null once it is over."""
    asks: int
    """How often its client was asked something."""
    outcome: str | None
    """How it ended: ok, tool_error, error, or why it was cut: cancelled, client_gone, session_ended, stopped, expired,
    replaced, operator; null while it is under way."""
    error_code: int | None


@attrs.frozen(kw_only=True)
class ExchangesAnswer(Value):
    """One page of them: those under way oldest first, those that are over latest first."""

    exchanges: tuple[ExchangeEntry, ...]
    total: int
    next: str | None


@attrs.frozen(kw_only=True)
class CancelledAnswer(Value):
    """It was cancelled."""

    id: str
    cancelled: bool


@attrs.frozen(kw_only=True)
class ClosedAnswer(Value):
    """It was closed."""

    id: str
    closed: bool


ME: Final = Operation(
    method="GET", path="/me", summary="Who asks, how they came in, and what they may do", right=None, answer=MeAnswer
)
SESSIONS: Final = Operation(
    method="GET",
    path="/sessions",
    summary="The sessions of legacy clients; without manage:read one's own",
    right=None,
    query=PageQuery,
    answer=SessionsAnswer,
    problems=("unknown-page",),
)
CLOSE_SESSION: Final = Operation(
    method="POST",
    path="/sessions/{id}/close",
    summary="End a session and its calls",
    right=None,
    body=NoBody,
    answer=ClosedAnswer,
    problems=("unknown-session",),
)
EXCHANGES: Final = Operation(
    method="GET",
    path="/exchanges",
    summary="What is under way, or was; without manage:read one's own",
    right=None,
    query=ExchangesQuery,
    answer=ExchangesAnswer,
    problems=("unknown-page",),
)
CANCEL_EXCHANGE: Final = Operation(
    method="POST",
    path="/exchanges/{id}/cancel",
    summary="Cancel a call: its backend is told, its client gets error -31017",
    right=None,
    body=NoBody,
    answer=CancelledAnswer,
    problems=("unknown-exchange",),
)
