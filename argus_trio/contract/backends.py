"""The backends, as the management API shows them, and what their containers tried to reach."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from argus_trio.contract.operation import Operation, Timestamp
from argus_trio.core.egress.attempts import PassedBy
from argus_trio.core.egress.reasons import EgressReason
from argus_trio.core.health.health import ShownState

Phase = Literal["pending", "initializing", "ready", "degraded", "failed", "retrying", "shutting_down"]
"""How a backend stands, in words of the original Argus."""


@attrs.frozen(kw_only=True)
class BackendHealth:
    """What probes say."""

    status: Literal["healthy", "degraded", "unhealthy", "unknown"]
    last_check: Timestamp | None
    latency_ms: float | None
    failures: int


@attrs.frozen(kw_only=True)
class CallCounts:
    """The calls of all clients there."""

    under_way: int
    waiting: int
    refused: int


@attrs.frozen(kw_only=True)
class CapabilityCounts:
    """How many entries it shows."""

    tools: int
    resources: int
    prompts: int


@attrs.frozen(kw_only=True)
class ConditionEntry:
    """A state that it came into."""

    timestamp: Timestamp
    type: str
    """The state."""
    status: Literal["True", "False"]
    """Whether it holds still."""
    message: str


@attrs.frozen(kw_only=True)
class HoldEntry:
    """What an operator decided about it, which lasts until `enable`."""

    kind: Literal["drain", "disable"]
    by: str
    at: Timestamp


@attrs.frozen(kw_only=True)
class SessionSharing:
    """Who shares its connection."""

    setting: str
    shared: bool
    reason: str | None


@attrs.frozen(kw_only=True)
class DroppedNotifications:
    """What was too much for somebody."""

    dropped: int


@attrs.frozen(kw_only=True)
class FailedListEntry:
    """A list that did not come."""

    kind: str
    reason: str
    next_attempt: Timestamp | None


@attrs.frozen(kw_only=True)
class EntriesRemark:
    """The same remark on several entries."""

    kind: str
    what: str
    count: int
    names: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ListRemarks:
    """What there is to say of what it lists."""

    failed: tuple[FailedListEntry, ...]
    left_out: tuple[EntriesRemark, ...]
    mended: tuple[EntriesRemark, ...]
    names_too_long: tuple[str, ...]
    names_not_portable: tuple[str, ...]


@attrs.frozen(kw_only=True)
class BackendEntry:
    """One backend of the file, enabled or not."""

    name: str
    type: str
    group: str | None
    """None: there are no groups."""
    labels: dict[str, str]
    """Empty: there are no labels."""
    state: ShownState
    phase: Phase
    what: str | None
    reason: str
    details: tuple[str, ...]
    since: Timestamp | None
    connected_at: Timestamp | None
    next_attempt: Timestamp | None
    error: str | None
    revision: str | None
    failed_attempts: int
    breaker: Literal["open", "closed"]
    health: BackendHealth
    calls: CallCounts
    notifications: DroppedNotifications
    session: SessionSharing
    capabilities: CapabilityCounts
    conditions: tuple[ConditionEntry, ...]
    """Its latest states, oldest first."""
    hold: HoldEntry | None
    lists: ListRemarks


@attrs.frozen(kw_only=True)
class DrainingEntry:
    """A backend that a change replaced or removed, while calls are under way there."""

    name: str
    calls: int


@attrs.frozen(kw_only=True)
class BackendsAnswer:
    """All backends of the file, in its order."""

    backends: tuple[BackendEntry, ...]
    draining: tuple[DrainingEntry, ...]
    calls_cut: int


@attrs.frozen(kw_only=True)
class EgressHostEntry:
    """One host and port that its containers tried to reach."""

    host: str
    port: int
    during: Literal["run", "installation"]
    """Whether the backend itself tried it, or what makes its image."""
    passed: int
    refused: int
    failed: int
    """How often it was let through and led nowhere."""
    by: PassedBy | None
    """What let it through the latest time."""
    reason: EgressReason | None
    """Why it was refused or failed the latest time."""
    message: str | None
    first: Timestamp
    latest: Timestamp
    sent: int
    """Bytes of the container."""
    received: int


@attrs.frozen(kw_only=True)
class EgressOthersEntry:
    """All attempts that have no row of their own any more, and those that never said where to."""

    passed: int
    refused: int
    failed: int
    sent: int
    received: int


@attrs.frozen(kw_only=True)
class EgressListsEntry:
    """Entries of `container.network.allow` and of `container.host_services`."""

    allow: tuple[str, ...]
    host_services: tuple[str, ...]


@attrs.frozen(kw_only=True)
class EgressAnswer:
    """What the containers of a backend tried to reach since the gateway started."""

    backend: str
    hosts: tuple[EgressHostEntry, ...]
    """What was let through first."""
    others: EgressOthersEntry | None
    let_through: EgressListsEntry
    """What covers all that was let through to the backend."""
    not_let_through: EgressListsEntry
    """What would let through the rest, as far as it can be."""


BACKENDS: Final = Operation(
    method="GET", path="/backends", summary="Every backend and how it stands", right=None, answer=BackendsAnswer
)
BACKEND: Final = Operation(
    method="GET",
    path="/backends/{name}",
    summary="One backend; its ETag is what If-Match compares",
    right=None,
    answer=BackendEntry,
    has_etag=True,
    problems=("unknown-backend",),
)
EGRESS: Final = Operation(
    method="GET",
    path="/backends/{name}/egress",
    summary="What its containers tried to reach, let through or not",
    answer=EgressAnswer,
    problems=("unknown-backend",),
)
