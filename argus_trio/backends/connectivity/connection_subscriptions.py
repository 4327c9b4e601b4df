"""The resources that the connection of a single client is asked to send updates of.

Those are what its session subscribed to over it, and what its client, or modern clients of its kind, watch over the
shared connection too. What then comes is delivered by `client_connection.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.core.catalog.uris import comparable
from argus_trio.errors import LinkFailed, RpcError
from argus_trio.wire.envelope import Params, encode_raw

log = structlog.get_logger()


@attrs.define(eq=False, repr=False)
class ConnectionSubscriptions:
    """The resources that one connection is asked to send updates of. A refusal is logged, and nothing else."""

    address: BackendAddress
    subscribed: set[str] = attrs.field(factory=set, init=False)
    """The URIs that its session subscribed to: the connection stays open for those."""
    watched: set[str] = attrs.field(factory=set, init=False)
    """The URIs that are watched over the shared connection, and that this one has been asked for too."""
    hub: SubscriptionHub = attrs.field(init=False)
    """How the backend is asked for what is in `watched`."""

    def __attrs_post_init__(self) -> None:
        self.hub = SubscriptionHub(self.address, listens_for_lists=False)

    def subscribed_as(self, uri: str) -> str:
        """How the session spelled this resource when it subscribed to it; `uri` itself if it has not."""
        if uri in self.subscribed:
            return uri
        compared = comparable(uri)
        return next((known for known in self.subscribed if comparable(known) == compared), uri)

    async def subscribe(self, connection: Connection, uris: Iterable[str]) -> None:
        """Subscribe again to what the session had subscribed to over an earlier connection, within `timeouts.call`."""
        wanted = sorted(uris)
        self.subscribed.update(wanted)
        with trio.move_on_after(self.address.spec.timeouts.call):
            for uri in wanted:
                try:
                    await connection.ask("resources/subscribe", {"uri": encode_raw(uri)})
                except LinkFailed as failure:
                    log.debug("own_subscription_refused", backend=connection.backend, reason=failure.reason[:200])

    async def watch(self, connection: Connection, uris: Iterable[str]) -> None:
        """Ask for updates of URIs that are watched over the shared connection, unless they have been asked for here.

        Each request takes at most `timeouts.call`. What was not asked for before cancellation is asked for next time.
        """
        async with trio.open_nursery() as nursery:
            for uri in uris:
                if uri not in self.watched and uri not in self.subscribed:
                    self.watched.add(uri)
                    nursery.start_soon(self._watch_one, connection, uri)

    async def unwatch(self, connection: Connection | None, uri: str) -> None:
        """Ask for no more updates of a URI that was watched over the shared connection too."""
        if uri in self.watched:
            self.watched.discard(uri)
            await self.hub.unwatch(connection, uri, self)

    async def _watch_one(self, connection: Connection, uri: str) -> None:
        is_settled = False
        try:
            await self.hub.watch(connection, uri, self, _deliver_nothing)
            is_settled = True
        except RpcError as refused:
            log.debug("own_subscription_refused", backend=connection.backend, reason=refused.message[:200])
            is_settled = True
        finally:
            if not is_settled:  # cancelled, be it alone or in a group
                self.watched.discard(uri)


def _deliver_nothing(method: str, params: Params) -> None:
    """Do nothing: updates are delivered by `ClientConnection.resource_updated`, whoever subscribed."""
