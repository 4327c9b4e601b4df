"""Notifications that wait to be sent to one peer: in order, bounded in bytes, and by one task whatever their number.

Whoever brings a notification goes on at once; a peer that reads slowly loses its oldest ones. What is lost is counted
for the backend that it was about, and logged once it is known how much it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, Protocol

import attrs
import structlog
import trio

from argus_trio.core.call.exchange import ClientSession
from argus_trio.core.memory import Memory
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import farewell
from argus_trio.wire.envelope import Params, encode_raw

log = structlog.get_logger()

CAPACITY: Final = 4096
"""Notifications that wait for one peer; past that the oldest are dropped. More than a backend writes before whoever
reads it lets others run, so that a peer which keeps up loses none."""
CAPACITY_BYTES: Final = 1024 * 1024
"""Bytes of notifications that wait for one peer; past that the oldest are dropped. The newest stays whatever its size.
Small enough that many peers which have stopped reading cost little memory."""
ALL_BYTES: Final = 64 * 1024 * 1024
"""Bytes of notifications that wait for all peers of one backend; past that each peer keeps `SPARED_BYTES` of them.
As many as those that have stopped reading may have for a while, until their connections are cut. So it is while the
gateway holds too much in all (`server.limits.memory`)."""
SPARED_BYTES: Final = 64 * 1024
"""Bytes that wait for one peer however much waits for the others: a burst of ordinary ones."""

CANCELLED: Final = "notifications/cancelled"
CANCEL_NOTICE_SECONDS: Final = 2.0
"""How long a caller waits for its backend to take `CANCELLED`: the backend may not read."""


def _nothing() -> None:
    """Do nothing once a queue is empty: nobody waits for it."""


class Addressee(Protocol):
    """Who is notified: an exchange, a session, or a backend."""

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification; may wait for a peer that reads slowly."""


@attrs.define(eq=False, repr=False)
class BackendAddressee:
    """A backend, to which `send` sends; what it cannot be told any more, for the link has failed, is logged."""

    backend: str
    """The name of the backend."""
    send: Callable[[str, Params], Awaitable[None]]
    redact: Redactor

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification. Raises nothing."""
        try:
            await self.send(method, params)
        except LinkFailed as failure:
            reason = self.redact(failure.reason)
            log.info("backend_notification_untold", backend=self.backend, method=method, reason=reason)


@attrs.define(eq=False, repr=False)
class Losses:
    """How many notifications from or to one backend were dropped, of all its connections; what waits of them, and of
    what it asks, is entered in the common account."""

    backend: str = ""
    """The name of the backend."""
    memory: Memory = attrs.field(factory=Memory)
    dropped: int = attrs.field(default=0, init=False)
    """How many, so far."""
    waiting: int = attrs.field(default=0, init=False)
    """The bytes of those that wait, in all queues."""

    @property
    def has_room(self) -> bool:
        """Whether more than a burst may wait for one peer: there is room for it, of this backend and of all."""
        return self.waiting <= ALL_BYTES and self.memory.has_place(0)

    def count(self, size: int) -> None:
        """Enter that so many bytes more wait, or fewer, if it is negative."""
        self.waiting += size
        self.memory.hold(self, size)

    def spare(self, wanted: int) -> None:
        """Nothing goes at once: each queue lets go of what is too much for it; see `MemoryHolder`."""

    def tell(self, count: int, peer: str) -> None:
        """Log that `count` of them were dropped, which are counted already, for a `peer` that is too slow."""
        log.warning(
            "notifications_dropped", backend=self.backend, count=count, reason=f"the {peer} reads them too slowly"
        )


@attrs.define(eq=False, repr=False)
class NotificationQueue:
    """The notifications that `exchange`, or another addressee, has not been sent yet. They are sent in `nursery`."""

    exchange: Addressee
    nursery: trio.Nursery
    losses: Losses = attrs.field(factory=Losses)
    peer: str = attrs.field(default="client", kw_only=True)
    """What the log calls the addressee."""
    on_idle: Callable[[], object] = attrs.field(default=_nothing, kw_only=True)
    """Called whenever nothing waits any more."""
    dropped: int = attrs.field(default=0, init=False)
    """How many notifications were dropped."""
    _waiting: deque[tuple[str, Params, int]] = attrs.field(factory=deque, init=False)
    _size: int = attrs.field(default=0, init=False)
    _sending: int = attrs.field(default=0, init=False)
    """The bytes of the one that is being handed over: the addressee may be slow to take it."""
    _untold: int = attrs.field(default=0, init=False)
    """How many were dropped that the log does not know of."""
    delivering: trio.Event | None = attrs.field(default=None, init=False)
    """The event that is set once what waits has been handed over; None while nothing waits."""

    def put(self, method: str, params: Params) -> None:
        """Take a notification for the addressee; returns at once."""
        size = size_of(method, params)
        self._waiting.append((method, params, size))
        self._size += size
        self.losses.count(size)
        while len(self._waiting) > 1 and self._is_over():
            self.losses.count(-self._take()[2])
            self._drop()
        if self.delivering is None:
            self.delivering = trio.Event()
            self.nursery.start_soon(self._deliver, self.delivering)

    async def drained(self) -> None:
        """Wait until everything that was put has been handed to the addressee."""
        while self.delivering is not None:
            await self.delivering.wait()

    async def _deliver(self, idle: trio.Event) -> None:
        try:
            while self._waiting:
                method, params, size = self._take()
                self._sending = size
                await self.exchange.notify(method, params)
                self._sending = 0
                self.losses.count(-size)
        finally:
            self.delivering = None
            self._waiting.clear()
            self.losses.count(-self._size - self._sending)
            self._size = self._sending = 0
            idle.set()
            if self._untold:
                self.losses.tell(self._untold, self.peer)
                self._untold = 0
            self.on_idle()

    def _take(self) -> tuple[str, Params, int]:
        taken = self._waiting.popleft()
        self._size -= taken[2]
        return taken

    def _is_over(self) -> bool:
        if len(self._waiting) > CAPACITY or self._size > CAPACITY_BYTES:
            return True
        return self._size > SPARED_BYTES and not self.losses.has_room

    def _drop(self) -> None:
        self.dropped += 1
        self._untold += 1
        self.losses.dropped += 1


@attrs.define(eq=False, repr=False, kw_only=True)
class CancelNotices:
    """What tells a backend of requests whose answers nobody waits for; it goes on with them otherwise."""

    backend: str
    """The name of the backend."""
    notify: Callable[[str, Params], Awaitable[None]]
    redact: Redactor
    nursery: trio.Nursery
    losses: Losses
    _late: NotificationQueue = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        addressee = BackendAddressee(self.backend, self.notify, self.redact)
        self._late = NotificationQueue(addressee, self.nursery, self.losses, peer="backend")

    async def sent(self, message_id: int) -> bool:
        """Tell it of the request with this id of ours, within `CANCEL_NOTICE_SECONDS`, even if cancelled; whether it
        has taken that."""
        with farewell(CANCEL_NOTICE_SECONDS), suppress(LinkFailed):
            await self.notify(CANCELLED, {"requestId": encode_raw(message_id)})
            return True
        return False

    def send_late(self, message_id: int) -> None:
        """Tell it once more, by a task and in turn, for as long as `notify` tries; returns at once."""
        self._late.put(CANCELLED, {"requestId": encode_raw(message_id)})


MayTell = Callable[[ClientSession, str, Params], bool]
"""Whether a session may be sent this notification."""


def tell_all(_: ClientSession, __: str, ___: Params) -> bool:
    """Tell every session everything."""
    return True


@attrs.define(eq=False, repr=False)
class SessionQueues:
    """What legacy sessions are told outside calls by one backend, over whichever connection: a queue for each session.

    They outlast a connection, so that what a backend says before its end arrives.
    """

    losses: Losses
    may_tell: MayTell = tell_all
    """Whether a session may be told of it; what it may not is dropped, for it is not there for its client."""
    successor: SessionQueues | None = attrs.field(default=None, init=False)
    """What takes over what is put here, once another scope is in effect in place of the one that these belong to."""
    _by_session: dict[ClientSession, NotificationQueue] = attrs.field(factory=dict, init=False)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)

    @contextmanager
    def running_in(self, nursery: trio.Nursery) -> Iterator[None]:
        """Deliver in `nursery`, for the length of the block."""
        self._nursery = nursery
        try:
            yield
        finally:
            self._nursery = None

    def put(self, client: ClientSession, method: str, params: Params) -> None:
        """Take a notification for a session; returns at once. Dropped, and counted, while nothing runs."""
        if self.successor is not None:
            self.successor.put(client, method, params)
            return
        if not self.may_tell(client, method, params):
            return
        if self._nursery is None:
            self.losses.dropped += 1
            return
        queue = self._by_session.get(client)
        if queue is None:
            forget = partial(self._by_session.pop, client)
            queue = NotificationQueue(client, self._nursery, self.losses, on_idle=forget)
            self._by_session[client] = queue
        queue.put(method, params)


def size_of(method: str, params: Params) -> int:
    """About how many bytes a notification takes."""
    return len(method) + sum(len(name) + len(value) for name, value in params.items())
