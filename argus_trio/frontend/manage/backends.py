"""`/manage/v1/backends`: how each backend stands, as values to the contract's. Reasons come without secrets in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import isfinite
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio.contract.backends import (
    BACKEND,
    BACKENDS,
    BackendEntry,
    BackendHealth,
    BackendsAnswer,
    CallCounts,
    CapabilityCounts,
    ConditionEntry,
    DrainingEntry,
    DroppedNotifications,
    EntriesRemark,
    FailedListEntry,
    HoldEntry,
    IsolationEntry,
    ListRemarks,
    Phase,
    ProgramEntry,
    ProgramLimits,
    SessionSharing,
)
from argus_trio.contract.operation import Operation
from argus_trio.core.control import Hold
from argus_trio.core.health.health import (
    BackendStatus,
    Isolation,
    ListsStatus,
    NotedEntries,
    Overview,
    RunningProgram,
    ShownState,
    StateChange,
    TreeUsage,
)
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.request import JSON
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.moments import Clocks, rfc3339
from argus_trio.frontend.manage.operate.if_match import entity_tag
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import encode

NOTED_SHOWN: Final = 100
"""How many different remarks on entries are shown of one backend, and how many names."""

_PHASES: Final[Mapping[ShownState, Phase]] = {
    "starting": "initializing",
    "preparing": "initializing",
    "ready": "ready",
    "degraded": "degraded",
    "down": "retrying",
    "draining": "shutting_down",
    "disabled": "pending",
    "stopped": "shutting_down",
}
"""The original's word for each state. One that is down is tried again, and `failed` is the word while its breaker is
open."""
_NO_REMARKS: Final = ListRemarks(failed=(), left_out=(), mended=(), names_too_long=(), names_not_portable=())
Used = Mapping[int, TreeUsage]
"""What the programs of backends use, by the root of each."""
NOTHING_USED: Final[Used] = MappingProxyType({})
SeenCounts = Mapping[str, Mapping[str, int]]
"""The backends that somebody may look at, with how many of their entries they are shown, by kind."""


def backend_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """How the backends stand."""

    async def backends(request: ManageRequest) -> PageAnswer:
        overview, seen = gateway.overview(), _seen(gateway, request)
        used = await _used(gateway, overview.backends) if seen is None else {}
        return PageAnswer(body=backends_answer(overview, Clocks.read(), seen=seen, used=used))

    async def backend(request: ManageRequest) -> PageAnswer:
        name, seen = request.path["name"], _seen(gateway, request)
        found = next((each for each in gateway.overview().backends if each.name == name), None)
        if found is None or not (seen is None or name in seen):
            raise ManageProblem("unknown-backend", "no backend of this name is there")
        used = await _used(gateway, [found]) if seen is None else {}
        entry = backend_entry(found, Clocks.read(), used)
        etag = (b"etag", entity_tag(_version(gateway, found)))
        body = entry if seen is None else _without_internals(entry, seen[name])
        return PageAnswer(body=body, headers=(JSON, etag))

    return {BACKENDS: backends, BACKEND: backend}


def backends_answer(
    overview: Overview, clocks: Clocks, *, seen: SeenCounts | None = None, used: Used = NOTHING_USED
) -> BackendsAnswer:
    """The answer to `backends`: for who may look at everything, or without internals of those that are `seen`."""
    entries = (backend_entry(backend, clocks, used) for backend in overview.backends)
    draining = (DrainingEntry(name=each.name, calls=each.calls) for each in overview.draining)
    if seen is None:
        return BackendsAnswer(backends=tuple(entries), draining=tuple(draining), calls_cut=overview.calls_cut)
    mine = tuple(_without_internals(entry, seen[entry.name]) for entry in entries if entry.name in seen)
    return BackendsAnswer(backends=mine, draining=(), calls_cut=0)


def backend_entry(backend: BackendStatus, clocks: Clocks, used: Used = NOTHING_USED) -> BackendEntry:
    """How one backend stands, and what of all that is used its program does."""
    standing, state = backend.standing, backend.state
    return BackendEntry(
        name=backend.name,
        type=backend.type,
        group=None,
        labels={},
        state=state,
        phase="failed" if state == "down" and backend.is_breaker_open else _PHASES[state],
        what=standing.what or None,
        reason=standing.reason,
        details=standing.details,
        since=clocks.rfc3339(standing.since),
        connected_at=clocks.rfc3339(backend.connected_at),
        next_attempt=clocks.rfc3339(standing.next_attempt),
        error=standing.reason if standing.state is BackendState.DOWN else None,
        revision=backend.revision,
        failed_attempts=backend.failures,
        restarts=backend.restarts,
        breaker="open" if backend.is_breaker_open else "closed",
        health=_health(backend, clocks),
        calls=CallCounts(
            under_way=backend.calls.under_way, waiting=backend.calls.waiting, refused=backend.calls.refused
        ),
        notifications=DroppedNotifications(dropped=backend.dropped),
        session=SessionSharing(setting=backend.session, shared=backend.is_shared, reason=backend.shared_because),
        capabilities=CapabilityCounts(
            **{kind: backend.counts.get(kind, 0) for kind in ("tools", "resources", "prompts")}
        ),
        conditions=tuple(_conditions(backend.conditions, clocks)),
        hold=None if backend.hold is None else _hold(backend.hold),
        isolation=isolation_entry(backend.isolation),
        process=None if backend.program is None else _program(backend.program, backend.programs, clocks, used),
        lists=_lists(backend.lists, clocks),
    )


def isolation_entry(isolation: Isolation | None) -> IsolationEntry | None:
    """How a backend is isolated, as far as it is known."""
    return None if isolation is None else IsolationEntry(**attrs.asdict(isolation))


def _seen(gateway: Gateway, request: ManageRequest) -> SeenCounts | None:
    """What who asks may look at; None for everything."""
    return None if request.sees_all else gateway.management.inventory().seen(request.principal.roles)


def _without_internals(entry: BackendEntry, counts: Mapping[str, int]) -> BackendEntry:
    """What somebody is told who is shown so many of its entries, and may not look behind them."""
    hold = None if entry.hold is None else attrs.evolve(entry.hold, by="")
    return attrs.evolve(
        entry,
        details=(),
        error=None,
        lists=_NO_REMARKS,
        hold=hold,
        process=None,
        isolation=None if entry.isolation is None else _isolation_alone(entry.isolation),
        capabilities=CapabilityCounts(**counts),
    )


def _isolation_alone(entry: IsolationEntry) -> IsolationEntry:
    """Whether it is contained, and nothing of this machine."""
    return IsolationEntry(**attrs.asdict(Isolation(plan=entry.plan)))


async def _used(gateway: Gateway, backends: Iterable[BackendStatus]) -> Used:
    programs = (backend.program for backend in backends)
    return await gateway.usage([each.root for each in programs if each is not None and each.root is not None])


def _program(program: RunningProgram, others: int, clocks: Clocks, used: Used) -> ProgramEntry:
    tree = None if program.root is None else used.get(program.root)
    return ProgramEntry(
        name=program.name,
        pid=program.pid,
        container=program.container,
        since=clocks.rfc3339(program.since),
        processor_seconds=None if tree is None else round(tree.processor_seconds, 2),
        memory=None if tree is None else tree.memory,
        limits=None if program.limits is None else ProgramLimits(**attrs.asdict(program.limits)),
        others=others,
    )


def _version(gateway: Gateway, backend: BackendStatus) -> str:
    version = None if gateway.control is None else gateway.control.version(backend.name)
    return version or sha256(encode((backend.name, backend.type, backend.is_enabled, backend.hold))).hexdigest()[:16]


def _health(backend: BackendStatus, clocks: Clocks) -> BackendHealth:
    return BackendHealth(
        status=backend.status,
        last_check=clocks.rfc3339(backend.heard_at),
        latency_ms=None if backend.latency is None else round(backend.latency * 1000, 1),
        failures=backend.unanswered,
    )


def _conditions(changes: tuple[StateChange, ...], clocks: Clocks) -> Iterable[ConditionEntry]:
    for change in changes:
        yield ConditionEntry(
            timestamp=clocks.rfc3339(change.at),
            type=change.state.value,
            status="True" if change is changes[-1] else "False",
            message=change.reason,
        )


def _hold(hold: Hold) -> HoldEntry:
    return HoldEntry(kind=hold.kind, by=hold.by, at=rfc3339(hold.at))


def _lists(lists: ListsStatus, clocks: Clocks) -> ListRemarks:
    return ListRemarks(
        failed=tuple(
            FailedListEntry(kind=each.kind, reason=each.reason, next_attempt=clocks.rfc3339(_finite(each.next_attempt)))
            for each in lists.failed
        ),
        left_out=_remarks(lists.left_out),
        mended=_remarks(lists.mended),
        names_too_long=lists.too_long[:NOTED_SHOWN],
        names_not_portable=lists.not_portable[:NOTED_SHOWN],
    )


def _remarks(noted: tuple[NotedEntries, ...]) -> tuple[EntriesRemark, ...]:
    return tuple(
        EntriesRemark(kind=each.kind, what=each.what, count=each.count, names=each.names)
        for each in noted[:NOTED_SHOWN]
    )


def _finite(moment: float) -> float | None:
    """A moment; None where there is none yet, for the list is on its way."""
    return moment if isfinite(moment) else None
