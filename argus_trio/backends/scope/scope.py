"""One backend under supervision: its connections, what it shows, the calls and subscriptions of its clients.

`Scope.run` is the one task that every connection of the backend belongs to; nothing that goes wrong in it reaches
another backend.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from argus_trio.backends.connection.ask_progress import PROGRESS
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.client_connections import ClientConnections
from argus_trio.backends.connectivity.listings_by_abilities import ListingsByAbilities
from argus_trio.backends.connectivity.recovery import Recovery, breaker_of
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.listings.listing import publish
from argus_trio.backends.listings.refresh import KnownListing
from argus_trio.backends.scope.bulkhead import Bulkhead
from argus_trio.backends.scope.calls import BackendCalls
from argus_trio.backends.scope.client_subscriptions import ClientSubscriptions
from argus_trio.backends.scope.lease import Leases
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import BackendSpec
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.core.catalog.catalog import Published
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.wire.envelope import Params


def _nothing() -> None:
    """Nobody waits for the end of a lease."""


@attrs.define(eq=False, kw_only=True)
class Scope:
    """One backend. `on_published` is called whenever what it shows may have changed, `on_lease_freed` at the end of
    each lease once the scope drains."""

    address: BackendAddress
    on_published: Callable[[], None]
    on_lease_freed: Callable[[], None] = _nothing
    recovery: Recovery = attrs.field(init=False)
    """How it stands, and when it is tried again."""
    shared: SharedConnection = attrs.field(init=False)
    """The connection that clients share."""
    client_connections: ClientConnections = attrs.field(init=False)
    """The connections of single clients."""
    listings: ListingsByAbilities = attrs.field(init=False)
    """What it shows, and to whom."""
    bulkhead: Bulkhead = attrs.field(init=False)
    """What every call of a client passes."""
    calls: BackendCalls = attrs.field(init=False)
    subscriptions: ClientSubscriptions = attrs.field(init=False)
    leases: Leases = attrs.field(init=False)
    """Of the exchanges that may need it."""
    cancel_scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    """Of its whole life; the supervisor's."""
    ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once nothing of it is left."""

    def __attrs_post_init__(self) -> None:
        address, spec = self.address, self.address.spec
        self.recovery = Recovery(spec.name, address.redact, breaker_of(spec))
        self.listings = ListingsByAbilities(address, self.on_published)
        self.shared = SharedConnection(
            address=address,
            recovery=self.recovery,
            subscriptions=SubscriptionHub(address),
            on_open=self._opened,
            on_relisted=self._relisted,
        )
        self.client_connections = ClientConnections(self.shared, self.listings)
        self.bulkhead = Bulkhead(spec.name, spec.limits)
        self.calls = BackendCalls(self.shared, self.client_connections, self.bulkhead)
        self.subscriptions = ClientSubscriptions(self.shared, self.client_connections, self.bulkhead)
        self.leases = Leases(spec.name, self.on_lease_freed)

    @property
    def spec(self) -> BackendSpec:
        """Its configuration at the moment."""
        return self.address.spec

    @property
    def state(self) -> BackendState:
        """Where it stands; `recovery.standing` says more."""
        return self.recovery.standing.state

    @property
    def has_listed(self) -> bool:
        """Whether it has been ready at least once, so that the catalog knows its names."""
        return self.listings.of(NONE) is not None

    async def run(self) -> None:
        """Live until cancelled. Whatever fails is logged within and ends there."""
        self.recovery.begin()
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.client_connections.run)
                await self.shared.run()
        finally:
            self.recovery.stopped()

    def adjust(self, spec: BackendSpec) -> None:
        """Go on with a spec whose link part is the same."""
        self.address.spec = spec
        self.bulkhead.limits = spec.limits

    def hand_over(self, successor: Scope) -> None:
        """Have `successor` show what is shown here until it has listed something itself, and hear of what clients
        subscribed to: they see and hear on without a gap. Calls under way stay here. No checkpoint."""
        if not successor.has_listed:
            successor.listings.inherit(self.listings)
            successor.shared.adopt(self.shared.handshake)
        self.subscriptions.hand_over(successor.subscriptions)
        self.client_connections.tell_common_lists()

    def published(self, abilities: Abilities, own: KnownListing | None = None) -> Published | None:
        """What it shows to clients with `abilities`, as far as it has been listed; what is in `own` instead."""
        abilities = abilities if self.shared.sharing.lists_by(abilities) else NONE
        handshake = self.shared.handshake
        serves_resources = handshake is not None and "resources" in handshake.capabilities
        listing = self.listings.of(abilities)
        if listing is None or own is None:
            return self.listings.published(abilities, serves_resources=serves_resources)
        return publish(self.spec, {**listing, **own}, serves_resources=serves_resources)

    def own_listing(self, client: ClientSession) -> KnownListing | None:
        """What the session's own connection has listed that others do not, if anything."""
        own = self.client_connections.table.of(client)
        return None if own is None else own.listing

    async def list_for(self, abilities: Abilities) -> None:
        """See to it that what clients with `abilities` are shown has been listed, or has failed to be."""
        if self.shared.connection is not None and self.shared.sharing.lists_by(abilities):
            await self.listings.make(self.client_connections, abilities)

    def list_soon(self, abilities: Abilities) -> None:
        """As `list_for`, without waiting for it."""
        if self.shared.connection is not None and self.shared.sharing.lists_by(abilities):
            self.listings.make_soon(self.client_connections, abilities)

    def forward_notification(self, client: ClientSession, method: str, params: Params) -> None:
        """Pass a client's own notification on to its connection, if it has one; a report of progress to where it was
        asked for. Waits for nobody."""
        own = self.client_connections.table.of(client)
        connection = None if own is None else own.connection
        if method == PROGRESS:
            for each in (self.shared.connection, connection):
                if each is not None:
                    each.inbound.reported(client, params)
        elif own is not None and connection is not None:
            connection.nursery.start_soon(own.forward, connection, method, params)

    def release(self, client: ClientSession) -> None:
        """End what was open for a session that has ended: its connection closes, its subscriptions end."""
        self.client_connections.release(client)
        self.subscriptions.forget(client)

    def _opened(self, listing: KnownListing) -> None:
        self.client_connections.restore()
        self.listings.begin(listing)

    def _relisted(self, listing: KnownListing) -> None:
        self.listings.relisted(self.client_connections, listing)
