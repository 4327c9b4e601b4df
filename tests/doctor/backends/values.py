"""Answers of the management API as tests need them: in order, but for what is said."""

from __future__ import annotations

import msgspec

from argus_trio.contract.backends import (
    BackendEntry,
    BackendHealth,
    CallCounts,
    CapabilityCounts,
    DroppedNotifications,
    EgressAnswer,
    EgressHostEntry,
    EgressListsEntry,
    IsolationEntry,
    ListRemarks,
    SessionSharing,
)
from argus_trio.contract.capabilities import ToolEntry
from argus_trio.core.catalog.catalog import HiddenWhy

MOMENT = "2026-01-01T00:00:00.000Z"


def entry(
    name: str = "it", *, state: str = "down", reason: str = "it is not connected", **more: object
) -> BackendEntry:
    fields: dict[str, object] = {
        "name": name,
        "type": "stdio",
        "group": None,
        "labels": {},
        "state": state,
        "phase": "failed",
        "what": None,
        "reason": reason,
        "details": (),
        "since": MOMENT,
        "connected_at": None,
        "next_attempt": None,
        "error": None,
        "revision": None,
        "failed_attempts": 1 if state == "down" else 0,
        "restarts": 0,
        "breaker": "closed",
        "health": BackendHealth(status="unknown", last_check=None, latency_ms=None, failures=0),
        "calls": CallCounts(under_way=0, waiting=0, refused=0),
        "notifications": DroppedNotifications(dropped=0),
        "session": SessionSharing(setting="auto", shared=False, reason=None),
        "capabilities": CapabilityCounts(tools=0, resources=0, prompts=0),
        "conditions": (),
        "hold": None,
        "isolation": None,
        "process": None,
        "lists": ListRemarks(failed=(), left_out=(), mended=(), names_too_long=(), names_not_portable=()),
    }
    return BackendEntry(**{**fields, **more})  # type: ignore[arg-type]  # fields as they are named


def isolation(plan: str, why: str = "") -> IsolationEntry:
    return IsolationEntry(
        plan=plan,  # type: ignore[arg-type]  # one of its words
        why=why,
        engine=None,
        rootless=None,
        image=None,
        digest=None,
        network="public",
        mounts=(),
    )


def egress(host: str, port: int, *, allow: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> EgressAnswer:
    attempt = EgressHostEntry(
        host=host,
        port=port,
        during="run",
        passed=0,
        refused=2,
        failed=0,
        by=None,
        reason=None,
        message=None,
        first=MOMENT,
        latest=MOMENT,
        sent=0,
        received=0,
    )
    return EgressAnswer(
        backend="it",
        plan="contained",
        network="none",
        hosts=(attempt,),
        others=None,
        let_through=EgressListsEntry(allow=("pypi.org:443",), host_services=()),
        not_let_through=EgressListsEntry(allow=allow, host_services=services),
    )


def tool(backend: str, original: str, shown: str = "", *, hidden: HiddenWhy | None = None) -> ToolEntry:
    nothing = msgspec.Raw(b"null")
    return ToolEntry(
        name=shown or f"{backend}__{original}",
        original_name=original,
        title=None,
        description=None,
        backend=backend,
        input_schema=nothing,
        output_schema=nothing,
        annotations=nothing,
        filtered=hidden == "filter",
        renamed=True,
        hidden=hidden,
        why=None,
    )
