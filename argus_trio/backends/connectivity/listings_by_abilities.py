"""What one backend lists: to clients that declare nothing, and to each distinct set of abilities that a client has.

What a legacy backend lists can depend on what its client can do: each set gets a listing of its own, requested once
over a connection that declares just that set, and again when the backend says that something has changed. What a single
session's connection lists differently is not here but in `client_connection.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVarTuple

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.listings.listing import publish
from argus_trio.backends.listings.refresh import KnownListing, list_kinds
from argus_trio.config.model.backend import BackendSpec
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.catalog.catalog import KINDS, Published
from argus_trio.core.catalog.upheaval import upheavals
from argus_trio.core.health.flapping import OFTEN, Flapping
from argus_trio.errors import BackendUnavailable

log = structlog.get_logger()


Ts = TypeVarTuple("Ts")


class Lender(Protocol):
    """What lends connections to list over, and runs the tasks that do."""

    def borrowed(self, abilities: Abilities) -> AbstractAsyncContextManager[Connection]:
        """A connection that `abilities` were declared on, for the length of the block.

        Raises:
            BackendUnavailable: on entering, if there is none.
        """

    def start_soon(self, function: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        """Start a task that ends with the lender."""


@attrs.frozen(kw_only=True)
class _Prepared:
    """A listing made ready for the catalog, and what it was made from."""

    spec: BackendSpec
    listing: KnownListing
    serves_resources: bool
    published: Published


@attrs.define(eq=False)
class ListingsByAbilities:
    """The listings of one backend, by abilities. `on_published` is called when one has changed."""

    address: BackendAddress
    on_published: Callable[[], None]
    _listings: dict[Abilities, KnownListing] = attrs.field(factory=dict, init=False)
    _requested: dict[Abilities, trio.Event] = attrs.field(factory=dict, init=False)
    """The abilities that a listing was requested for over the present shared connection; set once that has ended."""
    _outdated: set[Abilities] = attrs.field(factory=set, init=False)
    """The abilities whose listing is of an earlier shared connection, and has not been renewed since."""
    _flapping: Flapping = attrs.field(factory=Flapping, init=False)
    _published: dict[Abilities, _Prepared] = attrs.field(factory=dict, init=False)

    def of(self, abilities: Abilities) -> KnownListing | None:
        """The listing for clients with `abilities`, or, as long as there is none, that for all; None without either."""
        listing = self._listings.get(abilities)
        return self._listings.get(NONE) if listing is None else listing

    def inherit(self, old: ListingsByAbilities) -> None:
        """Begin with the listings of `old`, until something has been listed here; without calling `on_published`."""
        self._listings = dict(old._listings)

    def published(self, abilities: Abilities, *, serves_resources: bool) -> Published | None:
        """What clients with `abilities` see, made ready for the catalog: once, as long as nothing of it changes.

        None if nothing has been listed yet. `serves_resources` says whether the backend declared resources.
        """
        listing = self.of(abilities)
        if listing is None:
            return None
        spec = self.address.spec
        last = self._published.get(abilities)
        if (
            last is None
            or last.listing is not listing
            or last.spec is not spec
            or last.serves_resources != serves_resources
        ):
            published = publish(spec, listing, serves_resources=serves_resources)
            last = _Prepared(spec=spec, listing=listing, serves_resources=serves_resources, published=published)
            self._published[abilities] = last
        return last.published

    def begin(self, listing: KnownListing) -> None:
        """Take the listing of a new shared connection; listings by abilities are requested anew.

        Until then the earlier ones stay: while a backend comes back as it was, nothing changes for clients.
        """
        before = self._listings.get(NONE)
        if before is not None:
            now = trio.current_time()
            if self._flapping.returned(now):
                seconds = round(self._flapping.within(now), 1)
                log.warning("backend_flapping", backend=self.address.spec.name, returns=OFTEN, seconds=seconds)
            self._report(before, listing)
        self._listings[NONE], self._requested = listing, {}
        self._outdated = self._listings.keys() - {NONE}
        self.on_published()
        for abilities in self._outdated - self._requested.keys():  # nobody has asked for these any more
            self._outdated.discard(abilities)
            del self._listings[abilities]

    def keep(self, abilities: Abilities, listing: KnownListing) -> None:
        """Take what was listed for clients with `abilities`: everything, or the kinds that changed."""
        before = self._listings.get(abilities)
        self._outdated.discard(abilities)
        if before is not None and all(before.get(kind) == entries for kind, entries in listing.items()):
            return
        self._listings[abilities] = {**(before or {}), **listing}
        if abilities == NONE:
            self._report(before or {}, self._listings[abilities])
        self.on_published()

    def relisted(self, lender: Lender, listing: KnownListing) -> None:
        """Take what the shared connection lists now, and request the listings by abilities anew."""
        self.keep(NONE, listing)
        for abilities in self._requested:
            self._start(lender, abilities)

    async def make(self, lender: Lender, abilities: Abilities) -> None:
        """Wait until `abilities` have been listed for, or the attempt has failed; at most for `timeouts.connect`."""
        self.make_soon(lender, abilities)
        await self._requested[abilities].wait()

    def make_soon(self, lender: Lender, abilities: Abilities) -> None:
        """Request a listing for `abilities`, unless that has been done. Does not wait for it."""
        if abilities not in self._requested:
            self._start(lender, abilities)

    def _start(self, lender: Lender, abilities: Abilities) -> None:
        listed = self._requested[abilities] = trio.Event()
        lender.start_soon(self._list, lender, abilities, listed)

    async def _list(self, lender: Lender, abilities: Abilities, listed: trio.Event) -> None:
        try:
            with trio.move_on_after(self.address.spec.timeouts.connect):
                async with lender.borrowed(abilities) as connection:
                    self.keep(abilities, await list_kinds(connection, KINDS, self.address.redact))
        except BackendUnavailable as unavailable:
            log.info("backend_list_for_client_failed", backend=self.address.spec.name, reason=unavailable.message)
        finally:
            listed.set()
            if abilities in self._outdated:  # it could not be listed anew
                self._outdated.discard(abilities)
                self._listings.pop(abilities, None)
                self.on_published()

    def _report(self, before: KnownListing, now: KnownListing) -> None:
        for upheaval in upheavals(before, now):
            log.warning("backend_list_upheaval", backend=self.address.spec.name, **attrs.asdict(upheaval))
