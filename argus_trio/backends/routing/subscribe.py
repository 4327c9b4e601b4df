"""Subscribing a client to what one backend tells of: over the connection that all share, or over the client's own.

It lasts longer than the scope that was there when it began; `succession.py` hands it on.
"""

from __future__ import annotations

from functools import partial

from argus_trio.backends.scope.bulkhead import Place
from argus_trio.backends.scope.retry import retry_after_session_loss
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.call.exchange import Call, ClientSession, Deliver, Exchange
from argus_trio.wire.envelope import Params


async def subscribe(scope: Scope, exchange: Exchange, uri: str) -> bytes:
    """Subscribe the exchange's client to a resource, or with `resources/unsubscribe` end that; the raw result.

    The exchange holds a lease on `scope`: what it subscribed to is handed over when that one ends, if not before.

    Raises:
        RpcError: as `Scope.call`.
    """
    async with scope.bulkhead.place(exchange, scope.spec.timeouts.call) as place:
        return await retry_after_session_loss(scope.recovery, partial(_subscribe, scope, place, uri))


async def _subscribe(scope: Scope, place: Place, uri: str) -> bytes:
    call = place.exchange.call
    is_wanted = call.method == "resources/subscribe"
    connection = await scope.connected()
    if (
        scope.client_connections is not None and scope.is_legacy and scope.needs_own(call)
    ):  # modern ones know no such request
        async with scope.client_connections.lease(call) as (connection, own):
            result = await connection.call(place.exchange, call.params, scope.spec.timeouts, waited=place.waited)
            (own.subscribed.add if is_wanted else own.subscribed.discard)(uri)
        if not is_wanted and call.client is not None:
            await _end(scope, uri, call.client)  # it may have subscribed before its calls had a connection of their own
        return result
    client = call.client
    if client is not None and is_wanted:

        def deliver(method: str, params: Params) -> None:
            if (client_connections := scope.latest.client_connections) is not None:
                client_connections.nursery.start_soon(client.notify, method, params)

        await scope.subscriptions.watch(connection, uri, client, deliver)
    elif client is not None:
        await _end(scope, uri, client)
    return b"{}"


async def _end(scope: Scope, uri: str, client: ClientSession) -> None:
    """The client no longer wants to hear of this: over the shared connection, nor where its own calls run."""
    scopes = [scope] if scope.successor is None else [scope, scope.latest]  # it has been handed over meanwhile
    for each in scopes:
        await unwatch(each, uri, client)
        if each.client_connections is not None:
            await each.client_connections.unwatch(client, uri)


async def watch(scope: Scope, call: Call, uri: str, key: object, deliver: Deliver) -> None:
    """Deliver what is said of a resource, until `unwatch`: over the shared connection, and by the processes that the
    calls of clients like this one run in.

    Raises:
        BackendUnavailable: the backend cannot be told, or refuses.
    """
    scope = scope.latest

    async def on_the_shared_one() -> None:
        await scope.subscriptions.watch(await scope.connected(), uri, key, deliver)

    await retry_after_session_loss(scope.recovery, on_the_shared_one)
    if isinstance(scope.spec, StdioBackend) and scope.needs_own(call):
        scope.subscriptions.watch_owned((call.principal, call.abilities), uri, key, deliver)


async def unwatch(scope: Scope, uri: str, key: object) -> None:
    """Deliver no more of it."""
    await scope.subscriptions.unwatch(scope.connection, uri, key)


async def follow(scope: Scope, task: str) -> bool:
    """Hear how a task stands, by the backend's id, until `Watching.unfollow`.

    False if there is nothing to hear, and nothing to undo: the backend does not agree to tell, or the task is on a
    connection of a single client, where nothing is listened for.
    """
    if scope.connection is None or (scope.client_connections is not None and scope.client_connections.is_begun(task)):
        return False
    is_told = False
    try:
        is_told = await scope.subscriptions.follow(task)
    finally:
        if not is_told:
            scope.subscriptions.unfollow(task)
    return is_told
