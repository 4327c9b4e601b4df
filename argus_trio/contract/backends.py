"""The backends, as the management API shows them, how those of stdio are isolated, and what they tried to reach."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.contract.health import PlanCounts
from argus_trio.contract.operation import Operation, Timestamp
from argus_trio.core.egress.attempts import PassedBy
from argus_trio.core.egress.reasons import EgressReason
from argus_trio.core.health.health import PlanWord, PreparingWord, ShownState

Phase = Literal["pending", "initializing", "ready", "degraded", "failed", "retrying", "shutting_down"]
"""How a backend stands, in words of the original Argus."""


@attrs.frozen(kw_only=True)
class BackendHealth(Value):
    """What probes say."""

    status: Literal["healthy", "degraded", "unhealthy", "unknown"]
    last_check: Timestamp | None
    latency_ms: float | None
    failures: int


@attrs.frozen(kw_only=True)
class CallCounts(Value):
    """The calls of all clients there."""

    under_way: int
    waiting: int
    refused: int


@attrs.frozen(kw_only=True)
class CapabilityCounts(Value):
    """How many entries it shows."""

    tools: int
    resources: int
    prompts: int


@attrs.frozen(kw_only=True)
class ConditionEntry(Value):
    """A state that it came into."""

    timestamp: Timestamp
    type: str
    """The state."""
    status: Literal["True", "False"]
    """Whether it holds still."""
    message: str


@attrs.frozen(kw_only=True)
class HoldEntry(Value):
    """What an operator decided about it, which lasts until `enable`."""

    kind: Literal["drain", "disable"]
    by: str
    at: Timestamp


@attrs.frozen(kw_only=True)
class SessionSharing(Value):
    """Who shares its connection."""

    setting: str
    shared: bool
    reason: str | None


@attrs.frozen(kw_only=True)
class DroppedNotifications(Value):
    """What was too much for somebody."""

    dropped: int


@attrs.frozen(kw_only=True)
class FailedListEntry(Value):
    """A list that did not come."""

    kind: str
    reason: str
    next_attempt: Timestamp | None


@attrs.frozen(kw_only=True)
class EntriesRemark(Value):
    """The same remark on several entries."""

    kind: str
    what: str
    count: int
    names: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ListRemarks(Value):
    """What there is to say of what it lists."""

    failed: tuple[FailedListEntry, ...]
    left_out: tuple[EntriesRemark, ...]
    mended: tuple[EntriesRemark, ...]
    names_too_long: tuple[str, ...]
    names_not_portable: tuple[str, ...]


@attrs.frozen(kw_only=True)
class IsolationEntry(Value):
    """How it is isolated."""

    plan: PlanWord
    """`bare` runs as a process of the gateway's user, `refused` does not run."""
    why: str
    """Why it is not contained, and what to do; or what there is to know of its container."""
    engine: str | None
    """The engine and its version."""
    rootless: bool | None
    image: str | None
    digest: str | None
    """The id of the image; null as long as it is not there."""
    network: str | None
    """What it may reach: `public`, `none`, `bridge`, or the hosts that are allowed."""
    mounts: tuple[str, ...]
    """SOURCE:TARGET:MODE of each."""


@attrs.frozen(kw_only=True)
class ProgramLimits(Value):
    """What a container may use at most."""

    memory: int
    """Bytes."""
    cpus: float
    pids: int
    """Processes and threads."""


@attrs.frozen(kw_only=True)
class ProgramEntry(Value):
    """The program that the connection of all clients runs on."""

    name: str
    """The command's last part: neither arguments nor environment are told."""
    pid: int | None
    """Its process; null in a container, which has its own numbers."""
    container: str | None
    """The id of its container, by which the engine knows it; null where it runs bare."""
    since: Timestamp
    processor_seconds: float | None
    """Of it and all that it started; null in a container, and where this system does not tell it."""
    memory: int | None
    """Bytes that are resident, those shared among them counted with each; null as above."""
    limits: ProgramLimits | None
    """Null where it runs bare: then it may use what the gateway's user may."""
    others: int
    """How many more of it run for single clients, or are about to."""


@attrs.frozen(kw_only=True)
class BackendEntry(Value):
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
    restarts: int
    """How often it was connected anew since the gateway began: after it was lost, and by operators and reloads."""
    breaker: Literal["open", "closed"]
    health: BackendHealth
    calls: CallCounts
    notifications: DroppedNotifications
    session: SessionSharing
    capabilities: CapabilityCounts
    conditions: tuple[ConditionEntry, ...]
    """Its latest states, oldest first."""
    hold: HoldEntry | None
    isolation: IsolationEntry | None
    """Null for one that is no stdio backend, and as long as nobody has had to know."""
    process: ProgramEntry | None
    """Null for one that is no stdio backend, while it is not connected, and for who may not look behind it."""
    lists: ListRemarks


@attrs.frozen(kw_only=True)
class DrainingEntry(Value):
    """A backend that a change replaced or removed, while calls are under way there."""

    name: str
    calls: int


@attrs.frozen(kw_only=True)
class BackendsAnswer(Value):
    """All backends of the file, in its order."""

    backends: tuple[BackendEntry, ...]
    draining: tuple[DrainingEntry, ...]
    calls_cut: int


@attrs.frozen(kw_only=True)
class EgressHostEntry(Value):
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
class EgressOthersEntry(Value):
    """All attempts that have no row of their own any more, and those that never said where to."""

    passed: int
    refused: int
    failed: int
    sent: int
    received: int


@attrs.frozen(kw_only=True)
class EgressListsEntry(Value):
    """Entries of `container.network.allow` and of `container.host_services`."""

    allow: tuple[str, ...]
    host_services: tuple[str, ...]


@attrs.frozen(kw_only=True)
class EgressAnswer(Value):
    """What the containers of a backend tried to reach since the gateway started."""

    backend: str
    plan: PlanWord | None
    """Whether it runs in a container: of what runs bare nothing is seen here."""
    network: str | None
    """What its container may reach, as `isolation` has it."""
    hosts: tuple[EgressHostEntry, ...]
    """What was let through first."""
    others: EgressOthersEntry | None
    let_through: EgressListsEntry
    """What covers all that was let through to the backend."""
    not_let_through: EgressListsEntry
    """What would let through the rest, as far as it can be."""


@attrs.frozen(kw_only=True)
class EngineEntry(Value):
    """The container engine that is used."""

    kind: Literal["docker", "podman"]
    version: str
    api_version: str
    socket: str
    """Its Unix socket."""
    rootless: bool


@attrs.frozen(kw_only=True)
class IsolatedBackend(Value):
    """One stdio backend of the file."""

    name: str
    state: ShownState
    preparing: PreparingWord | None
    """What is done before it can be started; null where nothing is."""
    reason: str
    """Why it is in its state; while something is done for it, the last line of that."""
    isolation: IsolationEntry | None
    """Null as long as nobody has had to know: it is disabled, or has not been started yet."""


@attrs.frozen(kw_only=True)
class IsolationAnswer(Value):
    """The engine, and every stdio backend in the order of the file."""

    setting: Literal["auto", "required", "off"]
    """`isolation` of the file; a backend may say otherwise."""
    engine: EngineEntry | None
    why: str | None
    """Why there is no engine; null where there is one, or where nobody has looked for one."""
    plans: PlanCounts
    backends: tuple[IsolatedBackend, ...]


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
ISOLATION: Final = Operation(
    method="GET",
    path="/isolation",
    summary="The container engine, and how each stdio backend is isolated",
    answer=IsolationAnswer,
)
