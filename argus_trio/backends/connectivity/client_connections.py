"""A backend's connections that belong to one client each: opened at need, bounded, closed when idle or released.

A legacy session has one, for all its calls and until it ends. Modern clients have no sessions: a connection is leased
to one call at a time and afterwards stays open for the next one of the same principal with the same abilities. Which
connection a call may use is decided in `core/call/session_policy.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from math import inf
from typing import Final, Literal, TypeVarTuple

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.client_connection import ClientConnection
from argus_trio.backends.connectivity.client_connection_table import ClientConnectionTable, ConnectionShares
from argus_trio.backends.connectivity.listings_by_abilities import ListingsByAbilities
from argus_trio.backends.connectivity.lost_subscriptions import LostSubscriptions
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.session_policy import NOBODY, ConnectionOwner
from argus_trio.errors import BackendUnavailable, LinkFailed, RpcError

log = structlog.get_logger()

UNUSED_SECONDS: Final = 30.0
"""How long a connection that no client has used yet stays open for one: the client whose list it was opened for calls
soon, or not at all. A session whose connection lasted no longer gets another at its next call, not at once."""

UNWANTED_SECONDS: Final = 2.0
"""How long a connection that was opened to list stays open where its client is to share the common one, for the backend
makes no difference: as long as a backend takes that asks for roots after its start, not because of the list."""

Purpose = Literal["call", "list", "subscriptions"]
"""What a connection is opened for: a call of a client, the list for its kind, or what it had subscribed to."""

Aside = Callable[[], AbstractContextManager[None]]
"""Gives back, for the length of a block, what a call holds that waits."""

Ts = TypeVarTuple("Ts")


@attrs.define(eq=False, repr=False)
class ClientConnections:
    """The connections of single clients to one backend. Their tasks run as long as `running_in`."""

    shared: SharedConnection
    listings: ListingsByAbilities
    lost: LostSubscriptions = attrs.field(factory=LostSubscriptions, init=False)
    """What sessions had subscribed to over connections that are gone."""
    table: ClientConnectionTable = attrs.field(factory=ClientConnectionTable, init=False)
    """The connections that are open, or about to be."""
    shares: ConnectionShares = attrs.field(init=False)
    """How many of them one client may use."""
    _freed: trio.Event = attrs.field(factory=trio.Event, init=False)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.shares = ConnectionShares(self.shared.address, self.table)

    @contextmanager
    def running_in(self, nursery: trio.Nursery) -> Iterator[None]:
        """Run what the connections need in `nursery`, for the length of the block."""
        self._nursery = nursery
        try:
            with self.shared.address.sessions.running_in(nursery):
                yield
        finally:
            self._nursery = None

    def start_soon(self, function: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        """Start a task that ends with the scope; does nothing before it runs, or once its connections have closed."""
        if self._nursery is not None:
            self._nursery.start_soon(function, *args)

    def separates(self, call: Call) -> bool:
        """Whether the call has to go over a connection of its client's; see `Sharing.separates`."""
        has_own = call.client is not None and self.table.of(call.client) is not None
        ignores_roots = self.listings.ignores_roots(call.abilities)
        return self.shared.sharing.separates(call, ignores_roots=ignores_roots, has_own=has_own)

    @asynccontextmanager
    async def lease(
        self, call: Call, task: str | None = None, *, aside: Aside = nullcontext
    ) -> AsyncIterator[tuple[Connection, ClientConnection]]:
        """The connection of the call's client, for the length of the block: the one on which it began `task`, if any.

        While it waits for one, it is within `aside()`.

        Raises:
            BackendUnavailable: it could not be opened, or none was to be had for `timeouts.connect`, or too many of its
                client's calls wait for one already.
        """
        own = self.table.with_task(call, task) or await self._obtained(ConnectionOwner.of(call), "call", aside)
        async with self._use(own):
            if own.connection is None:
                raise _unavailable(self.shared.address, own.failure)
            await own.resubscribe(own.connection, self.lost)
            if own.connection is None:  # lost meanwhile
                raise _unavailable(self.shared.address, own.failure)
            yield own.connection, own

    @asynccontextmanager
    async def borrowed(self, abilities: Abilities) -> AsyncIterator[tuple[Connection, ClientConnection]]:
        """A connection, for the length of the block, to list what clients with `abilities` are shown.

        That is one which such a client has already, as long as that has been shown nothing else; its calls go on. Else
        one that belongs to nobody: the first client with these abilities may have it, for `UNUSED_SECONDS` after that.

        Raises:
            BackendUnavailable: the backend is not connected, or as `lease`.
        """
        if self.shared.connection is None:
            raise self.shared.recovery.unavailable()
        own = self.table.to_list_over(abilities) or await self._obtained(ConnectionOwner.nobody(abilities), "list")
        ends_at, uses = own.scope.deadline, own.uses
        try:
            async with self._use(own):
                if own.connection is None:
                    raise _unavailable(self.shared.address, own.failure)
                yield own.connection, own
        finally:
            if own.is_idle and own.uses == uses + 1:  # a look at its lists is no use of it: it must not live by that
                own.scope.deadline = min(own.scope.deadline, ends_at)

    def release(self, client: ClientSession) -> None:
        """Close the connection of a session that has ended, and forget what it had subscribed to."""
        self.lost.take(client)
        for own in self.table:
            if own.client is client:
                own.scope.cancel()

    def restore(self) -> None:
        """Open connections for the sessions that lost theirs and are subscribed to resources. Does not wait for it."""
        for client, abilities in self.lost:
            self.start_soon(self._restore, client, abilities)

    def share(self) -> None:
        """Give up the connections of single clients, each as soon as nobody uses it: all are to share one from now on.

        What sessions had subscribed to over theirs is heard over the shared one. Does not wait for it.
        """
        for own in self.table:
            if own.client is not None and own.subscriptions.subscribed:
                self.lost.add(own.client, own.owner.abilities, own.subscriptions.subscribed)
                own.subscriptions.subscribed.clear()
            self.let_idle(own)
        self.restore()

    def notify_common_lists(self) -> None:
        """Notify the sessions whose own connections list something else that they see what all see, from now on."""
        for own in self.table:
            if own.client is not None and own.listing:
                for method in sorted({LIST_CHANGED[kind] for kind in own.listing}):
                    own.tell_client(method, {})

    def hand_over_subscriptions(self, successor: ClientConnections) -> None:
        """Have `successor` subscribe for the sessions that subscribed over connections here. No checkpoint."""
        for own in self.table:
            client = own.client
            if client is None or not own.subscriptions.subscribed or own.scope.cancel_called:
                continue
            theirs = successor.table.of(client)
            subscribed = own.subscriptions.subscribed
            missing = subscribed if theirs is None else subscribed - theirs.subscriptions.subscribed
            if missing:
                successor.lost.add(client, own.owner.abilities, missing)
        successor.lost.take_over(self.lost)
        if successor.shared.connection is not None:
            successor.restore()

    def let_idle(self, own: ClientConnection) -> None:
        """Set the time at which a connection closes, if nobody uses it; whoever waits for one looks again."""
        if own.is_idle:
            own.scope.deadline = max(trio.current_time() + self._patience(own.owner), own.runs_until)
        self._wake()

    def _patience(self, owner: ConnectionOwner) -> float:
        """How long a connection stays open that nobody uses."""
        patience = self.shared.address.spec.timeouts.idle
        if self.shared.rivals.shares_because is not None:
            return 0.0
        if owner.key is not NOBODY:
            return patience
        return min(UNWANTED_SECONDS if self.listings.ignores_roots(owner.abilities) else UNUSED_SECONDS, patience)

    @asynccontextmanager
    async def _use(self, own: ClientConnection) -> AsyncIterator[None]:
        own.users += 1
        own.uses += 1
        own.scope.deadline = inf
        try:
            await own.settled.wait()
            yield
        finally:
            own.users -= 1
            self.let_idle(own)

    async def _obtained(self, owner: ConnectionOwner, purpose: Purpose, aside: Aside = nullcontext) -> ClientConnection:
        """The connection for `owner`, open or about to be: at once, or when its share and the others leave one."""
        own = self._at_once(owner, purpose)
        if own is not None:
            return own
        with self.shares.waiting(owner), aside(), trio.move_on_after(self.shared.address.spec.timeouts.connect):
            while own is None:
                await self._freed.wait()
                own = self._at_once(owner, purpose)
            return own
        raise self.shares.refusal(owner)

    def _at_once(self, owner: ConnectionOwner, purpose: Purpose) -> ClientConnection | None:
        """The connection for `owner`, if it need not wait; else its share is used up, or room is being made for it."""
        if not self.shares.permit(owner):
            return None
        if (found := self.table.taken_by(owner)) is not None:
            return found
        spec = self.shared.address.spec
        if len(self.table) >= spec.max_sessions:
            self._make_room(purpose)
            return None
        if self._nursery is None:
            raise self.shared.recovery.unavailable()
        own = ClientConnection(owner=owner, shared=self.shared, listings=self.listings, on_idle=self.let_idle)
        self.table.add(own)
        _log_start(spec, owner, purpose, len(self.table))
        self.start_soon(self._keep, own)
        return own

    def _make_room(self, purpose: Purpose) -> None:
        """Close the connection that is needed least, if there is one.

        For a call that may be one which a session is subscribed over and does nothing else: its updates are heard over
        the shared connection from now on, and over another one of its own once it has one.
        """
        now = trio.current_time()
        own = self.table.least_needed(now)
        if own is None and purpose == "call" and self.shared.connection is not None:
            own = self.table.subscribed_alone(now)
            if own is not None and own.client is not None:
                log.info("own_subscription_moved", backend=self.shared.address.spec.name, reason="max_sessions")
                self.lost.add(own.client, own.owner.abilities, own.subscriptions.subscribed)
                own.subscriptions.subscribed.clear()
                self.start_soon(self._restore_over_shared, own.client)
        if own is not None:
            own.scope.cancel()

    async def _keep(self, own: ClientConnection) -> None:
        try:
            failure = await own.run(partial(self._opened_for, own.owner.abilities))
        finally:
            self.table.remove(own)
            self._wake()
        if failure is not None and own.client is not None and own.subscriptions.subscribed:
            self.lost.add(own.client, own.owner.abilities, own.subscriptions.subscribed)
            if trio.current_time() - own.since > UNUSED_SECONDS:  # one that dies at once waits for the next call
                self.start_soon(self._restore, own.client, own.owner.abilities)

    async def _restore(self, client: ClientSession, abilities: Abilities) -> None:
        owner = ConnectionOwner(key=client, abilities=abilities, client=client)
        try:
            if self.shared.rivals.shares_because is not None:
                await self._restore_over_shared(client)
                return
            own = self.table.of(client) or await self._obtained(owner, "subscriptions")
            async with self._use(own):
                if own.connection is not None:
                    await own.resubscribe(own.connection, self.lost)
        except BackendUnavailable as full:
            log.info("own_subscription_unheard", backend=self.shared.address.spec.name, reason=full.message)

    async def _restore_over_shared(self, client: ClientSession) -> None:
        connection = self.shared.connection
        if connection is None:  # `restore` is called when there is one
            return
        deliver = partial(self.shared.address.sessions.put, client)
        for uri in self.lost.take(client):
            try:
                await self.shared.subscriptions.watch(connection, uri, client, deliver)
            except RpcError as refused:
                log.info("own_subscription_unheard", backend=self.shared.address.spec.name, reason=refused.message)

    def _opened_for(self, abilities: Abilities) -> None:
        log.debug("client_connection_opened", backend=self.shared.address.spec.name, open=len(self.table))
        if self.shared.sharing.lists_by(abilities):
            self.listings.make_soon(self, abilities)  # it is there: what such clients are shown costs no process now

    def _wake(self) -> None:
        self._freed.set()
        self._freed = trio.Event()


def _unavailable(address: BackendAddress, failure: LinkFailed) -> BackendUnavailable:
    details = tuple(map(address.redact, failure.details))
    return BackendUnavailable(
        address.spec.name,
        address.redact(failure.reason),
        details=details,
        cause=failure,
        retry_after=failure.retry_after,
    )


def _log_start(spec: BackendSpec, owner: ConnectionOwner, purpose: Purpose, count: int) -> None:
    """Log that a process is started beside the shared one: what users find in their list of processes."""
    if isinstance(spec, StdioBackend):
        abilities = list(owner.abilities.names)
        log.info("client_process_started", backend=spec.name, purpose=purpose, abilities=abilities, open=count)
