"""How backends stand, gathered from their scopes as plain values.

What is made of them is up to the management API and the dashboard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import trio

from argus_trio.backends.connectivity.recovery import CHANGES_KEPT
from argus_trio.backends.generation import Generation
from argus_trio.backends.holds import Holds
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import BackendSpec
from argus_trio.core.catalog.catalog import Catalog
from argus_trio.core.catalog.remarks import Remark, gathered
from argus_trio.core.control import Hold
from argus_trio.core.health.health import (
    BackendStatus,
    Calls,
    FailedList,
    Health,
    ListsStatus,
    NotedEntries,
    StateChange,
)
from argus_trio.core.health.lifecycle import BackendStanding, BackendState

BY_FILE: Final = "the file disables it"
BY_OPERATOR: Final = "an operator has disabled it"
"""Why a backend does not run."""

_COUNTED: Final = ("tools", "resources", "prompts")


def health_of(scopes: Iterable[Scope], first: Container[Scope]) -> Health:
    """How many backends a client would find in which state; `first` are those that the gateway started with.

    One whose session is being renewed does not count as starting: calls reach it.
    """
    all_scopes = list(scopes)
    states = [scope.state for scope in all_scopes]
    starting = [scope for scope in all_scopes if scope.state is BackendState.STARTING and not scope.has_listed]
    renewing = states.count(BackendState.STARTING) - len(starting)
    return Health(
        total=len(states),
        connected=sum(1 for state in states if state.is_up) + renewing,
        healthy=states.count(BackendState.READY),
        preparing=states.count(BackendState.PREPARING),
        starting=len(starting),
        added=sum(1 for scope in starting if scope not in first),
    )


def overview_of(now: Generation, holds: Holds) -> tuple[BackendStatus, ...]:
    """How each backend of the file stands now, in its order; one without a scope is disabled."""
    running = {status.name: status for status in statuses_of(now.scopes.values(), now.catalog, holds.by_name)}
    return tuple(running.get(name) or _disabled(spec, holds) for name, spec in now.config.backends.items())


def statuses_of(
    scopes: Iterable[Scope], catalog: Catalog, holds: Mapping[str, Hold] = MappingProxyType({})
) -> list[BackendStatus]:
    """How each backend stands now, with how many of its entries are in `catalog`."""
    counts: Counter[tuple[str, str]] = Counter()
    for kind, routes in (("tools", catalog.tools), ("prompts", catalog.prompts), ("resources", catalog.resources)):
        counts.update((route.backend, kind) for route in routes.values())
    counts.update((route.backend, "resources") for _, route in catalog.templates)
    return [_status_of(scope, counts, catalog, holds.get(scope.spec.name)) for scope in scopes]


def _disabled(spec: BackendSpec, holds: Holds) -> BackendStatus:
    """The status of a backend that is not to run: an operator disabled it where there is a hold, else the file."""
    hold, since = holds.by_name.get(spec.name), holds.off_since.get(spec.name, 0.0)
    reason = BY_FILE if hold is None else BY_OPERATOR
    off = StateChange(at=since, state=BackendState.STOPPED, reason=reason)
    return BackendStatus(
        name=spec.name,
        type=spec.type,
        standing=BackendStanding(state=BackendState.STOPPED, since=since, reason=reason),
        session=spec.session,
        counts=dict.fromkeys(_COUNTED, 0),
        conditions=(*holds.went_through.get(spec.name, ()), off)[-CHANGES_KEPT:],
        hold=hold,
        restarts=max(0, holds.starts.get(spec.name, 0) - 1),
        is_enabled=hold is not None,
    )


def _status_of(scope: Scope, counts: Counter[tuple[str, str]], catalog: Catalog, hold: Hold | None) -> BackendStatus:
    now, connection, breaker = trio.current_time(), scope.shared.connection, scope.recovery.breaker
    refused = scope.bulkhead.refused + scope.client_connections.shares.refusals.count
    return BackendStatus(
        name=scope.spec.name,
        type=scope.spec.type,
        standing=scope.recovery.standing,
        revision=None if connection is None else connection.handshake.revision,
        heard_at=None if connection is None else connection.probe_state.heard_at,
        latency=None if connection is None else connection.probe_state.latency,
        unanswered=0 if connection is None else connection.probe_state.unanswered(now),
        failures=breaker.failures,
        is_breaker_open=breaker.is_open,
        restarts=max(0, scope.recovery.starts - 1),
        program=None if connection is None else connection.link.program,
        programs=len(scope.client_connections.table),
        calls=Calls(under_way=scope.bulkhead.under_way, waiting=scope.bulkhead.waiting, refused=refused),
        dropped=scope.address.losses.dropped,
        session=scope.spec.session,
        is_shared=scope.shared.sharing.setting == "shared",
        shared_because=scope.rivals.shares_because,
        counts={kind: counts[scope.spec.name, kind] for kind in _COUNTED},
        lists=_lists_of(scope, catalog),
        connected_at=scope.recovery.connected_at,
        conditions=scope.recovery.changes,
        hold=hold,
        isolation=None if scope.address.sandbox is None else scope.address.sandbox.isolation(scope.spec),
    )


def _lists_of(scope: Scope, catalog: Catalog) -> ListsStatus:
    name = scope.spec.name
    dropped = (
        Remark(backend=name, kind="tools", name=d.tool, what=d.reason) for d in catalog.dropped if d.backend == name
    )
    faults = scope.shared.lists.faults.values() if scope.shared.connection is not None else ()
    return ListsStatus(
        failed=tuple(FailedList(kind=f.kind, reason=f.reason, next_attempt=f.next_at) for f in faults),
        left_out=_noted(name, (*catalog.left_out, *dropped)),
        mended=_noted(name, catalog.mended),
        too_long=tuple(shown for shown in catalog.too_long if _is_of(catalog, shown, name)),
        not_portable=tuple(shown for shown in catalog.not_portable if _is_of(catalog, shown, name)),
    )


def _noted(backend: str, remarks: Iterable[Remark]) -> tuple[NotedEntries, ...]:
    return tuple(
        NotedEntries(kind=common.kind, what=common.what, count=common.count, names=common.names)
        for common in gathered(remark for remark in remarks if remark.backend == backend)
    )


def _is_of(catalog: Catalog, shown: str, backend: str) -> bool:
    route = catalog.tools.get(shown) or catalog.prompts.get(shown)
    return route is not None and route.backend == backend
