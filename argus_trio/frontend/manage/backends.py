"""`/manage/v1/backends`: how each backend stands, as values to a body. Reasons come without secrets in them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Final

import attrs
import trio

from argus_trio.contract.backends import BACKENDS
from argus_trio.contract.operation import Operation
from argus_trio.core.health.health import BackendStatus, ListsStatus, Overview
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import encode

NOTED_SHOWN: Final = 100
"""How many different remarks on entries are shown of one backend, and how many names."""


@attrs.frozen(kw_only=True)
class Clocks:
    """The same moment on the clock that values use, and as seconds of the Unix epoch."""

    now: float
    unix: float

    def rfc3339(self, moment: float | None) -> str | None:
        """A moment of the former, as people and programs write it."""
        if moment is None:
            return None
        shown = datetime.fromtimestamp(self.unix + moment - self.now, UTC)
        return shown.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def backend_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """How the backends stand."""

    async def backends(_: ManageRequest) -> PageAnswer:
        clocks = Clocks(now=trio.current_time(), unix=time.time())
        return PageAnswer(body=backends_body(gateway.overview(), clocks))

    return {BACKENDS: backends}


def backends_body(overview: Overview, clocks: Clocks) -> bytes:
    """The answer to `backends`."""
    return encode(
        {
            "backends": [_shown(backend, clocks) for backend in overview.backends],
            "draining": [attrs.asdict(draining) for draining in overview.draining],
            "calls_cut": overview.calls_cut,
        }
    )


def _shown(backend: BackendStatus, clocks: Clocks) -> dict[str, object]:
    standing = backend.standing
    since = clocks.rfc3339(standing.since)
    return {
        "name": backend.name,
        "type": backend.type,
        "state": backend.state,
        "what": standing.what or None,
        "reason": standing.reason,
        "details": list(standing.details),
        "since": since,
        "next_attempt": clocks.rfc3339(standing.next_attempt),
        "error": standing.reason if standing.state is BackendState.DOWN else None,
        "revision": backend.revision,
        "failed_attempts": backend.failures,
        "breaker": "open" if backend.is_breaker_open else "closed",
        "health": {
            "status": backend.status,
            "last_check": clocks.rfc3339(backend.heard_at),
            "latency_ms": None if backend.latency is None else round(backend.latency * 1000, 1),
            "failures": backend.unanswered,
        },
        "calls": attrs.asdict(backend.calls),
        "notifications": {"dropped": backend.dropped},
        "session": {"setting": backend.session, "shared": backend.is_shared, "reason": backend.shared_because},
        "capabilities": dict(backend.counts),
        "lists": _lists(backend.lists, clocks),
    }


def _lists(lists: ListsStatus, clocks: Clocks) -> dict[str, object]:
    return {
        "failed": [
            {"kind": each.kind, "reason": each.reason, "next_attempt": clocks.rfc3339(_finite(each.next_attempt))}
            for each in lists.failed
        ],
        "left_out": [attrs.asdict(noted) for noted in lists.left_out[:NOTED_SHOWN]],
        "mended": [attrs.asdict(noted) for noted in lists.mended[:NOTED_SHOWN]],
        "names_too_long": lists.too_long[:NOTED_SHOWN],
        "names_not_portable": lists.not_portable[:NOTED_SHOWN],
    }


def _finite(moment: float) -> float | None:
    """A moment; None where there is none yet, for the list is on its way."""
    return moment if isfinite(moment) else None
