"""Keeping what a connection lists: everything once, then again what the backend says has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection import Connection
from argus_trio.backends.listing import CAPABILITIES
from argus_trio.core.catalog import KINDS
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

RELIST_QUIET: Final = 0.05
"""Seconds in which further `list_changed` of a backend count as the same one."""

Kept = dict[str, Sequence[tuple[str, Params]]]
"""Per kind, the entries that were listed last."""


async def list_kinds(connection: Connection, kinds: Sequence[str], redact: Redactor) -> Kept:
    """What the backend lists of those kinds that it declares. A list that it refuses is reported and left out."""
    declared = connection.greeting.capabilities
    listed: Kept = {}

    async def fetch(kind: str) -> None:
        try:
            listed[kind] = await connection.list_all(kind)
        except LinkFailed as failure:
            reason = redact(failure.reason)
            log.warning("backend_list_failed", backend=connection.backend, kind=kind, reason=reason)

    async with trio.open_nursery() as nursery:
        for kind in kinds:
            if CAPABILITIES[kind] in declared:
                nursery.start_soon(fetch, kind)
    return listed


@attrs.define(eq=False)
class Changes:
    """The kinds that a backend said have changed since the last look."""

    _kinds: set[str] = attrs.field(factory=set)
    _woken: trio.Event = attrs.field(factory=trio.Event)

    def add(self, kinds: tuple[str, ...]) -> None:
        """These have changed, once more."""
        self._kinds.update(kinds)
        self._woken.set()

    async def wait(self) -> tuple[str, ...]:
        """The kinds that changed, once something has and it has been quiet for a moment."""
        await self._woken.wait()
        await trio.sleep(RELIST_QUIET)
        kinds = tuple(kind for kind in KINDS if kind in self._kinds)
        self._kinds.clear()
        self._woken = trio.Event()
        return kinds


async def keep_listed(
    connection: Connection, changes: Changes, redact: Redactor, seconds: float, publish: Callable[[Kept], None]
) -> None:
    """List again what has changed, one round of at most `seconds` at a time, until cancelled."""
    while True:
        kinds = await changes.wait()
        with trio.move_on_after(seconds):
            publish(await list_kinds(connection, kinds, redact))
