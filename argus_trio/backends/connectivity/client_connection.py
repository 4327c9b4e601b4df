"""One connection to a backend that belongs to a single client: its life, its owner, its subscriptions, its listing.

When one opens, and for whom, is decided in `client_connections.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import HandshakeOrder, HandshakeRefused
from argus_trio.backends.connection.notification_queue import BackendAddressee, NotificationQueue
from argus_trio.backends.connection.open import BackendAddress, open_connection
from argus_trio.backends.connectivity.connection_subscriptions import ConnectionSubscriptions
from argus_trio.backends.connectivity.health_monitor import HealthMonitor
from argus_trio.backends.connectivity.listings_by_abilities import ListingsByAbilities
from argus_trio.backends.connectivity.lost_subscriptions import LostSubscriptions
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.connectivity.watched_lists import own_lists
from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.backends.listings.pending import PendingChanges
from argus_trio.backends.listings.refresh import keep_listed
from argus_trio.backends.listings.rounds import KnownListing, ListOutcome
from argus_trio.backends.subscriptions.table import UPDATED
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.session_policy import ConnectionOwner
from argus_trio.core.groups import leaves
from argus_trio.core.health.health import PreparingWord
from argus_trio.core.health.retry_after import is_for_now
from argus_trio.core.health.rivalry import Arrival
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

CLOSED: Final = "it was closed"
"""Why a connection is open no more that did not fail."""


def _tell_nobody(_what: PreparingWord, _line: str) -> None:
    """Tell nobody how far an image is: whoever waits has a deadline of its own."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ClientConnection:
    """The connection of one client, from the wish for it to its end; the `BackendListener` of what it opens.

    `on_idle` is called with it when a task that it stayed open for has ended.
    """

    owner: ConnectionOwner
    """The client that owns the connection, or nobody; may change while nobody uses it."""
    shared: SharedConnection
    """The shared connection to the same backend."""
    listings: ListingsByAbilities
    """The listings of the backend that do not belong to one session."""
    on_idle: Callable[[ClientConnection], None]
    connection: Connection | None = attrs.field(default=None, init=False)
    """The connection itself, while it is open."""
    settled: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once the connection is open, or has failed to open."""
    failure: LinkFailed = attrs.field(factory=lambda: LinkFailed(CLOSED), init=False)
    """Why the connection is open no more; says `CLOSED` as long as nothing failed."""
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    """The scope of its life; the deadline is when it has been idle for long enough."""
    users: int = attrs.field(default=0, init=False)
    """How many calls and other tasks use it at the moment."""
    uses: int = attrs.field(default=0, init=False)
    """How many have used it so far."""
    since: float = attrs.field(factory=trio.current_time, init=False)
    """When it was asked for, on trio's clock."""
    subscriptions: ConnectionSubscriptions = attrs.field(init=False)
    """The resources that it is asked to send updates of."""
    listing: KnownListing | None = attrs.field(default=None, init=False)
    """What the connection of a session lists that others do not: the kinds that changed on it since it opened."""
    _has_changed: bool = attrs.field(default=False, init=False)
    """Whether the backend has said that lists changed, since it opened."""
    _changes: PendingChanges = attrs.field(init=False)
    _to_backend: NotificationQueue | None = attrs.field(default=None, init=False)
    """The notifications of the client that the backend has not taken yet, once the connection is open."""

    def __attrs_post_init__(self) -> None:
        self.subscriptions = ConnectionSubscriptions(self.address)
        self._changes = own_lists(self.address)

    @property
    def address(self) -> BackendAddress:
        """How the backend is reached."""
        return self.shared.address

    @property
    def client(self) -> ClientSession | None:
        """The legacy session that owns the connection, if one does; see `BackendListener`."""
        return self.owner.client

    @property
    def has_own_lists(self) -> bool:
        """Whether its lists have changed since it opened, for the session that owns it, and perhaps for no other."""
        return self._has_changed and self.client is not None

    @property
    def is_usable(self) -> bool:
        """Whether the connection is open, or about to be."""
        return not self.scope.cancel_called and (self.connection is None or self.connection.lost is None)

    @property
    def is_idle(self) -> bool:
        """Whether nobody uses the connection, so that it may close, or serve another call."""
        return not self.users and not self.subscriptions.subscribed

    def is_taken(self, now: float) -> bool:
        """Whether a call uses the connection, or a task runs on it that was begun there."""
        return bool(self.users) or self.runs_until > now

    @property
    def runs_until(self) -> float:
        """When the last task that was begun on the connection counts as over: it stays open until then."""
        return -inf if self.connection is None else self.connection.inbound.tasks.until

    def began(self, call: Call, task: str) -> bool:
        """Whether `task`, an id of the backend's, was begun on the connection by the client of this call."""
        return self.knows_task(task) and self.owner.may_ask_of_tasks(call)

    def knows_task(self, task: str) -> bool:
        """Whether `task`, an id of the backend's, was begun on the connection, by any client."""
        return self.connection is not None and task in self.connection.inbound.tasks

    async def run(self, on_open: Callable[[], None]) -> LinkFailed | None:
        """Open the connection and stay until it is lost, which is logged and returned, or until it is closed: None.

        `on_open` is called once it is open. Cancelling `scope` closes it. Raises nothing.
        """
        failures: list[LinkFailed] = []
        backend = self.address.spec.name
        try:
            with self.scope:
                failures.append(await self._live(on_open))
        except* LinkFailed as group:
            failures.extend(leaves(group))
        except* Exception as group:
            log.exception("backend_fault", backend=backend, exc_info=group)
            failures.append(LinkFailed(f"the gateway failed at it: {type(group.exceptions[0]).__name__}"))
        finally:
            self.connection = None
            self.failure = failures[0] if failures else self.failure
            self.settled.set()
        if not failures:
            return None
        log.info("client_connection_lost", backend=backend, reason=self.address.redact(failures[0].reason))
        return failures[0]

    async def resubscribe(self, connection: Connection, lost: LostSubscriptions) -> None:
        """Subscribe to what the owner of this connection should get updates of; each request is bounded by
        `timeouts.call`.

        That is what its session had subscribed to over an earlier connection, taken from `lost`, and what is watched
        over the shared connection but happens on this one.
        """
        if self.client is not None and (uris := lost.take(self.client)):
            await self.subscriptions.subscribe(connection, uris)
        shared = self.shared.subscriptions
        if self.client is None:
            await self.subscriptions.watch(connection, shared.wanted_of(self.owner.key))
        elif isinstance(self.address.spec, StdioBackend):
            # Elsewhere the shared connection reports what happens on this one too: it is the same server.
            await self.subscriptions.watch(connection, shared.table.uris_of(self.client))

    def forward(self, method: str, params: Params) -> None:
        """Pass a notification of the client on to the backend, in order; dropped while the connection is not open."""
        if self._to_backend is not None and self.connection is not None and not self.connection.is_left:
            self._to_backend.put(method, params)

    def tell_client(self, method: str, params: Params) -> None:
        """Send the owner of the connection a notification, in order; see `BackendListener`."""
        if self.client is not None:
            self.address.sessions.put(self.client, method, params)

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        """List these kinds again; see `BackendListener`."""
        self._has_changed = True
        self._changes.add(kinds)

    def resource_updated(self, params: Params) -> None:
        """Notify the owner of the connection of the update, and nobody else; see `BackendListener`."""
        self.shared.given.note_member(params)
        if self.client is None:
            self.shared.subscriptions.updated_of(self.owner.key, params)
        else:
            self.tell_client(UPDATED, self.shared.subscriptions.as_spelled(self.client, params))

    def listen_acknowledged(self, params: Params) -> None:
        """Take note of the acknowledgment of a listen stream; see `BackendListener`."""
        self.subscriptions.hub.acknowledged(params)

    def was_asked(self, method: str) -> bool:
        """Take note of a request of the backend; see `BackendListener`."""
        return self.listings.was_asked(method)

    def task_ended(self) -> None:
        """Let the connection close in time, if it stayed open for a task alone; see `BackendListener`."""
        self.on_idle(self)

    async def _live(self, on_open: Callable[[], None]) -> LinkFailed:
        owner = self.owner
        if self.shared.sharing.opens_as_legacy(owner.abilities, is_asked_live=owner.is_asked_live):
            lost = await self._live_as_legacy(on_open)
            if lost is not None:
                return lost
        return await self._live_in(self.shared.order(), on_open)

    async def _live_as_legacy(self, on_open: Callable[[], None]) -> LinkFailed | None:
        """As `_live_in`, at a backend that is known to be modern; None if it refuses to be greeted as legacy.

        It is opened anew then: some servers settle on an era by the first thing that they are asked, refused or not.
        """
        lost: list[LinkFailed] = []
        try:
            lost.append(await self._live_in("legacy", on_open))
        except* (HandshakeRefused, HttpRefused) as group:
            if self.settled.is_set() or any(map(is_for_now, leaves(group))):
                raise
            self.shared.is_modern_alone()
        return lost[0] if lost else None

    async def _live_in(self, order: HandshakeOrder, on_open: Callable[[], None]) -> LinkFailed:
        address, rivals = self.address, self.shared.rivals
        await address.prepare(_tell_nobody)  # the shared connection has, as a rule: then it takes no time
        seconds = address.spec.timeouts.connect
        opening = trio.CancelScope(deadline=trio.current_time() + seconds)
        with rivals.one_more() as arrival, opening:
            async with open_connection(
                address, order, self, abilities=self.owner.abilities, is_exclusive=True
            ) as connection:
                opening.deadline = inf
                rivals.opened(arrival)
                return await self._stay(connection, arrival, on_open)
        raise LinkFailed(f"it was not ready for one more client within {seconds:g} s (timeouts.connect)")

    async def _stay(self, connection: Connection, arrival: Arrival, on_open: Callable[[], None]) -> LinkFailed:
        """Use the connection until it is lost; why."""
        address = self.address
        self.connection = connection
        backend = BackendAddressee(address.spec.name, connection.notify, address.redact)
        self._to_backend = NotificationQueue(backend, connection.nursery, address.losses, peer="backend")
        self.subscriptions.hub.begin(connection)
        self.settled.set()
        on_open()
        seconds = address.spec.timeouts.connect
        connection.start_soon(keep_listed, connection, self._changes, seconds, self._listed)
        monitor = HealthMonitor(connection=connection, probing=lambda: address.spec.health, redact=address.redact)
        lost = await monitor.watch()
        self.shared.rivals.lost(arrival)
        connection.end(lost)
        return lost

    def _listed(self, listed: ListOutcome) -> None:
        """Keep what was listed anew: for the session alone, or for all clients with these abilities."""
        listing = listed.lists
        if self.client is None or self.connection is None:
            self.listings.keep(self.owner.abilities, listing)
            return
        before = {**(self.listings.of(self.owner.abilities) or {}), **(self.listing or {})}
        self.listing = {**(self.listing or {}), **listing}
        changed = {kind for kind in listing if before.get(kind) != listing[kind]}
        for method in sorted({LIST_CHANGED[kind] for kind in changed | listed.unchanged}):
            self.tell_client(method, {})
