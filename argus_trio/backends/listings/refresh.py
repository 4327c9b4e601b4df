"""Keeping what a connection lists: everything once, then again what the backend says has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.fetch import list_all
from argus_trio.backends.listings.listing import CAPABILITIES
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.catalog.storm import Storm
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

KnownListing = dict[str, Sequence[tuple[str, Params]]]
"""Per kind, the entries that were listed last."""


async def list_kinds(connection: Connection, kinds: Sequence[str], redact: Redactor) -> KnownListing:
    """What the backend lists of those kinds that it declares. A list that it refuses is reported and left out."""
    declared = connection.handshake.capabilities
    listed: KnownListing = {}

    async def fetch(kind: str) -> None:
        try:
            listed[kind] = await list_all(connection, kind)
        except LinkFailed as failure:
            reason = redact(failure.reason)
            log.warning("backend_list_failed", backend=connection.backend, kind=kind, reason=reason)

    async with trio.open_nursery() as nursery:
        for kind in kinds:
            if CAPABILITIES[kind] in declared:
                nursery.start_soon(fetch, kind)
    return listed


@attrs.define(eq=False)
class PendingChanges:
    """The kinds that a backend said have changed since the last look, and the pace of the looks."""

    storm: Storm = attrs.field(factory=Storm, init=False)
    _kinds: set[str] = attrs.field(factory=set, init=False)
    _woken: trio.Event = attrs.field(factory=trio.Event, init=False)

    def add(self, kinds: tuple[str, ...]) -> None:
        """These have changed, once more."""
        self.storm.heard += 1
        self.again(kinds)

    def again(self, kinds: tuple[str, ...]) -> None:
        """These have to be looked at once more."""
        self._kinds.update(kinds)
        self._woken.set()

    async def wait(self) -> tuple[str, ...]:
        """The kinds that changed, once something has and it is time to look; none of them if a storm is over first."""
        if self.storm.is_storm:
            with trio.move_on_at(self.storm.calm_at):
                await self._woken.wait()
            if not self._woken.is_set():
                return ()
        await self._woken.wait()
        await trio.sleep_until(self.storm.next_look(trio.current_time()))
        kinds = tuple(kind for kind in KINDS if kind in self._kinds)
        self._kinds.clear()
        self._woken = trio.Event()
        return kinds


async def keep_listed(
    connection: Connection,
    changes: PendingChanges,
    redact: Redactor,
    seconds: float,
    publish: Callable[[KnownListing], None],
) -> None:
    """List again what has changed, one round of at most `seconds` at a time, until cancelled.

    A round that takes longer is told and repeated: what changed is not forgotten. Rounds of a backend that says without
    end that something has changed come ever later (`core/catalog/storm.py`).
    """
    storm, backend = changes.storm, connection.backend
    while True:
        kinds = await changes.wait()
        if not kinds:
            log.info("backend_list_storm_over", backend=backend, heard=storm.heard, rounds=storm.looks)
            storm.end()
            continue
        with trio.move_on_after(seconds) as limit:
            publish(await list_kinds(connection, kinds, redact))
        if storm.looked(trio.current_time()):
            log.warning("backend_list_storm", backend=backend, heard=storm.heard, rounds=storm.looks)
        if limit.cancelled_caught:
            log.warning("backend_relist_late", backend=backend, kinds=list(kinds), seconds=seconds)
            changes.again(kinds)
