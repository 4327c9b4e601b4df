"""Whether the gateway works, and how it stands."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.contract.operation import Operation, Timestamp


@attrs.frozen(kw_only=True)
class BackendCounts(Value):
    """How many backends a client would find."""

    total: int
    connected: int
    healthy: int
    preparing: int


@attrs.frozen(kw_only=True)
class HealthAnswer(Value):
    """The health of the gateway as a client would meet it."""

    status: Literal["healthy", "degraded", "unhealthy"]
    uptime_seconds: float
    version: str
    backends: BackendCounts


@attrs.frozen(kw_only=True)
class ReadyAnswer(Value):
    """Whether traffic should come, and why not."""

    ready: bool
    reason: str | None


@attrs.frozen(kw_only=True)
class ServiceStatus(Value):
    """The process."""

    name: str
    version: str
    state: Literal["starting", "running", "stopping"]
    uptime_seconds: float
    started_at: Timestamp
    instance: str
    """Differs from one start of the gateway to the next; ids of events begin with it."""


@attrs.frozen(kw_only=True)
class ConfigStatus(Value):
    """The configuration in effect."""

    file_path: str | None
    """None where there is no file, as in the demo."""
    loaded_at: Timestamp
    backend_count: int
    generation: int


@attrs.frozen(kw_only=True)
class TransportStatus(Value):
    """Where clients connect."""

    sse_url: str
    streamable_http_url: str
    host: str
    port: int
    urls: tuple[str, ...]
    """All base URLs, and `unix:PATH` for sockets."""
    management_urls: tuple[str, ...]
    """The same of where this API alone is served."""


@attrs.frozen(kw_only=True)
class LoadStatus(Value):
    """How much is under way."""

    exchanges: int
    sessions: int
    requests: int
    """Requests of clients in flight, event streams included."""
    parked: int
    """Calls of modern clients that wait for their client to come back, with answers or to hear more."""
    clients: int
    """Those that have a session, and of modern ones those that have something under way."""
    memory_held: int
    """Bytes kept for clients."""
    memory_limit: int


@attrs.frozen(kw_only=True)
class PlanCounts(Value):
    """How many of the stdio backends have which plan."""

    contained: int
    bare: int
    """Those that run as processes of the gateway's user."""
    refused: int


@attrs.frozen(kw_only=True)
class IsolationStatus(Value):
    """How stdio backends are isolated."""

    setting: Literal["auto", "required", "off"]
    """`isolation` of the file; a backend may say otherwise."""
    engine: str | None
    """The container engine and its version."""
    why: str | None
    """Why there is no engine; null where there is one, or where nobody has looked for one."""
    plans: PlanCounts


@attrs.frozen(kw_only=True)
class StatusAnswer(Value):
    """The gateway in a glance."""

    service: ServiceStatus
    config: ConfigStatus
    transport: TransportStatus
    load: LoadStatus
    health: HealthAnswer
    ready: ReadyAnswer
    isolation: IsolationStatus
    log_level: str
    feature_flags: dict[str, bool]
    """Empty: there are none."""


HEALTH: Final = Operation(
    method="GET",
    path="/health",
    summary="Whether the gateway works; 200 whatever it says",
    right=None,
    is_public=True,
    answer=HealthAnswer,
)
READY: Final = Operation(
    method="GET",
    path="/ready",
    summary="Whether traffic should come: 200 or 503",
    right=None,
    is_public=True,
    answer=ReadyAnswer,
    statuses=(200, 503),
)
STATUS: Final = Operation(method="GET", path="/status", summary="The gateway in a glance", answer=StatusAnswer)
