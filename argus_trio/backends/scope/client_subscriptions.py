"""What clients subscribed to at one backend: over the shared connection, or over the client's own.

A subscription lasts longer than the scope in which it began: it is handed over to the successor of that scope. How a
backend is asked for updates is the business of `subscriptions`.
"""

from __future__ import annotations

from functools import partial

import attrs

from argus_trio.backends.connectivity.client_connections import ClientConnections
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.scope.bulkhead import Bulkhead, Place
from argus_trio.backends.scope.retry import retry_after_session_loss
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.call.exchange import Call, ClientSession, Deliver, Exchange
from argus_trio.errors import BackendUnavailable
from argus_trio.wire.envelope import Params, encode_raw


@attrs.define(eq=False, repr=False)
class ClientSubscriptions:
    """The subscriptions of all clients at one backend."""

    shared: SharedConnection
    client_connections: ClientConnections
    bulkhead: Bulkhead
    successor: ClientSubscriptions | None = attrs.field(default=None, init=False)
    """The subscriptions of the scope that replaced this one, once it is in effect."""

    @property
    def latest(self) -> ClientSubscriptions:
        """The subscriptions of the scope that is in effect: these, or those of the last successor."""
        if self.successor is None:
            return self
        self.successor = self.successor.latest  # those between are needed no more
        return self.successor

    async def subscribe(self, exchange: Exchange, uri: str) -> bytes:
        """Perform the `resources/subscribe` or `resources/unsubscribe` of the exchange; the raw JSON of the result.

        `uri` is the backend's spelling of the resource; the client is told of updates in its own. The exchange holds a
        lease on the scope: what it subscribed to is handed over when that one ends, if not before.

        Raises:
            RpcError: as `BackendCalls.call`.
        """
        place = Place(self.bulkhead, exchange, self.shared.address.spec.timeouts.call)
        if not place.take():
            await place.wait()
        with place:
            try:
                return await self._subscribe(place, uri)
            except BackendUnavailable as failed:
                again = partial(self._subscribe, place, uri)
                return await retry_after_session_loss(self.shared.recovery, failed, again)

    async def watch(self, call: Call, uri: str, key: object, deliver: Deliver) -> None:
        """Deliver the updates of a resource to `deliver`, until `unwatch` with the same `key`.

        Those come over the shared connection, and from processes in which calls of clients like this one run.

        Raises:
            RpcError: as `SubscriptionHub.watch`; the backend cannot be reached, or refuses.
        """
        if self.successor is not None:
            await self.latest.watch(call, uri, key, deliver)
            return
        self.bulkhead.require_open()
        shared = self.shared
        try:
            await self._watch_shared(uri, key, deliver)
        except BackendUnavailable as failed:
            again = partial(self._watch_shared, uri, key, deliver)
            await retry_after_session_loss(shared.recovery, failed, again)
        if isinstance(shared.address.spec, StdioBackend) and self.client_connections.separates(call):
            shared.subscriptions.watch_client_kind((call.principal.name, call.abilities), uri, key, deliver)

    async def unwatch(self, uri: str, key: object) -> None:
        """Deliver no more updates of the resource to the subscriber `key`."""
        await self.shared.subscriptions.unwatch(self.shared.connection, uri, key)

    async def follow(self, task: str) -> bool:
        """Ask for notifications of `task`, an id of the backend's, until `unfollow`; whether there will be any.

        If False there is nothing to undo: the backend does not agree to it, or the task is on a connection of a single
        client, which has no listen stream for tasks. Cancelling undoes it.
        """
        if self.shared.connection is None or self.client_connections.table.know_task(task):
            return False
        is_followed = False
        try:
            is_followed = await self.shared.subscriptions.follow(task)
        finally:
            if not is_followed:
                self.unfollow(task)
        return is_followed

    def unfollow(self, task: str) -> None:
        """Take back one `follow` of `task`."""
        self.shared.subscriptions.unfollow(task)

    def forget(self, client: ClientSession) -> None:
        """End what a session subscribed to over the shared connection. Does not wait for the backend."""
        self.shared.subscriptions.forget(self.shared.connection, client)

    def hand_over(self, successor: ClientSubscriptions) -> None:
        """Hand everything that clients subscribed to here over to `successor`. No checkpoint."""
        self.successor = successor
        self.shared.address.sessions.successor = successor.shared.address.sessions
        self.hand_over_rest()

    def hand_over_rest(self) -> None:
        """Hand what has been subscribed to here since over to the latest successor, if there is one. No checkpoint."""
        if self.successor is None:
            return
        latest = self.latest
        latest.shared.given.take_over(self.shared.given)
        latest.shared.subscriptions.take_over(self.shared.subscriptions, latest.shared.connection)
        self.client_connections.hand_over_subscriptions(latest.client_connections)

    async def _subscribe(self, place: Place, uri: str) -> bytes:
        shared, call = self.shared, place.exchange.call
        is_wanted, client = call.method == "resources/subscribe", call.client
        connection = await shared.connected()
        if is_wanted:
            shared.subscriptions.require_updates(connection)
        if is_wanted and client is not None:
            shared.subscriptions.note_spelling(client, uri, call.params["uri"])
        if shared.sharing.is_legacy and self.client_connections.separates(call):  # modern ones know no such request
            timeouts = shared.address.spec.timeouts
            async with self.client_connections.lease(call) as (connection, own):
                uri = own.subscriptions.subscribed_as(uri)
                params: Params = {**call.params, "uri": encode_raw(uri)}
                result = await connection.call(place.exchange, params, timeouts, waited=place.waited)
                subscribed = own.subscriptions.subscribed
                (subscribed.add if is_wanted else subscribed.discard)(uri)
            if not is_wanted and client is not None:
                await self._end(uri, client)  # it may have subscribed before its calls had a connection of their own
            return result
        if client is not None and is_wanted:
            deliver = partial(self._deliver, client)
            await shared.subscriptions.watch(connection, uri, client, deliver)
        elif client is not None:
            await self._end(uri, client)
        return b"{}"

    async def _end(self, uri: str, client: ClientSession) -> None:
        """End a client's subscription: over the shared connection, and over the client's own."""
        for each in [self] if self.successor is None else [self, self.latest]:  # it has been handed over meanwhile
            await each.unwatch(uri, client)
            own = each.client_connections.table.of(client)
            if own is not None:
                await own.subscriptions.unwatch(own.connection, uri)

    async def _watch_shared(self, uri: str, key: object, deliver: Deliver) -> None:
        await self.shared.subscriptions.watch(await self.shared.connected(), uri, key, deliver)

    def _deliver(self, client: ClientSession, method: str, params: Params) -> None:
        latest = self.latest
        latest.shared.address.sessions.put(client, method, latest.shared.subscriptions.as_spelled(client, params))
