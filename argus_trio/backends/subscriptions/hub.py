"""Hearing of resource updates over a connection, in the way of its era, for all who want to: the one that all share, or
the one that belongs to a single client."""

from __future__ import annotations

from collections import Counter

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.subscriptions.listen_stream import ListenStream
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.exchange import Deliver
from argus_trio.errors import BackendUnavailable, LinkFailed
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.revisions import Era

log = structlog.get_logger()


@attrs.define(eq=False)
class SubscriptionHub:
    """What is watched, over whatever connection there is at the time. `seconds` bounds each request upstream."""

    address: BackendAddress
    table: SubscriptionTable = attrs.field(factory=SubscriptionTable, init=False)
    followed: Counter[str] = attrs.field(factory=Counter, init=False)
    """The tasks that somebody wants to hear of, by the backend's ids, and by how many."""
    hears_lists: bool = attrs.field(default=True, kw_only=True)
    """Whether a modern backend is listened to for changes of its lists as well."""
    _listen_stream: ListenStream | None = attrs.field(default=None, init=False)
    _owned: dict[object, SubscriptionTable] = attrs.field(factory=dict, init=False)
    """By kind of client, principal and abilities: who watches what their dedicated connections tell."""

    def begin(self, connection: Connection) -> None:
        """There is a new connection: have it tell of everything that is wanted. Its tasks are the connection's."""
        self._listen_stream = None
        if connection.handshake.era is Era.MODERN:
            self._listen_stream = ListenStream(
                connection=connection,
                table=self.table,
                redact=self.address.redact,
                followed=self.followed,
                hears_lists=self.hears_lists,
            )
            connection.nursery.start_soon(self._listen_stream.run)
        else:
            connection.nursery.start_soon(self._resubscribe, connection, self.table.uris)

    def acknowledged(self, params: Params) -> None:
        """The backend has acknowledged the stream on which it tells of changes; see `BackendListener`."""
        if self._listen_stream is not None:
            self._listen_stream.acknowledged(params)

    def take_over(self, old: SubscriptionHub, connection: Connection | None) -> None:
        """Go on for everyone who watches over `old`, which has nobody then; have the backend told, if there is one."""
        fresh = self.table.take_over(old.table)
        for kind, owned in old._owned.items():
            self._owned.setdefault(kind, SubscriptionTable()).take_over(owned)
        old._owned.clear()
        if fresh and self._listen_stream is not None:
            self._listen_stream.wanted_changed()
        elif fresh and connection is not None:
            connection.nursery.start_soon(self._resubscribe, connection, fresh)

    def watch_owned(self, kind: object, uri: str, key: object, deliver: Deliver) -> None:
        """Deliver as well what is said of it over the dedicated connections of clients of this `kind`."""
        self._owned.setdefault(kind, SubscriptionTable()).add(uri, key, deliver)

    def wanted_of(self, kind: object) -> list[str]:
        """The URIs that clients of this kind watch."""
        return self._owned[kind].uris if kind in self._owned else []

    def updated_of(self, kind: object, params: Params) -> None:
        """A dedicated connection of that kind told of a resource."""
        if kind in self._owned:
            self._owned[kind].updated(params)

    async def watch(self, connection: Connection, uri: str, key: object, deliver: Deliver) -> None:
        """Deliver what is said of a resource, until `unwatch` or `forget`.

        Raises:
            BackendUnavailable: the backend cannot be told, or refuses.
        """
        table = self.table
        if table.add(uri, key, deliver):
            is_told = False
            try:
                await self._ask(connection, "resources/subscribe", uri)
                is_told = True
            except LinkFailed as failure:
                raise BackendUnavailable(
                    self.address.spec.name, self.address.redact(failure.reason), cause=failure
                ) from None
            finally:
                if not is_told:  # cancelled, be it alone or in a group, or refused
                    table.remove(uri, key)

    async def unwatch(self, connection: Connection | None, uri: str, key: object) -> None:
        """Deliver no more of it."""
        for owned in self._owned.values():
            owned.remove(uri, key)
        if self.table.remove(uri, key) and connection is not None:
            await self._unsubscribe(connection, uri)

    def forget(self, connection: Connection | None, key: object) -> None:
        """Deliver nothing more to this subscriber."""
        for uri in self.table.forget(key):
            if connection is not None:
                connection.nursery.start_soon(self._unsubscribe, connection, uri)

    async def follow(self, task: str) -> bool:
        """Have a modern backend tell how a task stands, until `unfollow`; whether it agreed to."""
        self.followed[task] += 1
        if self._listen_stream is not None and not self._listen_stream.tells_of(task):
            with trio.move_on_after(self.address.spec.timeouts.call):
                await self._listen_stream.wanted_changed().wait()
        return self._listen_stream is not None and self._listen_stream.tells_of(task)

    def unfollow(self, task: str) -> None:
        """One wants to hear no more of it."""
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
        for uri in uris:
            try:
                await self._ask(connection, "resources/subscribe", uri)
            except LinkFailed as failure:
                log.info(
                    "backend_resubscribe_failed",
                    backend=self.address.spec.name,
                    reason=self.address.redact(failure.reason),
                )
