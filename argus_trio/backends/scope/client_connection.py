"""One connection to a backend that belongs to a single client: whose it is, what it hears, whether it may close.

`dedicated.py` opens and closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.refresh import KnownListing, PendingChanges
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.errors import BackendUnavailable, LinkFailed
from argus_trio.wire.envelope import Params

log = structlog.get_logger()


@attrs.define(eq=False)
class ClientConnection:
    """One dedicated connection, from the wish for it to its end. It is also what listens to its backend."""

    key: object
    abilities: Abilities
    client: ClientSession | None
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    settled: trio.Event = attrs.field(factory=trio.Event)
    connection: Connection | None = None
    failure: LinkFailed = attrs.field(factory=lambda: LinkFailed("it was closed"))
    users: int = 0
    since: float = attrs.field(factory=trio.current_time)
    subscribed: set[str] = attrs.field(factory=set)
    """What its session subscribed to: it stays open for that."""
    watched: set[str] = attrs.field(factory=set)
    """What its client, or modern clients of its kind, watch over the shared connection too, and it has been told."""
    subscriptions: SubscriptionHub = attrs.field(kw_only=True)
    """How it hears of what is in `watched`."""
    kept: KnownListing | None = None
    """What it lists that others of its kind do not: the kinds that changed on it since it opened."""
    on_update: Callable[[object, Params], None] = attrs.field(kw_only=True)
    changes: PendingChanges = attrs.field(factory=PendingChanges)

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        """See `Listener`."""
        self.changes.add(kinds)

    def resource_updated(self, params: Params) -> None:
        """See `Listener`: it is this client's connection, so it is this client's news."""
        if self.client is not None and self.connection is not None:
            method = "notifications/resources/updated"
            self.connection.nursery.start_soon(self.client.notify, method, params)
        elif self.client is None:
            self.on_update(self.key, params)

    def belong_to(self, key: object, client: ClientSession | None) -> None:
        """It is this client's from now on."""
        self.key, self.client = key, client
        if self.connection is not None:
            self.connection.inbound.client = client

    @property
    def is_usable(self) -> bool:
        """Whether it is open, or about to be."""
        return not self.scope.cancel_called and (self.connection is None or self.connection.lost is None)

    @property
    def is_idle(self) -> bool:
        """Whether nobody uses it, so that it may close, or serve another call."""
        return not self.users and not self.subscribed

    @property
    def runs_until(self) -> float:
        """When no task that was begun on it counts as running any more: it stays open until then."""
        return -inf if self.connection is None else self.connection.inbound.tasks.until

    def began(self, call: Call, task: str) -> bool:
        """Whether that task was begun on it by the client of this call."""
        if call.client is not None:
            is_its = self.client is call.client
        else:
            is_its = isinstance(self.key, tuple) and self.key[0] == call.principal
        return is_its and self.connection is not None and task in self.connection.inbound.tasks

    async def watch_too(self, connection: Connection, uris: Iterable[str]) -> None:
        """Hear over `connection`, its own, of what is watched elsewhere as well; a refusal is logged, and that is all.

        What has not been asked for when this is cancelled is asked for the next time.
        """
        async with trio.open_nursery() as nursery:
            for uri in uris:
                if uri not in self.watched and uri not in self.subscribed:
                    self.watched.add(uri)
                    nursery.start_soon(self._watch_too, connection, uri)

    async def unwatch(self, uri: str) -> None:
        """Its client no longer wants to hear of it."""
        if uri in self.watched:
            self.watched.discard(uri)
            await self.subscriptions.unwatch(self.connection, uri, self)

    async def _watch_too(self, connection: Connection, uri: str) -> None:
        is_settled = False
        try:
            await self.subscriptions.watch(connection, uri, self, _deliver_nothing)
            is_settled = True
        except BackendUnavailable as unavailable:
            log.debug("own_subscription_refused", backend=connection.backend, reason=unavailable.message[:200])
            is_settled = True
        finally:
            if not is_settled:  # cancelled, be it alone or in a group
                self.watched.discard(uri)


def _deliver_nothing(method: str, params: Params) -> None:
    """What the connection tells is delivered by `ClientConnection.resource_updated`, whoever subscribed."""
