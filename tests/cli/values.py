"""Values of the contract for the tests."""

from __future__ import annotations

from typing import Literal

import attrs
import msgspec

from argus_trio.contract.backends import (
    BackendEntry,
    BackendHealth,
    BackendsAnswer,
    CallCounts,
    CapabilityCounts,
    DroppedNotifications,
    HoldEntry,
    IsolationEntry,
    ListRemarks,
    SessionSharing,
)
from argus_trio.contract.capabilities import CapabilitiesAnswer, ToolEntry
from argus_trio.contract.clients import ExchangeEntry, ExchangesAnswer, SessionEntry, SessionsAnswer
from argus_trio.contract.control import ChangeAnswer, ReloadAnswer
from argus_trio.contract.events import EventEntry
from argus_trio.contract.health import (
    BackendCounts,
    ConfigStatus,
    HealthAnswer,
    IsolationStatus,
    LoadStatus,
    PlanCounts,
    ReadyAnswer,
    ServiceStatus,
    StatusAnswer,
    TransportStatus,
)
from argus_trio.contract.settings import LogLineEntry
from argus_trio.core.control import Action
from argus_trio.core.health.health import PlanWord, ShownState
from argus_trio.core.journal import Severity

AT = "2026-11-26T12:00:00.000Z"

HEALTH = HealthAnswer(
    status="degraded",
    uptime_seconds=90,
    version="0.1.0",
    backends=BackendCounts(total=3, connected=2, healthy=2, preparing=1),
)
STATUS = StatusAnswer(
    service=ServiceStatus(
        name="argus-trio", version="0.1.0", state="running", uptime_seconds=5400, started_at=AT, instance="a1"
    ),
    config=ConfigStatus(file_path="/etc/c.yaml", loaded_at=AT, backend_count=3, generation=2),
    transport=TransportStatus(
        sse_url="http://h/sse",
        streamable_http_url="http://h/mcp",
        host="h",
        port=1,
        urls=("http://h:1", "unix:/s"),
        management_urls=("unix:/m",),
    ),
    load=LoadStatus(
        exchanges=4, sessions=5, requests=6, parked=2, clients=7, memory_held=2048, memory_limit=256 * 1024 * 1024
    ),
    health=HEALTH,
    ready=ReadyAnswer(ready=False, reason="a backend is missing"),
    isolation=IsolationStatus(
        setting="auto", engine="docker 28.2.2", why=None, plans=PlanCounts(contained=2, bare=1, refused=0)
    ),
    log_level="info",
    feature_flags={},
)


def backend(
    name: str,
    state: ShownState = "ready",
    *,
    reason: str = "",
    hold: HoldEntry | None = None,
    isolation: IsolationEntry | None = None,
) -> BackendEntry:
    return BackendEntry(
        name=name,
        type="stdio",
        group=None,
        labels={},
        state=state,
        phase="ready",
        what=None,
        reason=reason,
        details=(),
        since=AT,
        connected_at=AT,
        next_attempt=None,
        error=None,
        revision="2025-11-25",
        failed_attempts=0,
        restarts=0,
        breaker="closed",
        health=BackendHealth(status="healthy", last_check=AT, latency_ms=1.5, failures=0),
        calls=CallCounts(under_way=1, waiting=0, refused=0),
        notifications=DroppedNotifications(dropped=0),
        session=SessionSharing(setting="auto", shared=True, reason=None),
        capabilities=CapabilityCounts(tools=7, resources=0, prompts=0),
        conditions=(),
        hold=hold,
        isolation=isolation,
        process=None,
        lists=ListRemarks(failed=(), left_out=(), mended=(), names_too_long=(), names_not_portable=()),
    )


def isolated(plan: PlanWord, *, why: str = "", image: str | None = None) -> IsolationEntry:
    return IsolationEntry(
        plan=plan, why=why, engine="docker 28.2.2", rootless=False, image=image, digest=None, network=None, mounts=()
    )


def backends(*entries: BackendEntry) -> BackendsAnswer:
    return BackendsAnswer(backends=entries, draining=(), calls_cut=0)


def tool(
    name: str,
    schema: object = None,
    *,
    description: str = "",
    hidden: Literal["filter"] | None = None,
    why: str | None = None,
) -> ToolEntry:
    return ToolEntry(
        name=name,
        original_name=name,
        title=None,
        description=description,
        backend="files",
        input_schema=msgspec.Raw(msgspec.json.encode(schema or {"type": "object"})),
        output_schema=msgspec.Raw(b'{"type": "object"}'),
        annotations=msgspec.Raw(b'{"title": "x"}'),
        filtered=hidden == "filter",
        renamed=False,
        hidden=hidden,
        why=why,
    )


def tools(*entries: ToolEntry, following: str | None = None) -> CapabilitiesAnswer:
    return CapabilitiesAnswer(
        tools=entries,
        resources=(),
        resource_templates=(),
        prompts=(),
        route_map={each.name: (each.backend, each.original_name) for each in entries},
        optimizer_active=False,
        mcp_visible_tool_count=len(entries),
        next=following,
    )


SESSION = SessionEntry(
    id="s-1",
    transport_type="sse",
    client="editor",
    revision="2025-11-25",
    principal="alice",
    endpoint="",
    address="127.0.0.1",
    opened_at=AT,
    age_seconds=100,
    idle_seconds=0.5,
    ttl=None,
    expired=False,
    calls=3,
    tool_count=4,
    capability_snapshot=CapabilityCounts(tools=4, resources=0, prompts=0),
)
SESSIONS = SessionsAnswer(active_sessions=1, sessions=(SESSION,), next=None)
EXCHANGE = ExchangeEntry(
    id="e-7",
    state="in_flight",
    method="tools/call",
    target="files_read",
    backend="files",
    since=AT,
    age_seconds=3.25,
    principal="alice",
    client="editor",
    transport="sse",
    session="s-1",
    waits_for="backend",
    asks=0,
    outcome=None,
    error_code=None,
)
EXCHANGES = ExchangesAnswer(exchanges=(EXCHANGE,), total=1, next=None)
DONE = ExchangesAnswer(exchanges=(attrs.evolve(EXCHANGE, state="done", outcome="tool_error"),), total=1, next=None)


def reloaded(*, is_done: bool = True, unchanged: bool = False, errors: tuple[str, ...] = ()) -> ReloadAnswer:
    return ReloadAnswer(
        reloaded=is_done,
        backends_added=("new",),
        backends_removed=(),
        backends_changed=("files",),
        errors=errors,
        backends_adjusted=(),
        backends_untouched=(),
        not_ready=(),
        still_starting=(),
        unchanged=unchanged,
        needs_restart=("server.port",),
        generation=3,
        problems=(),
        triggers=("api",),
        at=AT,
        duration_seconds=0.2,
    )


def changed(name: str, action: Action, state: ShownState, *, ok: bool = True, error: str | None = None) -> ChangeAnswer:
    return ChangeAnswer(
        name=name,
        action=action,
        ok=ok,
        changed=True,
        state=state,
        error=error,
        by="operator",
        at=AT,
        duration_seconds=0.1,
    )


def event(number: int, stage: str = "backend_ready", message: str = "it is ready", *, start: str = "a1") -> EventEntry:
    severity: Severity = "info"
    return EventEntry(
        id=f"{start}-{number}",
        timestamp=AT,
        stage=stage,
        message=message,
        severity=severity,
        backend="files",
        details={},
    )


def line(number: int, text: str, *, start: str = "a1") -> LogLineEntry:
    return LogLineEntry(id=f"{start}-{number}", timestamp=AT, source="stderr", text=text)
