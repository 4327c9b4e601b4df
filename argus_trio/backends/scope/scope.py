"""One backend under supervision: its connections, what it lists, the calls and subscriptions of its clients.

`Scope.run` is the one task that every connection of the backend belongs to; nothing that goes wrong in it reaches
another backend. What is done is done by the parts; here they are put together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import trio

from argus_trio.backends.connection.ask_progress import PROGRESS
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.client_connections import ClientConnections
from argus_trio.backends.connectivity.known_eras import KnownEras
from argus_trio.backends.connectivity.listings_by_abilities import ListingsByAbilities, listing_turns
from argus_trio.backends.connectivity.recovery import Recovery, breaker_of
from argus_trio.backends.connectivity.rivals import Rivals
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.connectivity.start_turns import StartTurns
from argus_trio.backends.listings.listing import publish
from argus_trio.backends.listings.rounds import KnownListing, ListOutcome
from argus_trio.backends.scope.bulkhead import Bulkhead
from argus_trio.backends.scope.calls import BackendCalls
from argus_trio.backends.scope.client_subscriptions import ClientSubscriptions
from argus_trio.backends.scope.lease import Leases
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import BackendSpec
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.core.catalog.catalog import Published
from argus_trio.core.control import Hold
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era

DRAINED: Final = "an operator drains it: it takes no new calls until it is enabled again"
"""Why a call is refused, in the words of its error."""


def _nothing() -> None:
    """Do nothing at the end of a lease: nobody waits for it."""


def _tell_nobody(_: frozenset[str]) -> None:
    """Do nothing about lists that are as they were."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Scope:
    """One backend under supervision.

    `on_published` is called whenever what it lists may have changed, `on_unchanged` with the kinds that the backend
    said have changed and that have not; `on_lease_freed` at the end of each lease, but only while the scope drains.
    `listing_turns` is how many listings by abilities are made at once over all backends.
    """

    address: BackendAddress
    turns: StartTurns
    eras: KnownEras = attrs.field(factory=KnownEras)
    """What backends turned out to be at earlier starts."""
    on_published: Callable[[], None]
    listing_turns: trio.CapacityLimiter = attrs.field(factory=listing_turns)
    on_unchanged: Callable[[frozenset[str]], None] = _tell_nobody
    on_lease_freed: Callable[[], None] = _nothing
    recovery: Recovery = attrs.field(init=False)
    """How the backend stands, and when the next attempt to connect is due."""
    rivals: Rivals = attrs.field(init=False)
    """Its processes, as far as they may end each other."""
    shared: SharedConnection = attrs.field(init=False)
    """The connection that clients share."""
    client_connections: ClientConnections = attrs.field(init=False)
    """The connections of single clients."""
    listings: ListingsByAbilities = attrs.field(init=False)
    """What the backend lists, by the abilities of clients."""
    bulkhead: Bulkhead = attrs.field(init=False)
    """The bounds that every call of a client passes."""
    calls: BackendCalls = attrs.field(init=False)
    """Performs the calls of clients."""
    subscriptions: ClientSubscriptions = attrs.field(init=False)
    """What clients subscribed to."""
    leases: Leases = attrs.field(init=False)
    """The leases of the exchanges that may need the scope."""
    cancel_scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    """The cancel scope of its whole life; the supervisor enters and cancels it."""
    ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once nothing of the scope is left; by the supervisor."""

    def __attrs_post_init__(self) -> None:
        address, spec = self.address, self.address.spec
        self.recovery = Recovery(spec.name, address.redact, breaker_of(spec), journal=address.journal)
        self.listings = ListingsByAbilities(address, self.on_published, self.listing_turns)
        self.rivals = Rivals(address, self._share)
        self.shared = SharedConnection(
            address=address,
            turns=self.turns,
            eras=self.eras,
            recovery=self.recovery,
            subscriptions=SubscriptionHub(address),
            on_open=self._opened,
            on_relisted=self._relisted,
            on_asked=self.listings.was_asked,
            on_loop=self.listings.withdraw,
            rivals=self.rivals,
        )
        self.client_connections = ClientConnections(self.shared, self.listings)
        self.bulkhead = Bulkhead(spec.name, spec.limits, journal=address.journal)
        self.calls = BackendCalls(self.shared, self.client_connections, self.bulkhead)
        self.subscriptions = ClientSubscriptions(self.shared, self.client_connections, self.bulkhead)
        self.leases = Leases(spec.name, self.on_lease_freed)

    @property
    def spec(self) -> BackendSpec:
        """The backend's configuration at the moment."""
        return self.address.spec

    @property
    def state(self) -> BackendState:
        """How the backend stands; `recovery.standing` says more."""
        return self.recovery.standing.state

    @property
    def takes_calls(self) -> bool:
        """Whether a new call would get through to the backend."""
        return self.state.is_up and self.bulkhead.drained is None

    @property
    def has_listed(self) -> bool:
        """Whether there is a listing: the backend has been ready at least once, or a predecessor handed it over."""
        return self.listings.of(NONE) is not None

    @property
    def is_awaited(self) -> bool:
        """Whether a first list waits for the backend: it is starting, and nothing is known of it yet."""
        return not self.has_listed and not self.shared.settled.is_set()

    async def no_longer_awaited(self) -> None:
        """Wait until a first list waits for the backend no longer."""
        if self.is_awaited:
            await self.shared.settled.wait()

    async def run(self) -> None:
        """Connect and stay connected until cancelled. Whatever fails is logged within and ends there."""
        self.recovery.begin()
        try:
            async with trio.open_nursery() as nursery:
                with self.client_connections.running_in(nursery):
                    await self.shared.run()
        finally:
            self.recovery.stopped()

    def adjust(self, spec: BackendSpec) -> None:
        """Go on with another configuration, whose link part is the same."""
        self.address.spec = spec
        self.bulkhead.limits = spec.limits

    def take_calls(self, hold: Hold | None) -> None:
        """Let new calls in, or none where an operator drains the backend. What is under way goes on. No checkpoint."""
        self.bulkhead.drained = None if hold is None else DRAINED

    def look_again(self) -> None:
        """Have everything listed again over the shared connection, if there is one. Does not wait for it."""
        self.shared.lists.look_again()

    def hand_over(self, successor: Scope) -> None:
        """Hand listings, subscriptions and what was noted over to `successor`, so that nobody notices a gap.

        The listings count there until it has listed something itself. Calls under way stay here. No checkpoint.
        """
        if not successor.has_listed:
            successor.listings.inherit(self.listings)
            successor.shared.adopt(self.shared.handshake)
        successor.recovery.inherit(self.recovery.changes, self.recovery.starts)
        self.subscriptions.hand_over(successor.subscriptions)
        self.client_connections.notify_common_lists()

    def published(self, abilities: Abilities, own: KnownListing | None = None) -> Published | None:
        """What the backend lists to clients with `abilities`, made ready for the catalog; None if nothing is known yet.

        Kinds that are in `own` are taken from there.
        """
        abilities = abilities if self.shared.sharing.lists_by(abilities) else NONE
        handshake = self.shared.handshake
        is_modern = handshake is not None and handshake.era is Era.MODERN
        listing = self.listings.of(abilities)
        serves_resources = (handshake is not None and "resources" in handshake.capabilities) or bool(
            listing and listing.get("resources")  # which a server may list that declares nothing
        )
        if listing is None or own is None:
            return self.listings.published(abilities, serves_resources=serves_resources, is_modern=is_modern)
        return publish(self.spec, {**listing, **own}, serves_resources=serves_resources, is_modern=is_modern)

    def own_listing(self, client: ClientSession) -> KnownListing | None:
        """What the session's own connection lists that others do not; None if that is nothing."""
        own = self.client_connections.table.of(client)
        return None if own is None else own.listing

    async def list_for(self, abilities: Abilities) -> None:
        """Wait until `abilities` have been listed for, or the attempt has failed; at most for `timeouts.connect`."""
        if self.shared.connection is not None and self.shared.sharing.lists_by(abilities):
            await self.listings.make(self.client_connections, abilities)

    def is_list_at_hand(self, abilities: Abilities) -> bool:
        """Whether the listing for clients with `abilities` is missing, and takes no new connection."""
        return self.listings.is_missing(abilities) and self.client_connections.table.is_at_hand(abilities)

    def list_soon(self, abilities: Abilities) -> None:
        """Request the listing for clients with `abilities`, if there is to be one. Does not wait for it."""
        if self.shared.connection is not None and self.shared.sharing.lists_by(abilities):
            self.listings.make_soon(self.client_connections, abilities)

    def forward_notification(self, client: ClientSession, method: str, params: Params) -> None:
        """Pass a notification of a client on over its own connection, if it has one.

        Progress goes to whichever connection asked for it. Waits for nobody.
        """
        own = self.client_connections.table.of(client)
        if method == PROGRESS:
            for each in (self.shared.connection, None if own is None else own.connection):
                if each is not None:
                    each.inbound.reported(client, params)
        elif own is not None:
            own.forward(method, params)

    def release(self, client: ClientSession) -> None:
        """Close the connection of a session that has ended, and end its subscriptions. Waits for nobody."""
        self.client_connections.release(client)
        self.subscriptions.forget(client)

    def _share(self) -> None:
        self.shared.reconsider()
        self.client_connections.share()
        self.on_published()

    def _opened(self, listed: ListOutcome) -> None:
        self.client_connections.restore()
        self.listings.begin(listed)

    def _relisted(self, listed: ListOutcome) -> None:
        if self.shared.connection is None:
            return  # it was lost meanwhile, perhaps because it leads back here
        self.recovery.listed(self.shared.lists.fault)
        self.listings.relisted(self.client_connections, listed)
        if listed.unchanged:
            self.on_unchanged(listed.unchanged)
