"""One backend's life: connect, greet, list, publish, keep listed, and begin again when the connection is lost.

`Scope.run` is the one task that every connection of the backend belongs to; nothing that goes wrong in it reaches
another backend.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final, Literal

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import EraGuess, Handshake
from argus_trio.backends.connection.open import BackendAddress, OpenLink, open_connection
from argus_trio.backends.connection.task_notifications import OnTask, ignore_task
from argus_trio.backends.links.stderr import LAST_LINES, StderrRing
from argus_trio.backends.listings.listing import publish
from argus_trio.backends.listings.refresh import KnownListing, PendingChanges, keep_listed, list_kinds
from argus_trio.backends.scope.bulkhead import Bulkhead, Place
from argus_trio.backends.scope.client_connections import ClientConnections, LostSubscriptions
from argus_trio.backends.scope.health_monitor import HealthMonitor
from argus_trio.backends.scope.lease import Leases
from argus_trio.backends.scope.listings_by_abilities import ListingsByAbilities
from argus_trio.backends.scope.recovery import Recovery, breaker_of
from argus_trio.backends.scope.retry import retry_after_session_loss
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import BackendSpec, HttpBackend
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call, ClientSession, Exchange
from argus_trio.core.call.task_ids import task_id_of
from argus_trio.core.catalog.catalog import KINDS, Published
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed, leaves
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

TASKS: Final = "tasks/"
"""What the methods begin with that ask of a task."""


@attrs.define(eq=False)
class Scope:
    """One backend under supervision. `on_published` is called whenever what it shows may have changed."""

    spec: BackendSpec
    open_link: OpenLink
    on_published: Callable[[], None]
    redact: Redactor
    on_task: OnTask = ignore_task
    recovery: Recovery = attrs.field(init=False)
    """How it stands, and when it is tried again."""
    handshake: Handshake | None = None
    stderr: StderrRing = attrs.field(init=False)
    """What its processes wrote to stderr, over all its connections."""
    settled: trio.Event = attrs.field(factory=trio.Event)
    """Set once the attempt that calls wait for has succeeded or failed: the first, or one that renews a session."""
    shown: ListingsByAbilities = attrs.field(init=False)
    subscriptions: SubscriptionHub = attrs.field(init=False)
    bulkhead: Bulkhead = attrs.field(init=False)
    """What every call of a client passes."""
    client_connections: ClientConnections | None = None
    """The connections of single clients, while `run` runs."""
    leases: Leases = attrs.field(factory=Leases)
    cancel_scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    """Of its whole life; the supervisor's."""
    ended: trio.Event = attrs.field(factory=trio.Event)
    successor: Scope | None = None
    """The scope that took its place, once it is in effect."""
    lost: LostSubscriptions = attrs.field(factory=dict)
    _address: BackendAddress = attrs.field(init=False)
    _connection: Connection | None = None
    _guess: EraGuess = attrs.field(factory=EraGuess)
    _has_failed: bool = False
    """Whether the failure of the present attempt has been dealt with."""
    _changes: PendingChanges = attrs.field(factory=PendingChanges)

    def __attrs_post_init__(self) -> None:
        name, timeouts = self.spec.name, self.spec.timeouts
        self.stderr = StderrRing(name)
        self.recovery = Recovery(name, self.redact, breaker_of(self.spec))
        self._address = BackendAddress(self.spec, self.open_link, self.stderr, self.on_task)
        self.bulkhead = Bulkhead(name, self.spec.limits)
        self.shown = ListingsByAbilities(name, self.redact, timeouts.connect, self.on_published)
        self.subscriptions = SubscriptionHub(name, self.redact, timeouts.call)

    @property
    def connection(self) -> Connection | None:
        """The shared connection, if there is one."""
        return self._connection

    @property
    def latest(self) -> Scope:
        """The scope that has its place now: what lasts longer than a call belongs there."""
        if self.successor is None:
            return self
        self.successor = self.successor.latest  # those between are needed no more
        return self.successor

    def adjust(self, spec: BackendSpec) -> None:
        """Go on with a spec whose link part is the same."""
        self.spec = self._address.spec = spec
        self.shown.seconds, self.subscriptions.seconds = spec.timeouts.connect, spec.timeouts.call
        self.bulkhead.limits = spec.limits

    def inherit(self, old: Scope) -> None:
        """Show what `old` showed, unless something has been listed here already."""
        if not self.has_listed:
            self.shown.inherit(old.shown)
            self.handshake = self.handshake or old.handshake

    async def call(self, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
        """Perform the exchange with `params`, once there is room and the first attempt to connect has had its outcome.

        It is performed once more if the backend forgot the session before it acted on it.

        Raises:
            BackendUnavailable: not connected, or too many calls wait, with the reason.
            DeadlineExceeded: there was no room in time.
            RpcError: as `Connection.call`.
        """
        async with self.bulkhead.place(exchange, self.spec.timeouts.call) as place:
            return await retry_after_session_loss(self.recovery, partial(self._perform, place, params, headers))

    async def _perform(self, place: Place, params: Params, headers: Headers) -> bytes:
        connection = await self.connected()
        exchange, call, client_connections, timeouts = (
            place.exchange,
            place.exchange.call,
            self.client_connections,
            self.spec.timeouts,
        )
        task = task_id_of(params) if call.method.startswith(TASKS) else None
        if client_connections is None or not (self.needs_own(call) or client_connections.where(call, task)):
            return await connection.call(exchange, params, timeouts, headers, waited=place.waited)
        async with client_connections.lease(call, task) as (connection, _):
            return await connection.call(exchange, params, timeouts, headers, waited=place.waited)

    async def connected(self) -> Connection:
        """The shared connection, once the first attempt to connect has had its outcome.

        Raises:
            BackendUnavailable: there is none, with the reason.
        """
        await self.wait_settled()
        connection = self._connection
        if connection is not None and connection.lost is not None:  # and `run` is about to know it
            await connection.gone.wait()
            await self.wait_settled()
            connection = self._connection
        if connection is None:
            raise self.recovery.unavailable()
        return connection

    async def wait_settled(self) -> None:
        """Wait for the outcome of the first attempt to connect, at most as long as a call may take."""
        if not self.settled.is_set():
            with trio.move_on_after(self.spec.timeouts.call):
                await self.settled.wait()

    @property
    def state(self) -> BackendState:
        """Where it stands; `recovery.standing` says more."""
        return self.recovery.standing.state

    @property
    def has_listed(self) -> bool:
        """Whether it has been ready at least once, so that the catalog knows its names."""
        return self.shown.of(NONE) is not None

    @property
    def is_legacy(self) -> bool:
        """Whether it converses in the legacy era, as far as is known."""
        return self.handshake is not None and self.handshake.era is Era.LEGACY

    def needs_own(self, call: Call) -> bool:
        """Whether the call has to go over its client's own connection; see `session` in the configuration.

        A legacy backend asks, and logs, on its connection, not within a call. On stdio and HTTP+SSE no log message says
        whose call it belongs to, in either era; what is asked of a task goes to where the task is all the same.
        """
        if self.spec.session != "auto":
            return self.spec.session == "per-client"
        if self.is_legacy and call.abilities.any:
            return True
        if call.method.startswith(TASKS):
            return False
        return call.log_level is not None and not isinstance(self.spec, HttpBackend)

    def depends_on(self, abilities: Abilities) -> bool:
        """Whether what it shows may depend on what a client can be asked."""
        return self.is_legacy and self.spec.session != "shared" and abilities.any

    def own_listing(self, client: ClientSession) -> KnownListing | None:
        """What the session's own connection has listed that others do not, if anything."""
        own = None if self.client_connections is None else self.client_connections.of(client)
        return None if own is None else own.kept

    def published(self, abilities: Abilities, own: KnownListing | None = None) -> Published | None:
        """What it shows to clients with `abilities`, as far as it has been listed; what is in `own` instead."""
        abilities = abilities if self.depends_on(abilities) else NONE
        serves_resources = self.handshake is not None and "resources" in self.handshake.capabilities
        kept = self.shown.of(abilities)
        if kept is None or own is None:
            return self.shown.published(self.spec, abilities, serves_resources=serves_resources)
        return publish(self.spec, {**kept, **own}, serves_resources=serves_resources)

    async def list_for(self, abilities: Abilities) -> None:
        """See to it that what clients with `abilities` are shown has been listed, or has failed to be."""
        if self._connection is not None and self.client_connections is not None and self.depends_on(abilities):
            await self.shown.make(self.client_connections, abilities)

    def list_soon(self, abilities: Abilities) -> None:
        """As `list_for`, without waiting for it."""
        if self._connection is not None and self.client_connections is not None and self.depends_on(abilities):
            self.shown.make_soon(self.client_connections, abilities)

    def release(self, client: ClientSession) -> None:
        """A legacy session has ended: its connection closes, its subscriptions end."""
        if self.client_connections is not None:
            self.client_connections.release(client)
        self.subscriptions.forget(self._connection, client)

    async def run(self) -> None:
        """Live until cancelled. Whatever fails is logged here and ends at this boundary."""
        address = self._address
        self.recovery.begin()
        try:
            async with trio.open_nursery() as nursery:
                self.client_connections = ClientConnections(
                    address,
                    nursery,
                    self.redact,
                    self.shown.keep,
                    self.shown.of,
                    self._protocol,
                    self.subscriptions,
                    self.lost,
                )
                while True:
                    self.stderr.is_probed = True
                    await self._attempt(address)
                    await trio.sleep_until(self.recovery.next_at)
        finally:
            self.recovery.stopped()

    async def _attempt(self, address: BackendAddress) -> None:
        """Connect once and stay connected, until that has failed."""
        failed: list[LinkFailed] = []
        self._has_failed = False
        try:
            await self._live(address)
        except* LinkFailed as group:
            failed.extend(leaves(group))
        except* Exception as group:
            log.exception("backend_fault", backend=self.spec.name, exc_info=group)
            failed.append(LinkFailed(f"the gateway failed at it: {type(group.exceptions[0]).__name__}"))
        finally:
            self._let_go(LinkFailed("it was stopped"))
        if failed and not self._has_failed:
            self._fail(failed[0])

    async def _live(self, address: BackendAddress) -> None:
        started = trio.current_time()
        seconds = self.spec.timeouts.connect
        limit = trio.CancelScope(deadline=started + seconds)
        with limit:
            async with open_connection(address, self._protocol(), self) as connection:
                kept = await list_kinds(connection, KINDS, self.redact)
                limit.deadline = inf
                self._begin(connection, kept, trio.current_time() - started)
                connection.nursery.start_soon(
                    keep_listed, connection, self._changes, self.redact, seconds, self._relisted
                )
                monitor = HealthMonitor(
                    connection=connection,
                    probing=lambda: self.spec.health,
                    redact=self.redact,
                    on_verdict=self.recovery.judged,
                )
                # Closing the link takes its time: what failed is known from here on.
                self._fail(await monitor.watch())
        if limit.cancelled_caught:
            raise LinkFailed(
                f"it was not ready within {seconds:g} s (timeouts.connect)", details=self.stderr.lines()[-LAST_LINES:]
            )

    def _protocol(self) -> Literal["auto", "legacy", "modern"]:
        if self.spec.protocol != "auto":
            return self.spec.protocol
        if self._connection is not None and self.handshake is not None:
            return "legacy" if self.is_legacy else "modern"
        return "legacy" if self._guess.is_legacy else "auto"

    def _begin(self, connection: Connection, kept: KnownListing, seconds: float) -> None:
        self._connection, self.handshake = connection, connection.handshake
        self.subscriptions.begin(connection)
        if self.client_connections is not None:
            self.client_connections.restore()
        self.shown.begin(kept)
        self.recovery.connected(
            connection.handshake.revision, {kind: len(kept.get(kind, ())) for kind in KINDS}, seconds
        )
        self.settled.set()
        self.stderr.is_probed = False

    def _fail(self, failure: LinkFailed) -> None:
        self._has_failed = True
        if self._guess.is_better_after(failure):
            self.recovery.try_again_at_once()
            return
        self.recovery.adopt(self.spec)
        self.recovery.failed(failure)
        if self.state is BackendState.STARTING:
            self.settled = trio.Event()
        else:
            self.settled.set()
        self._let_go(failure)

    def _let_go(self, failure: LinkFailed) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.lost = failure
            connection.gone.set()

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        """See `Listener`."""
        self._changes.add(kinds)

    def resource_updated(self, params: Params) -> None:
        """See `Listener`."""
        self.subscriptions.table.updated(params)

    def _relisted(self, kept: KnownListing) -> None:
        if self.client_connections is not None:
            self.shown.relisted(self.client_connections, kept)
