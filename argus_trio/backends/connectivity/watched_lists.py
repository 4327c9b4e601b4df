"""How the lists of a backend are watched over its connection: what is heard of, and when what is not is looked at."""

from __future__ import annotations

from collections.abc import Callable

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.listings.listing import CAPABILITIES
from argus_trio.backends.listings.pending import PendingChanges
from argus_trio.backends.subscriptions.declared import declares_list_changes
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import BackendSpec
from argus_trio.core.health.backoff import Backoff
from argus_trio.wire.revisions import Era


def hears_changes(connection: Connection, subscriptions: SubscriptionHub, kind: str) -> bool:
    """Whether the backend says when its list of this kind changes, and has a stream to say it on."""
    handshake = connection.handshake
    if not declares_list_changes(handshake.capabilities, CAPABILITIES[kind]):
        return False
    return subscriptions.is_listening if handshake.era is Era.MODERN else connection.link.has_stream


def watched_lists(address: BackendAddress, hears: Callable[[str], bool]) -> PendingChanges:
    """What is to be listed again over the shared connection; `hears` says of which kinds changes are heard."""
    return PendingChanges(
        redact=address.redact,
        backoff=lambda: list_backoff(address.spec),
        interval=lambda _: address.spec.health.relist_seconds,
        hears=hears,
    )


def own_lists(address: BackendAddress) -> PendingChanges:
    """What is to be listed again over a connection of a single client: what it hears of, and what did not come."""
    return PendingChanges(redact=address.redact, backoff=lambda: list_backoff(address.spec))


def list_backoff(spec: BackendSpec) -> Backoff:
    """How long to wait for a list that did not come: as long as for a backend that did not start."""
    return Backoff(first=spec.restart.initial, longest=spec.restart.max)
