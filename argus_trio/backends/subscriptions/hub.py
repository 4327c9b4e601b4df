"""Resource updates and task notifications over one connection, asked for in the way of its era, for all who want them.

The connection is the shared one, or one that belongs to a single client. Who wants what is in `table.py`, how a modern
backend is asked in `listen_stream.py`.
"""

from __future__ import annotations

from collections import Counter

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.subscriptions.declared import may_report_updates
from argus_trio.backends.subscriptions.listen_stream import ListenStream
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.exchange import Deliver
from argus_trio.errors import BackendUnavailable, LinkFailed, MethodUnknown
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.revisions import Era

log = structlog.get_logger()


@attrs.define(eq=False)
class SubscriptionHub:
    """What is subscribed to at one backend, over the connection that there is at the time.

    Each request to the backend is bounded by `timeouts.call`.
    """

    address: BackendAddress
    table: SubscriptionTable = attrs.field(factory=SubscriptionTable, init=False)
    """Who subscribed to which resource."""
    followed: Counter[str] = attrs.field(factory=Counter, init=False)
    """How many want notifications of each task, by the backend's id."""
    listens_for_lists: bool = attrs.field(default=True, kw_only=True)
    """Whether a modern backend is asked to report changes of its lists as well."""
    _listen_stream: ListenStream | None = attrs.field(default=None, init=False)
    _by_client_kind: dict[object, SubscriptionTable] = attrs.field(factory=dict, init=False)
    """Who wants the updates that client connections report, by kind of client: principal and abilities."""

    @property
    def is_listening(self) -> bool:
        """Whether a modern backend has a stream to report on, or is about to have it."""
        return self._listen_stream is not None and not self._listen_stream.is_over

    def begin(self, connection: Connection) -> None:
        """Ask for everything that is wanted over a new connection, in its nursery. Does not wait for it."""
        self._listen_stream = None
        if connection.handshake.era is Era.MODERN:
            self._listen_stream = ListenStream(
                connection=connection,
                table=self.table,
                redact=self.address.redact,
                followed=self.followed,
                listens_for_lists=self.listens_for_lists,
            )
            connection.start_soon(self._listen_stream.run)
        else:
            connection.start_soon(self._resubscribe, connection, self.table.uris)

    def acknowledged(self, params: Params) -> None:
        """Take note that the backend has acknowledged the listen stream: the params of its acknowledgment."""
        if self._listen_stream is not None:
            self._listen_stream.acknowledged(params)

    def take_over(self, old: SubscriptionHub, connection: Connection | None) -> None:
        """Take over every subscriber of `old`, which has none then, and ask the backend for what is new.

        Does not wait for it; without a `connection` that is done by `begin`.
        """
        fresh = self.table.take_over(old.table)
        for kind, table in old._by_client_kind.items():
            self._by_client_kind.setdefault(kind, SubscriptionTable()).take_over(table)
        old._by_client_kind.clear()
        self.followed.update(old.followed)
        is_followed = bool(old.followed)
        old.followed.clear()
        if (fresh or is_followed) and self._listen_stream is not None:
            self._listen_stream.wanted_changed()
        elif fresh and connection is not None:
            connection.start_soon(self._resubscribe, connection, fresh)

    def watch_client_kind(self, kind: object, uri: str, key: object, deliver: Deliver) -> None:
        """Deliver the updates of a resource that come over client connections of this `kind`, until `unwatch`."""
        self._by_client_kind.setdefault(kind, SubscriptionTable()).add(uri, key, deliver)

    def wanted_of(self, kind: object) -> list[str]:
        """The URIs that clients of this kind want updates of."""
        return self._by_client_kind[kind].uris if kind in self._by_client_kind else []

    def updated_of(self, kind: object, params: Params) -> None:
        """Deliver an update that came over a client connection of this kind: the params of the notification."""
        if kind in self._by_client_kind:
            self._by_client_kind[kind].updated(params)

    async def watch(self, connection: Connection, uri: str, key: object, deliver: Deliver) -> None:
        """Subscribe `key` to a resource: its updates go to `deliver`, until `unwatch` or `forget`.

        Raises:
            BackendUnavailable: the backend cannot be reached, or refuses; then nothing is subscribed to.
            MethodUnknown: the backend does not declare that resources can be subscribed to, and is not asked.
        """
        table = self.table
        self.require_updates(connection)
        if table.add(uri, key, deliver):
            is_subscribed = False
            try:
                await self._ask(connection, "resources/subscribe", uri)
                is_subscribed = True
            except LinkFailed as failure:
                raise BackendUnavailable(
                    self.address.spec.name, self.address.redact(failure.reason), cause=failure
                ) from None
            finally:
                if not is_subscribed:  # cancelled, be it alone or in a group, or refused
                    table.remove(uri, key)

    def require_updates(self, connection: Connection) -> None:
        """Do nothing, if the backend declares that its resources can be subscribed to.

        Raises:
            MethodUnknown: it does not: the error that such a server answers a subscription with.
        """
        if not may_report_updates(connection.handshake.capabilities, connection.handshake.era):
            raise MethodUnknown(
                f"backend {self.address.spec.name!r} knows no resources/subscribe: it does not declare "
                "resources.subscribe"
            )

    async def unwatch(self, connection: Connection | None, uri: str, key: object) -> None:
        """End the subscription of `key` to a resource. A refusal of the backend is logged."""
        for table in self._by_client_kind.values():
            table.remove(uri, key)
        if self.table.remove(uri, key) and connection is not None:
            await self._unsubscribe(connection, uri)

    def forget(self, connection: Connection | None, key: object) -> None:
        """End every subscription of `key`. Does not wait for the backend."""
        for uri in self.table.forget(key):
            if connection is not None:
                connection.start_soon(self._unsubscribe, connection, uri)

    async def follow(self, task: str) -> bool:
        """Ask a modern backend to report on `task`, until `unfollow`; whether it agreed, within `timeouts.call`."""
        self.followed[task] += 1
        if self._listen_stream is not None and not self._listen_stream.agreed_to(task):
            with trio.move_on_after(self.address.spec.timeouts.call):
                await self._listen_stream.wanted_changed().wait()
        return self._listen_stream is not None and self._listen_stream.agreed_to(task)

    def unfollow(self, task: str) -> None:
        """Take back one `follow` of `task`."""
        self.followed[task] -= 1
        if self.followed[task] <= 0:
            del self.followed[task]
            if self._listen_stream is not None:
                self._listen_stream.wanted_changed()

    async def _ask(self, connection: Connection, method: str, uri: str) -> None:
        with trio.move_on_after(self.address.spec.timeouts.call):
            if self._listen_stream is not None:
                await self._listen_stream.wanted_changed().wait()
                return
            await connection.ask(method, {"uri": encode_raw(uri)})
            return
        raise LinkFailed(f"it did not answer {method} within {self.address.spec.timeouts.call:g} s")

    async def _unsubscribe(self, connection: Connection, uri: str) -> None:
        try:
            await self._ask(connection, "resources/unsubscribe", uri)
        except LinkFailed as failure:
            log.debug(
                "backend_unsubscribe_failed", backend=self.address.spec.name, reason=self.address.redact(failure.reason)
            )

    async def _resubscribe(self, connection: Connection, uris: list[str]) -> None:
        if uris and not may_report_updates(connection.handshake.capabilities, connection.handshake.era):
            reason = "it does not declare resources.subscribe any more"
            log.warning("backend_resubscribe_failed", backend=self.address.spec.name, count=len(uris), reason=reason)
            return
        for uri in uris:
            try:
                await self._ask(connection, "resources/subscribe", uri)
            except LinkFailed as failure:
                log.info(
                    "backend_resubscribe_failed",
                    backend=self.address.spec.name,
                    reason=self.address.redact(failure.reason),
                )
