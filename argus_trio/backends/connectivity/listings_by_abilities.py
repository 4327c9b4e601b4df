"""What one backend shows: to clients that declare nothing, and to each distinct set of abilities that a client has.

What a legacy backend lists can depend on what its client can do: each set gets a listing of its own, made once over a
connection that declares just that set, kept, and made again when the backend says that something has changed.
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
    """Who lends connections to list over, and runs the tasks that do."""

    def borrowed(self, abilities: Abilities) -> AbstractAsyncContextManager[Connection]:
        """A connection that was greeted with `abilities`. Raises `BackendUnavailable` on entering."""

    def start_soon(self, function: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        """Start a task."""


@attrs.frozen(kw_only=True)
class _Made:
    """What was made ready for the catalog, and of what."""

    spec: BackendSpec
    kept: KnownListing
    serves_resources: bool
    published: Published


@attrs.define(eq=False)
class ListingsByAbilities:
    """The listings, by abilities. `on_published` is called when one has changed."""

    address: BackendAddress
    on_published: Callable[[], None]
    _kept: dict[Abilities, KnownListing] = attrs.field(factory=dict, init=False)
    _made: dict[Abilities, trio.Event] = attrs.field(factory=dict, init=False)
    _outdated: set[Abilities] = attrs.field(factory=set, init=False)
    """Listed over an earlier connection, and not yet over this one."""
    _flapping: Flapping = attrs.field(factory=Flapping, init=False)
    _published: dict[Abilities, _Made] = attrs.field(factory=dict, init=False)

    def of(self, abilities: Abilities) -> KnownListing | None:
        """What clients with `abilities` are shown; what all are, as long as theirs is not made; None: nothing known."""
        kept = self._kept.get(abilities)
        return self._kept.get(NONE) if kept is None else kept

    def inherit(self, old: ListingsByAbilities) -> None:
        """Show what another did, as long as nothing has been listed here; without telling of it."""
        self._kept = dict(old._kept)

    def published(self, abilities: Abilities, *, serves_resources: bool) -> Published | None:
        """The same, made ready for the catalog; made once, as long as nothing of it changes."""
        kept = self.of(abilities)
        if kept is None:
            return None
        spec = self.address.spec
        last = self._published.get(abilities)
        if last is None or last.kept is not kept or last.spec is not spec or last.serves_resources != serves_resources:
            published = publish(spec, kept, serves_resources=serves_resources)
            last = _Made(spec=spec, kept=kept, serves_resources=serves_resources, published=published)
            self._published[abilities] = last
        return last.published

    def begin(self, kept: KnownListing) -> None:
        """There is a new shared connection, which lists this; whatever was made over an earlier one is made anew.

        Until it is, it stands: a backend that comes back as it was shows nobody anything else meanwhile.
        """
        before = self._kept.get(NONE)
        if before is not None:
            now = trio.current_time()
            if self._flapping.returned(now):
                seconds = round(self._flapping.within(now), 1)
                log.warning("backend_flapping", backend=self.address.spec.name, returns=OFTEN, seconds=seconds)
            self._report(before, kept)
        self._kept[NONE], self._made = kept, {}
        self._outdated = self._kept.keys() - {NONE}
        self.on_published()
        for abilities in self._outdated - self._made.keys():  # nobody has asked for these any more
            self._outdated.discard(abilities)
            del self._kept[abilities]

    def keep(self, abilities: Abilities, kept: KnownListing) -> None:
        """This has been listed for clients with `abilities`: everything, or the kinds that changed."""
        before = self._kept.get(abilities)
        self._outdated.discard(abilities)
        if before is not None and all(before.get(kind) == entries for kind, entries in kept.items()):
            return
        self._kept[abilities] = {**(before or {}), **kept}
        if abilities == NONE:
            self._report(before or {}, self._kept[abilities])
        self.on_published()

    def relisted(self, lender: Lender, kept: KnownListing) -> None:
        """The shared connection lists this now; what clients with abilities are shown may have changed with it."""
        self.keep(NONE, kept)
        for abilities in self._made:
            self._start(lender, abilities)

    async def make(self, lender: Lender, abilities: Abilities) -> None:
        """See to it that there is a listing for `abilities`, or that the attempt to make one has failed."""
        self.make_soon(lender, abilities)
        await self._made[abilities].wait()

    def make_soon(self, lender: Lender, abilities: Abilities) -> None:
        """As `make`, without waiting for it."""
        if abilities not in self._made:
            self._start(lender, abilities)

    def _start(self, lender: Lender, abilities: Abilities) -> None:
        made = self._made[abilities] = trio.Event()
        lender.start_soon(self._list, lender, abilities, made)

    async def _list(self, lender: Lender, abilities: Abilities, made: trio.Event) -> None:
        try:
            with trio.move_on_after(self.address.spec.timeouts.connect):
                async with lender.borrowed(abilities) as connection:
                    self.keep(abilities, await list_kinds(connection, KINDS, self.address.redact))
        except BackendUnavailable as unavailable:
            log.info("backend_list_for_client_failed", backend=self.address.spec.name, reason=unavailable.message)
        finally:
            made.set()
            if abilities in self._outdated:  # it could not be made anew
                self._outdated.discard(abilities)
                self._kept.pop(abilities, None)
                self.on_published()

    def _report(self, before: KnownListing, now: KnownListing) -> None:
        for upheaval in upheavals(before, now):
            log.warning("backend_list_upheaval", backend=self.address.spec.name, **attrs.asdict(upheaval))
