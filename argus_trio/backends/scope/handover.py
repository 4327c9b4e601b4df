"""From the scope of a backend to the one that takes its place: what clients see and hear goes on without a gap."""

from __future__ import annotations

from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.backends.scope.scope import Scope


def hand_over(old: Scope, new: Scope) -> None:
    """`new` shows what `old` showed until it has listed something itself, and hears of what clients subscribed to.

    Calls under way stay with `old`. No checkpoint.
    """
    new.inherit(old)
    old.successor = new
    keep_subscribed(old)
    if old.client_connections is not None:
        for client, kept in old.client_connections.listings():  # from now on its session is shown what all are
            for method in sorted({LIST_CHANGED[kind] for kind in kept}):
                old.client_connections.nursery.start_soon(client.notify, method, {})


def keep_subscribed(old: Scope) -> None:
    """Have the heir hear of what clients subscribed to: once when it takes over, and once more when `old` ends."""
    if old.successor is None:
        return
    new, subscribers = old.latest, {} if old.client_connections is None else old.client_connections.subscribers()
    new.subscriptions.take_over(old.subscriptions, new.connection)
    for client, (abilities, uris) in subscribers.items():
        own = None if new.client_connections is None else new.client_connections.of(client)
        missing = uris if own is None else uris - own.subscribed
        if missing:
            known = new.lost.get(client, (abilities, set()))[1]
            new.lost[client] = abilities, known | missing
    new.lost.update({client: what for client, what in old.lost.items() if client not in new.lost})
    if new.client_connections is not None and new.connection is not None:
        new.client_connections.restore()
