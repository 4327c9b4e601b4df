"""Resource updates and task notifications over one connection, asked for in the way of its era, for all who want them.

The connection is the shared one, or one that belongs to a single client. Who wants what is in `table.py`, how a modern
backend is asked in `listen_stream.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.subscriptions.declared import may_report_updates
from argus_trio.backends.subscriptions.listen_stream import ListenStream
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.exchange import Deliver
from argus_trio.core.catalog.uris import comparable
from argus_trio.errors import (
    BackendError,
    BackendMisbehaved,
    BackendUnavailable,
    LinkFailed,
    MethodUnknown,
    RequestRefused,
    RpcError,
)
from argus_trio.wire.envelope import Params, Raw, encode_raw
from argus_trio.wire.error_objects import is_error_object
from argus_trio.wire.members import string_member
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

UNSUBSCRIBING: Final = 8
"""How many requests at a time end what sessions had subscribed to that are gone: nobody waits for them, and a backend
that is slow, or about to end, is not to be asked thousands of things at once."""
ENDING_SECONDS: Final = 5.0
"""How long whoever subscribes to a resource waits for the end of the subscription before it, so that a backend which
works on several requests at a time does not take the two in the other order. Some never answer it."""


@attrs.define(eq=False, repr=False)
class _Asked:
    """One request to the backend for updates of a resource: its outcome is that of everyone who waits for it."""

    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    settled: trio.Event = attrs.field(factory=trio.Event, init=False)
    is_agreed: bool = attrs.field(default=False, init=False)
    failure: LinkFailed | None = attrs.field(default=None, init=False)
    """Why the backend has not agreed, where it was not the end of the connection."""

    def why(self, connection: Connection) -> LinkFailed:
        """Why there will be no updates."""
        return self.failure or connection.lost or LinkFailed("the connection was lost")


@attrs.define(eq=False, repr=False)
class _Leaving:
    """What nobody is subscribed to any more, until the backend has been told so over the present connection."""

    uris: dict[str, None] = attrs.field(factory=dict)
    tasks: int = 0
    """How many tell it."""


@attrs.define(eq=False, repr=False)
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
    _asked: dict[str, _Asked] = attrs.field(factory=dict, init=False)
    """What the backend has been asked for over the present connection and has not refused, by comparable URI."""
    _leaving: _Leaving = attrs.field(factory=_Leaving, init=False)
    _ending: dict[str, trio.Event] = attrs.field(factory=dict, init=False)
    """What the backend is being asked to report no more, by comparable URI; set once it has answered."""
    _by_client_kind: dict[object, SubscriptionTable] = attrs.field(factory=dict, init=False)
    """Who wants the updates that client connections report, by kind of client: principal and abilities."""

    _spelled: dict[object, dict[str, Raw]] = attrs.field(factory=dict, init=False)
    """How subscribers spell the URIs that they do not spell as the backend does, by comparable URI."""

    @property
    def is_listening(self) -> bool:
        """Whether a modern backend has a stream to report on, or is about to have it."""
        return self._listen_stream is not None and not self._listen_stream.is_over

    def begin(self, connection: Connection) -> None:
        """Ask for everything that is wanted over a new connection, in its nursery. Does not wait for it."""
        self._listen_stream, self._asked, self._leaving, self._ending = None, {}, _Leaving(), {}
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
        self._spelled = {**old._spelled, **self._spelled}
        self.followed.update(old.followed)
        is_followed = bool(old.followed)
        old.followed.clear()
        if (fresh or is_followed) and self._listen_stream is not None:
            self._listen_stream.wanted_changed()
        elif fresh and connection is not None:
            connection.start_soon(self._resubscribe, connection, fresh)

    def note_spelling(self, key: object, uri: str, spelled: Raw) -> None:
        """Note how a subscriber spells a URI: it is told of updates so."""
        if bytes(spelled) != bytes(encode_raw(uri)):
            self._spelled.setdefault(key, {})[comparable(uri)] = spelled

    def as_spelled(self, key: object, params: Params) -> Params:
        """The params of the notification of an update in the spelling of the subscriber `key`."""
        known = self._spelled.get(key)
        uri = string_member(params, "uri") if known else None
        spelled = known.get(comparable(uri)) if known and uri is not None else None
        return params if spelled is None else {**params, "uri": spelled}

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

        Who comes while the backend is being asked already waits for the same answer. Whoever leaves before that, by
        cancellation, takes nothing from the others.

        Raises:
            BackendError: the backend refuses; then nothing is subscribed to, as with all others.
            BackendUnavailable: the backend cannot be reached, or a modern one does not agree.
            BackendMisbehaved: it refuses with what is no error object.
            MethodUnknown: the backend does not declare that resources can be subscribed to, and is not asked.
        """
        self.require_updates(connection)
        self.table.add(uri, key, deliver)
        asked = self._asked.get(comparable(uri)) or self._ask_soon(connection, uri)
        is_subscribed = False
        try:
            if not asked.settled.is_set():
                await asked.settled.wait()
            is_subscribed = asked.is_agreed
        finally:
            if not is_subscribed and self.table.remove(uri, key):  # refused, or cancelled, be it alone or in a group
                self._drop(uri)
                asked.scope.cancel()
        if not asked.is_agreed:
            raise self._refused(asked.why(connection))

    def _ask_soon(self, connection: Connection, uri: str) -> _Asked:
        """Ask the backend for updates of a resource, in a task of the connection."""
        asked = self._asked[comparable(uri)] = _Asked()
        if connection.is_left:  # nothing is started there any more
            self._settle(uri, asked)
        connection.start_soon(self._ask_for_updates, connection, uri, asked)
        return asked

    async def _ask_for_updates(self, connection: Connection, uri: str, asked: _Asked) -> None:
        try:
            with asked.scope:
                ending = self._ending.get(comparable(uri))
                if ending is not None and self._listen_stream is None:  # a stream names all that is wanted
                    with trio.move_on_after(ENDING_SECONDS):
                        await ending.wait()
                await self._ask(connection, "resources/subscribe", uri)
                asked.is_agreed = True
        except LinkFailed as failure:
            asked.failure = failure
        finally:
            self._settle(uri, asked)

    def _settle(self, uri: str, asked: _Asked) -> None:
        if not asked.is_agreed and self._asked.get(comparable(uri)) is asked:
            self._drop(uri)
        asked.settled.set()

    def _drop(self, uri: str) -> None:
        """Have the backend asked anew by whoever subscribes next."""
        self._asked.pop(comparable(uri), None)

    def _refused(self, failure: LinkFailed) -> RpcError:
        """The error for a client whose subscription has come to nothing."""
        name = self.address.spec.name
        if not isinstance(failure, RequestRefused):
            reason = self.address.redact(failure.reason)
            return BackendUnavailable(name, reason, cause=failure, retry_after=failure.retry_after)
        if is_error_object(failure.error):
            return BackendError(failure.error)
        return BackendMisbehaved(name, "its error is no JSON-RPC error object")

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
        if self.table.remove(uri, key):
            self._drop(uri)
            if connection is not None:
                await self._unsubscribe(connection, uri)

    def forget(self, connection: Connection | None, key: object) -> None:
        """End every subscription of `key`. Does not wait for the backend, which is told by a few tasks in turn."""
        self._spelled.pop(key, None)
        uris = self.table.forget(key)
        for uri in uris:
            self._drop(uri)
        if connection is None or connection.is_left or connection.lost is not None:
            return
        leaving = self._leaving
        leaving.uris.update(dict.fromkeys(uris if self._listen_stream is None else uris[:1]))  # one renewal tells all
        for _ in range(min(len(leaving.uris), UNSUBSCRIBING - leaving.tasks)):
            leaving.tasks += 1
            connection.start_soon(self._unsubscribe_in_turn, connection, leaving)

    async def _unsubscribe_in_turn(self, connection: Connection, leaving: _Leaving) -> None:
        try:
            while leaving.uris and connection.lost is None:
                uri = next(iter(leaving.uris))
                del leaving.uris[uri]
                if comparable(uri) not in self._asked:  # else somebody has subscribed to it since
                    await self._unsubscribe(connection, uri)
        finally:
            leaving.tasks -= 1

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
                await self._renewed(self._listen_stream, method, uri)
                return
            await connection.ask(method, {"uri": encode_raw(uri)})
            return
        raise LinkFailed(f"it did not answer {method} within {self.address.spec.timeouts.call:g} s")

    async def _renewed(self, stream: ListenStream, method: str, uri: str) -> None:
        """Have a modern backend's stream renewed; raises `LinkFailed` where it does not agree to what is subscribed."""
        if method != "resources/subscribe":
            await stream.wanted_changed().wait()
        elif (refusal := await stream.refusal_of(uri)) is not None:
            raise refusal

    async def _unsubscribe(self, connection: Connection, uri: str) -> None:
        key, ended = comparable(uri), trio.Event()
        self._ending[key] = ended
        try:
            await self._ask(connection, "resources/unsubscribe", uri)
        except LinkFailed as failure:
            log.debug(
                "backend_unsubscribe_failed", backend=self.address.spec.name, reason=self.address.redact(failure.reason)
            )
        finally:
            ended.set()
            if self._ending.get(key) is ended:
                del self._ending[key]

    async def _resubscribe(self, connection: Connection, uris: list[str]) -> None:
        if uris and not may_report_updates(connection.handshake.capabilities, connection.handshake.era):
            reason = "it does not declare resources.subscribe any more"
            log.warning("backend_resubscribe_failed", backend=self.address.spec.name, count=len(uris), reason=reason)
            return
        for uri in uris:
            asked = self._asked.get(comparable(uri)) or self._ask_soon(connection, uri)
            await asked.settled.wait()
            if not asked.is_agreed:
                log.info(
                    "backend_resubscribe_failed",
                    backend=self.address.spec.name,
                    reason=self.address.redact(asked.why(connection).reason),
                )
