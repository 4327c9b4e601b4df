"""What one backend lists: to clients that declare nothing, and to each distinct set of abilities that a client has.

What a legacy backend lists can depend on what its client can do: each set gets a listing of its own, requested once
over a connection that declares just that set, and again when the backend says that something has changed. No client
waits for it: until it is there, all sets count as equal. What a single session's connection lists differently is not
here but in `client_connection.py`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeVarTuple

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.watched_lists import list_backoff
from argus_trio.backends.listings.listing import publish
from argus_trio.backends.listings.rounds import KnownListing, ListOutcome, list_kinds
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.call.abilities import NONE, ROOTS_LIST, Abilities
from argus_trio.core.catalog.catalog import KINDS, Published
from argus_trio.core.catalog.remarks import upheavals
from argus_trio.core.catalog.storm import LONGEST_VAIN_SECONDS
from argus_trio.core.health.flapping import OFTEN, Flapping
from argus_trio.errors import BackendUnavailable

log = structlog.get_logger()


Ts = TypeVarTuple("Ts")


LISTING_TURNS: Final = 4
"""How many listings by abilities are made at once over the whole gateway. Each starts a process where the backend is
one, and a client with new abilities leads to one for every backend: the calls of clients are to come first."""

LISTING_TRIES: Final = 3
"""How many connections are tried for one listing: one may end with its client, and the next one too."""

NOTING_SECONDS: Final = 0.1
"""How long a list that could not be fetched waits until the loss of its connection is known: that takes no time, but is
done by another task. A list that the backend itself refused costs that much."""


class Lent(Protocol):
    """A connection that is lent, as far as listing over it needs to know."""

    @property
    def has_own_lists(self) -> bool:
        """Whether its lists have changed since it opened, for the session that owns it, and perhaps for no other."""

    @property
    def is_usable(self) -> bool:
        """Whether it has not been lost or closed."""


class Lender(Protocol):
    """What lends connections to list over, and runs the tasks that do."""

    def borrowed(self, abilities: Abilities) -> AbstractAsyncContextManager[tuple[Connection, Lent]]:
        """A connection that `abilities` were declared on and whose lists have not changed, for the length of the block.

        Raises:
            BackendUnavailable: on entering, if there is none.
        """

    def start_soon(self, function: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        """Start a task that ends with the lender."""


@attrs.frozen(kw_only=True)
class _Prepared(Value):
    """A listing made ready for the catalog, and what it was made from."""

    spec: BackendSpec
    listing: KnownListing
    rest: tuple[object, ...]
    """What else it was made from; compared by `==`."""
    published: Published


def listing_turns() -> trio.CapacityLimiter:
    """The turns that the backends of one gateway take."""
    return trio.CapacityLimiter(LISTING_TURNS)


@attrs.define(eq=False, repr=False)
class ListingsByAbilities:
    """The listings of one backend, by abilities. `on_published` is called when one has changed.

    `turns` says how many are made at once; backends share it.
    """

    address: BackendAddress
    on_published: Callable[[], None]
    turns: trio.CapacityLimiter = attrs.field(factory=listing_turns)
    _listings: dict[Abilities, KnownListing] = attrs.field(factory=dict, init=False)
    _requested: dict[Abilities, trio.Event] = attrs.field(factory=dict, init=False)
    """The abilities that a listing was requested for over the present shared connection; set once that has ended."""
    _outdated: set[Abilities] = attrs.field(factory=set, init=False)
    """The abilities whose listing is of an earlier shared connection, and has not been renewed since."""
    _flapping: Flapping = attrs.field(factory=Flapping, init=False)
    _published: dict[Abilities, _Prepared] = attrs.field(factory=dict, init=False)
    _has_asked_for_roots: bool = attrs.field(default=False, init=False)
    _nameless: dict[str, int] = attrs.field(factory=dict, init=False)
    """How many entries of each kind nothing identifies, over the shared connection."""
    _is_surprising: bool = attrs.field(default=False, init=False)
    """Whether it was taken to ignore roots until it asked for them."""

    def of(self, abilities: Abilities) -> KnownListing | None:
        """The listing for clients with `abilities`, or, as long as there is none, that for all; None without either."""
        listing = self._listings.get(abilities)
        return self._listings.get(NONE) if listing is None else listing

    def inherit(self, old: ListingsByAbilities) -> None:
        """Begin with the listings of `old`, until something has been listed here; without calling `on_published`."""
        self._listings, self._nameless = dict(old._listings), dict(old._nameless)

    def ignores_roots(self, abilities: Abilities) -> bool:
        """Whether it makes no difference to the backend that its client has roots and can be asked nothing else.

        So it seems if it lists the same to such clients as to those with nothing, and has not asked any for its roots.
        """
        if self._has_asked_for_roots or not abilities.are_roots_alone:
            return False
        listing = self._listings.get(abilities)
        return listing is not None and listing is self._listings.get(NONE)

    def was_asked(self, method: str) -> bool:
        """Take note of a request of the backend, over any of its connections; whether it was taken to ask for no roots
        and asks for them, so that calls of clients with roots may be under way on the shared connection."""
        if method != ROOTS_LIST:
            return False
        if not self._has_asked_for_roots:
            self._is_surprising = any(self.ignores_roots(abilities) for abilities in self._listings)
            self._has_asked_for_roots = True
            if self._is_surprising:
                log.info("backend_asked_for_roots", backend=self.address.spec.name)
        return self._is_surprising

    def published(self, abilities: Abilities, *, serves_resources: bool, is_modern: bool = False) -> Published | None:
        """What clients with `abilities` see, made ready for the catalog: once, as long as nothing of it changes.

        None if nothing has been listed yet. `serves_resources` says whether the backend declared resources,
        `is_modern` in which era it lists.
        """
        listing = self.of(abilities)
        if listing is None:
            return None
        spec = self.address.spec
        nameless = self._nameless if abilities == NONE else {}
        rest = (serves_resources, is_modern, tuple(nameless.items()))
        last = self._published.get(abilities)
        if last is None or last.listing is not listing or last.spec is not spec or last.rest != rest:
            published = publish(
                spec, listing, serves_resources=serves_resources, is_modern=is_modern, nameless=nameless
            )
            last = _Prepared(spec=spec, listing=listing, rest=rest, published=published)
            self._published[abilities] = last
        return last.published

    def begin(self, listed: ListOutcome) -> None:
        """Take the listing of a new shared connection; listings by abilities are requested anew.

        Until then the earlier ones stay: while a backend comes back as it was, nothing changes for clients. So does a
        list that did not come this time.
        """
        before = self._listings.get(NONE)
        listing = listed.instead_of(before)
        self._note_nameless(listed)
        if before is not None:
            now = trio.current_time()
            if self._flapping.returned(now):
                seconds = round(self._flapping.within(now), 1)
                log.warning("backend_flapping", backend=self.address.spec.name, returns=OFTEN, seconds=seconds)
            self._report(before, listing)
            listing = before if listing == before else listing
        self._listings[NONE], self._requested = listing, {}
        self._outdated = self._listings.keys() - {NONE}
        self.on_published()
        for abilities in self._outdated - self._requested.keys():  # nobody has asked for these any more
            self._outdated.discard(abilities)
            del self._listings[abilities]

    def withdraw(self) -> None:
        """Show nothing of the backend any more, until it is connected again: what it lists is the gateway's own."""
        shown = {kind: len(entries) for kind, entries in (self._listings.get(NONE) or {}).items() if entries}
        was_known = NONE in self._listings
        self._listings, self._requested, self._outdated = {NONE: {}}, {}, set()
        if shown:
            log.warning("backend_lists_withdrawn", backend=self.address.spec.name, **shown)
        if shown or not was_known:
            self.on_published()

    def keep(self, abilities: Abilities, listing: KnownListing) -> None:
        """Take what was listed for clients with `abilities`: everything, or the kinds that changed.

        What equals the listing for all is that very listing, so that nothing is made of it twice.
        """
        before, common = self._listings.get(abilities), self._listings.get(NONE)
        self._outdated.discard(abilities)
        now = {**(before or {}), **listing}
        if abilities != NONE and common is not None and now == common:
            now = common
        elif before is not None and now == before:
            return
        shown = self.of(abilities)
        self._listings[abilities] = now
        if abilities == NONE:
            self._report(before or {}, now)
        if now is not shown:
            self.on_published()

    def relisted(self, lender: Lender, listed: ListOutcome) -> None:
        """Take what the shared connection lists now, and request the listings by abilities anew.

        Where each connection is a process, news that change nothing in this one say nothing of the others; nor does a
        look that found nothing new where nobody said that there was.
        """
        before = self._listings.get(NONE)
        self._note_nameless(listed)
        self.keep(NONE, listed.over(before))
        is_news = not listed.is_routine and not isinstance(self.address.spec, StdioBackend)
        if self._listings.get(NONE) is before and not is_news:
            return
        for abilities in self._requested:
            self._start(lender, abilities)

    async def make(self, lender: Lender, abilities: Abilities) -> None:
        """Wait until `abilities` have been listed for, or the attempt has failed; at most for `timeouts.connect`."""
        self.make_soon(lender, abilities)
        with trio.move_on_after(self.address.spec.timeouts.connect):
            await self._requested[abilities].wait()

    def is_missing(self, abilities: Abilities) -> bool:
        """Whether `abilities` have not been listed for yet over the present shared connection."""
        listed = self._requested.get(abilities)
        return listed is None or not listed.is_set()

    def make_soon(self, lender: Lender, abilities: Abilities) -> None:
        """Request a listing for `abilities`, unless that has been done. Does not wait for it."""
        if abilities not in self._requested:
            self._start(lender, abilities)

    def _start(self, lender: Lender, abilities: Abilities) -> None:
        listed = self._requested[abilities] = trio.Event()
        lender.start_soon(self._list, lender, abilities, listed)

    async def _list(self, lender: Lender, abilities: Abilities, listed: trio.Event) -> None:
        """List for `abilities`, and again what did not come, ever later, until that is done over another connection."""
        missing = await self._try_to_list(lender, abilities, listed)
        failures = 0
        while missing and self._requested.get(abilities) is listed:
            failures += 1
            # It costs a connection, perhaps a process, and meanwhile such clients are shown what all are.
            backoff = attrs.evolve(list_backoff(self.address.spec), longest=LONGEST_VAIN_SECONDS)
            await trio.sleep(backoff.delay(failures, random.random()))  # noqa: S311 - jitter, no secret
            if self._requested.get(abilities) is listed:
                missing = await self._try_to_list(lender, abilities, listed)

    async def _try_to_list(self, lender: Lender, abilities: Abilities, listed: trio.Event) -> bool:
        """List once; whether a list failed that is worth to be asked for again."""
        try:
            async with self.turns:
                with trio.move_on_after(self.address.spec.timeouts.connect):
                    for _ in range(LISTING_TRIES):
                        outcome = await self._listed_once(lender, abilities)
                        if outcome is not None:
                            return bool(outcome.failures)
        except BackendUnavailable as unavailable:
            log.info("backend_list_for_client_failed", backend=self.address.spec.name, reason=unavailable.message)
        finally:
            listed.set()
            if abilities in self._outdated:  # it could not be listed anew
                self._outdated.discard(abilities)
                self._listings.pop(abilities, None)
                self.on_published()
        return False

    async def _listed_once(self, lender: Lender, abilities: Abilities) -> ListOutcome | None:
        """List once; None if what came is not what such clients are shown.

        The connection has ended meanwhile then, or its lists have changed, perhaps for its client alone.
        """
        async with lender.borrowed(abilities) as (connection, lent):
            common = self._listings.get(NONE) or {}
            known = [kind for kind, entries in common.items() if entries]
            listed = await list_kinds(connection, KINDS, known=known, is_told=True)
            if listed.failures:
                with trio.move_on_after(NOTING_SECONDS):
                    await connection.gone.wait()
                if connection.lost is not None or not lent.is_usable:
                    return None
            if lent.has_own_lists:
                return None
            shown = {kind: entries for kind, entries in common.items() if kind in listed.failures}
            self.keep(abilities, {**shown, **listed.over(self._listings.get(abilities))})
            for kind, failure in listed.failures.items():
                reason = self.address.redact(failure.reason)
                log.info("backend_list_failed", backend=self.address.spec.name, kind=kind, reason=reason)
            return listed

    def _note_nameless(self, listed: ListOutcome) -> None:
        self._nameless |= {kind: count for kind, count in listed.nameless.items() if count or kind in self._nameless}

    def _report(self, before: KnownListing, now: KnownListing) -> None:
        for upheaval in upheavals(before, now):
            log.warning("backend_list_upheaval", backend=self.address.spec.name, **attrs.asdict(upheaval))
