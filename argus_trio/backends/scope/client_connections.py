"""A backend's connections that belong to one client each: opened at need, bounded, closed when idle or released.

A legacy session has one, for all its calls and until it ends. Modern clients have no sessions: a connection is leased
to one call at a time and afterwards kept for the next one of the same principal with the same abilities.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from math import inf
from typing import Final, Literal

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress, open_connection
from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.backends.listings.refresh import KnownListing, keep_listed
from argus_trio.backends.scope.client_connection import ClientConnection
from argus_trio.backends.scope.health_monitor import HealthMonitor
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable, LinkFailed, leaves
from argus_trio.wire.envelope import encode_raw

log = structlog.get_logger()

FRESH: Final = 30.0
"""Seconds that a connection which no client has used yet waits for one."""

_NOBODY: Final = object()

LostSubscriptions = dict[ClientSession, tuple[Abilities, set[str]]]
"""Sessions whose own connection is gone, with what they had subscribed to there."""

RETRY_AFTER: Final = 5.0
"""Seconds after which a client that found every connection taken may try again."""


@attrs.define(eq=False)
class ClientConnections:
    """The dedicated connections of one backend; their tasks run in `nursery`."""

    address: BackendAddress
    nursery: trio.Nursery
    redact: Redactor
    on_listed: Callable[[Abilities, KnownListing], None]
    known: Callable[[Abilities], KnownListing | None]
    """What clients with such abilities are shown."""
    protocol: Callable[[], Literal["auto", "legacy", "modern"]]
    subscriptions: SubscriptionHub
    lost: LostSubscriptions
    _owned: list[ClientConnection] = attrs.field(factory=list)
    _freed: trio.Event = attrs.field(factory=trio.Event)

    def __len__(self) -> int:
        return len(self._owned)

    @asynccontextmanager
    async def lease(self, call: Call, task: str | None = None) -> AsyncIterator[tuple[Connection, ClientConnection]]:
        """The connection of the call's client, for the length of the block: the one where it began `task`, if any.

        Raises:
            BackendUnavailable: it could not be opened, or too many are open, after `timeouts.connect`.
        """
        key: object = call.client if call.client is not None else (call.principal, call.abilities)
        async with self._use(key, call.abilities, call.client, self.where(call, task)) as own:
            if own.connection is None:
                raise self._unavailable(own.failure)
            await self._go_on_hearing(own.connection, own)
            if own.connection is None:  # lost meanwhile
                raise self._unavailable(own.failure)
            yield own.connection, own

    @asynccontextmanager
    async def borrowed(self, abilities: Abilities) -> AsyncIterator[Connection]:
        """A connection that is nobody's, to see what a client with `abilities` is shown.

        No client has used it, so the first one with these abilities may have it, within `FRESH` after the block.

        Raises:
            BackendUnavailable: as `lease`.
        """
        async with self._use(_NOBODY, abilities, None) as own:
            if own.connection is None:
                raise self._unavailable(own.failure)
            yield own.connection

    def release(self, client: ClientSession) -> None:
        """The session has ended, and its connection with it."""
        self.lost.pop(client, None)
        for own in self._owned:
            if own.client is client:
                own.scope.cancel()

    def subscribers(self) -> LostSubscriptions:
        """The sessions that subscribed to something over a connection of theirs."""
        return {
            own.client: (own.abilities, set(own.subscribed))
            for own in self._owned
            if own.client is not None and own.subscribed and not own.scope.cancel_called
        }

    def listings(self) -> Iterator[tuple[ClientSession, KnownListing]]:
        """The sessions whose own connections list something else, and what."""
        return ((own.client, own.kept) for own in self._owned if own.client is not None and own.kept)

    def restore(self) -> None:
        """Open connections for the sessions that lost theirs and wait for news of resources."""
        for client, (abilities, _) in self.lost.items():
            self.nursery.start_soon(self._restore, client, abilities)

    async def unwatch(self, client: ClientSession, uri: str) -> None:
        """The session no longer wants to hear of this, over its own connection either."""
        own = self.of(client)
        if own is not None:
            await own.unwatch(uri)

    def of(self, client: ClientSession) -> ClientConnection | None:
        """The session's connection, if it has one."""
        return next((own for own in self._owned if own.client is client and own.is_usable), None)

    def where(self, call: Call, task: str | None) -> ClientConnection | None:
        """The connection on which the call's client began that task, by its backend's id."""
        if task is None:
            return None
        return next((own for own in self._owned if own.began(call, task) and own.is_usable), None)

    def is_begun(self, task: str) -> bool:
        """Whether a task of this id was begun on one of them, whosever it is."""
        return any(own.connection is not None and task in own.connection.inbound.tasks for own in self._owned)

    @asynccontextmanager
    async def _use(
        self, key: object, abilities: Abilities, client: ClientSession | None, own: ClientConnection | None = None
    ) -> AsyncIterator[ClientConnection]:
        own = own or self._found(key, abilities, client) or await self._opened(key, abilities, client)
        own.users += 1
        own.scope.deadline = inf
        try:
            await own.settled.wait()
            yield own
        finally:
            own.users -= 1
            self.let_idle(own)

    def let_idle(self, own: ClientConnection) -> None:
        """Begin to count the idle time of a connection that nobody uses."""
        if own.is_idle:
            patience = self.address.spec.timeouts.idle
            idle_at = trio.current_time() + (min(FRESH, patience) if own.key is _NOBODY else patience)
            own.scope.deadline = max(idle_at, own.runs_until)
            self._wake()

    def _found(self, key: object, abilities: Abilities, client: ClientSession | None) -> ClientConnection | None:
        """The session's own; for a modern client the one of its kind that was used last; else one that is nobody's."""
        fit = [own for own in reversed(self._owned) if own.abilities == abilities and own.is_usable]
        if client is not None:
            own = next((own for own in fit if own.key is key), None)
        else:
            own = next((own for own in fit if own.key == key and own.is_idle), None)
        if own is None:
            own = next((own for own in fit if own.key is _NOBODY and own.is_idle), None)
        if own is not None:
            own.belong_to(key, client)
            self._owned.remove(own)
            self._owned.append(own)
        return own

    async def _opened(self, key: object, abilities: Abilities, client: ClientSession | None) -> ClientConnection:
        with trio.move_on_after(self.address.spec.timeouts.connect):
            while len(self._owned) >= self.address.spec.max_sessions:
                self._evict()
                await self._freed.wait()
                found = self._found(key, abilities, client)
                if found is not None:
                    return found
            spec = self.address.spec
            subscriptions = SubscriptionHub(spec.name, self.redact, spec.timeouts.call, hears_lists=False)
            own = ClientConnection(
                key, abilities, client, subscriptions=subscriptions, on_update=self.subscriptions.updated_of
            )
            self._owned.append(own)
            self.nursery.start_soon(self._live, own)
            return own
        raise BackendUnavailable(
            self.address.spec.name,
            f"all {self.address.spec.max_sessions} connections for single clients are taken (max_sessions)",
            retry_after=RETRY_AFTER,
        )

    def _evict(self) -> None:
        for own in self._owned:
            if own.is_idle and own.runs_until <= trio.current_time():
                own.scope.cancel()
                return

    def _wake(self) -> None:
        self._freed.set()
        self._freed = trio.Event()

    async def _live(self, own: ClientConnection) -> None:
        failures: list[LinkFailed] = []
        try:
            with own.scope:
                failures.append(await self._converse(own))
        except* LinkFailed as group:
            failures.extend(leaves(group))
        except* Exception as group:
            log.exception("backend_fault", backend=self.address.spec.name, exc_info=group)
            failures.append(LinkFailed(f"the gateway failed at it: {type(group.exceptions[0]).__name__}"))
        finally:
            own.connection = None
            self._owned.remove(own)
            self._wake()
            own.failure = failures[0] if failures else own.failure
            own.settled.set()
        if failures and own.client is not None and own.subscribed:
            self.lost[own.client] = own.abilities, own.subscribed
            if trio.current_time() - own.since > FRESH:  # one that dies at once waits for the next call
                self.nursery.start_soon(self._restore, own.client, own.abilities)
        if failures:
            log.info("client_connection_lost", backend=self.address.spec.name, reason=self.redact(failures[0].reason))

    async def _converse(self, own: ClientConnection) -> LinkFailed:
        seconds = self.address.spec.timeouts.connect
        opening = trio.CancelScope(deadline=trio.current_time() + seconds)
        with opening:
            async with open_connection(
                self.address, self.protocol(), own, abilities=own.abilities, is_exclusive=True, client=own.client
            ) as connection:
                opening.deadline = inf
                own.connection = connection
                own.subscriptions.begin(connection)
                connection.inbound.task_ended = partial(self.let_idle, own)
                own.settled.set()
                log.debug("client_connection_opened", backend=self.address.spec.name, open=len(self._owned))
                publish = partial(self._listed, own)
                connection.nursery.start_soon(keep_listed, connection, own.changes, self.redact, seconds, publish)
                monitor = HealthMonitor(
                    connection=connection, probing=lambda: self.address.spec.health, redact=self.redact
                )
                connection.lost = await monitor.watch()
                return connection.lost
        raise LinkFailed(f"it was not ready for one more client within {seconds:g} s (timeouts.connect)")

    def _listed(self, own: ClientConnection, kept: KnownListing) -> None:
        """A session's connection lists something new: that is news for this session alone."""
        if own.client is None or own.connection is None:
            self.on_listed(own.abilities, kept)
            return
        before = {**(self.known(own.abilities) or {}), **(own.kept or {})}
        own.kept = {**(own.kept or {}), **kept}
        for method in sorted({LIST_CHANGED[kind] for kind in kept if before.get(kind) != kept[kind]}):
            own.connection.nursery.start_soon(own.client.notify, method, {})

    async def _go_on_hearing(self, connection: Connection, own: ClientConnection) -> None:
        """Have it tell what its client, or clients of its kind, want to hear; each request is bounded as a call is."""
        await self._subscribe_again(connection, own)
        if own.client is None:
            await own.watch_too(connection, self.subscriptions.wanted_of(own.key))
        elif isinstance(self.address.spec, StdioBackend):
            # Elsewhere the shared connection tells of what happens on this one too: it is the same server.
            await own.watch_too(connection, self.subscriptions.table.uris_of(own.client))

    async def _restore(self, client: ClientSession, abilities: Abilities) -> None:
        try:
            async with self._use(client, abilities, client) as own:
                if own.connection is not None:
                    await self._go_on_hearing(own.connection, own)
        except BackendUnavailable as full:
            log.info("own_subscription_unheard", backend=self.address.spec.name, reason=full.message)

    async def _subscribe_again(self, connection: Connection, own: ClientConnection) -> None:
        """Subscribe a session's connection to what its session had subscribed to over an earlier one."""
        if own.client is None or own.client not in self.lost:
            return
        _, uris = self.lost.pop(own.client)
        own.subscribed |= uris
        await self._ask_for(connection, sorted(uris))

    async def _ask_for(self, connection: Connection, uris: list[str]) -> None:
        with trio.move_on_after(self.address.spec.timeouts.call):
            for uri in uris:
                try:
                    await connection.ask("resources/subscribe", {"uri": encode_raw(uri)})
                except LinkFailed as failure:
                    log.debug("own_subscription_refused", backend=connection.backend, reason=failure.reason[:200])

    def _unavailable(self, failure: LinkFailed) -> BackendUnavailable:
        details = tuple(map(self.redact, failure.details))
        return BackendUnavailable(self.address.spec.name, self.redact(failure.reason), details=details, cause=failure)
