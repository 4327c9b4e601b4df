"""Listing what a backend has: everything once, then again the kinds that it says have changed.

One list is fetched in `fetch.py`; the pace of many changes is set in `core/catalog/storm.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.fetch import list_all
from argus_trio.backends.listings.listing import CAPABILITIES
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.catalog.storm import LONGEST_VAIN_SECONDS, Storm, StormNews
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

KnownListing = dict[str, Sequence[tuple[str, Params]]]
"""What a backend listed last, by kind: key and members of each entry."""


async def list_kinds(connection: Connection, kinds: Sequence[str], redact: Redactor) -> KnownListing:
    """What the backend lists of these kinds, as far as it declared them, fetched at once. Has no deadline of its own.

    A list that cannot be fetched is logged and left out.
    """
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
    """The kinds that a backend said have changed and that have not been listed since, and the pace of listing them."""

    storm: Storm = attrs.field(factory=Storm, init=False)
    """How often the backend says so, and when the next round is due."""
    _kinds: set[str] = attrs.field(factory=set, init=False)
    _listed: dict[str, bytes] = attrs.field(factory=dict, init=False)
    """A digest of what was listed last, by kind."""
    _woken: trio.Event = attrs.field(factory=trio.Event, init=False)

    def add(self, kinds: tuple[str, ...]) -> None:
        """Note that the backend said these kinds have changed."""
        self.storm.heard += 1
        self.again(kinds)

    def again(self, kinds: tuple[str, ...]) -> None:
        """Have these kinds listed again, without the backend saying anything."""
        self._kinds.update(kinds)
        self._woken.set()

    def are_in(self, listing: KnownListing) -> bool:
        """Whether anything has changed in `listing` since the last one of the same kinds; what is new counts."""
        digests = {kind: _digest(entries) for kind, entries in listing.items()}
        has_changed = any(self._listed.get(kind) != digest for kind, digest in digests.items())
        self._listed.update(digests)
        return has_changed

    async def wait(self) -> tuple[str, ...]:
        """Wait for a change, and until it is time to list again; those that changed, none if a storm ended first."""
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
    """List again what has changed, one round of at most `seconds` at a time, and `publish` that, until cancelled.

    A round that takes longer is logged and repeated: no change is forgotten. The rounds of a backend that reports
    changes without end come ever later, the later if nothing has changed (`core/catalog/storm.py`).
    """
    storm, backend = changes.storm, connection.backend
    while True:
        kinds = await changes.wait()
        if not kinds:
            log.info("backend_list_storm_over", backend=backend, heard=storm.heard, rounds=storm.looks)
            storm.end()
            continue
        found_news = True  # a list that does not come is not one in which nothing changes
        with trio.move_on_after(seconds) as limit:
            listing = await list_kinds(connection, kinds, redact)
            found_news = changes.are_in(listing)
            publish(listing)
        _tell(storm.looked(trio.current_time(), found_news=found_news), storm, backend)
        if limit.cancelled_caught:
            log.warning("backend_relist_late", backend=backend, kinds=list(kinds), seconds=seconds)
            changes.again(kinds)


def _tell(news: StormNews | None, storm: Storm, backend: str) -> None:
    facts = {"backend": backend, "heard": storm.heard, "rounds": storm.looks}
    match news:
        case StormNews.BEGAN:
            log.warning("backend_list_storm", **facts)
        case StormNews.SLOWED:
            log.warning("backend_list_storm_slowed", **facts, unchanged=storm.vain, longest_wait=LONGEST_VAIN_SECONDS)
        case StormNews.RESUMED:
            log.info("backend_list_storm_resumed", **facts)
        case None:
            pass


def _digest(entries: Sequence[tuple[str, Params]]) -> bytes:
    """A digest of what was listed, so that it need not be held twice."""
    digest = blake2b(digest_size=16)
    for _, fields in entries:
        for name, value in fields.items():
            digest.update(b"%d,%d:" % (len(name), len(bytes(value))) + name.encode("utf-8", "surrogatepass"))
            digest.update(bytes(value))
        digest.update(b";")
    return digest.digest()
