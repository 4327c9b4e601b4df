"""One attempt to converse with a backend: link, handshake and connection, entered and left together.

When an attempt is made, how long it may take and what follows a failure is decided in `connectivity`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import PROBE_SILENCE_SECONDS, HandshakeOrder, perform_handshake
from argus_trio.backends.connection.inbound import BackendListener
from argus_trio.backends.connection.notification_queue import Losses, MayTell, SessionQueues, tell_all
from argus_trio.backends.connection.start_watch import OnSample, StartWatch, ignore_sample
from argus_trio.backends.connection.task_notifications import OnTask, ignore_task
from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend
from argus_trio.config.model.operation import Probing
from argus_trio.core.backend_log import BackendLog
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.health.probing import ProbeState
from argus_trio.core.journal import Journal
from argus_trio.core.memory import Memory
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.sandbox import Sandbox
from argus_trio.sandbox.telling import TellPreparing
from argus_trio.wire.envelope import Notification, Request, encode_error, encode_error_response, encode_response
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

OpenLink = Callable[[BackendSpec, Inbox, StderrRing], AbstractAsyncContextManager[Link]]
"""Opens a link for a spec, for the length of the block; raises `LinkFailed`."""

EARLY_MESSAGES: Final = 64
"""Messages held that a backend sends before the handshake is over; more are dropped. A backend has little to say then,
and one that talks without end must not fill the memory."""
EARLY_BYTES: Final = 1024 * 1024
"""The same for their size: each is small as a rule, and all of them together as well."""
EARLY_ANSWERS: Final = 64
"""Answers that may wait to be sent before the handshake is over; the id of each may have `EARLY_ID_BYTES`."""
EARLY_ID_BYTES: Final = 1024
EARLY_ASK_SECONDS: Final = 2.0
"""How long a request of a backend is held for the handshake to be over; then it is refused, for the backend may wait
for the answer before it goes on with the handshake. One that does not wait is through with it by then."""

_NOT_YET: Final = encode_error(-32600, "the handshake is not over yet: ask after notifications/initialized")


@attrs.define(eq=False, repr=False, kw_only=True)
class BackendAddress:
    """How one backend is reached: what all its connections have in common."""

    spec: BackendSpec
    """Its configuration; replaced when a reload changes it, but never by one with another link part."""
    open_link: OpenLink
    redact: Redactor
    """Hides secrets in what is logged or reported of the backend."""
    on_task: OnTask = ignore_task
    """Called with every task notification."""
    may_tell: MayTell = tell_all
    """Whether a legacy session may be told something outside calls."""
    memory: Memory = attrs.field(factory=Memory)
    """The common account, in which what waits of its notifications is entered."""
    journal: Journal = attrs.field(factory=Journal)
    """What has happened."""
    sandbox: Sandbox | None = None
    """What its programs are isolated by; None: they run bare."""
    log: BackendLog = attrs.field(factory=BackendLog)
    """What there is to read about the backend."""
    stderr: StderrRing = attrs.field(init=False)
    """The last lines that the backend's processes wrote to stderr, over all its connections."""
    losses: Losses = attrs.field(init=False)
    """How many notifications from and to it were dropped, over all its connections."""
    sessions: SessionQueues = attrs.field(init=False)
    """What legacy sessions are told of it outside calls."""

    def __attrs_post_init__(self) -> None:
        self.stderr = StderrRing(self.spec.name, log=self.log)
        self.losses = Losses(self.spec.name, self.memory)
        self.sessions = SessionQueues(self.losses, self.may_tell)

    async def prepare(self, tell: TellPreparing) -> bool:
        """Return once its program can be started at once; `tell` hears of what is done until then.

        Whether it will run in a container, where it has nothing in common with its like.

        Raises:
            LinkFailed: it cannot be, or not within `timeouts.prepare`.
        """
        if self.sandbox is None:
            return False
        seconds = self.spec.timeouts.prepare
        with trio.move_on_after(seconds):
            return await self.sandbox.prepare(self.spec, tell)
        raise LinkFailed(f"its image was not there within {seconds:g} s (timeouts.prepare)")


@attrs.define(eq=False, repr=False, kw_only=True)
class _EarlyMessages:
    """What arrives before there is a connection: a ping is answered at once, all else is held and then handed over."""

    backend: str
    connection: Connection | None = attrs.field(default=None, init=False)
    _early: list[tuple[Request | Notification, int | None]] = attrs.field(factory=list, init=False)
    _bytes: int = attrs.field(default=0, init=False)
    _has_dropped: bool = attrs.field(default=False, init=False)
    _answers: tuple[trio.MemorySendChannel[bytes], trio.MemoryReceiveChannel[bytes]] = attrs.field(
        factory=lambda: trio.open_memory_channel[bytes](EARLY_ANSWERS), init=False
    )
    _asked: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def receive(self, message: Request | Notification, within: int | None) -> None:
        """Take what the backend says; the link's `Inbox`."""
        if self.connection is not None:
            await self.connection.inbound.receive(message, within)
            return
        if isinstance(message, Request) and message.method == "ping":
            self._answer(message.id, encode_response(message.id, b"{}"))
            return
        self._bytes += _size(message)
        if len(self._early) < EARLY_MESSAGES and self._bytes <= EARLY_BYTES:
            self._early.append((message, within))
            if isinstance(message, Request):
                self._asked.set()
            return
        self._bytes -= _size(message)
        self._note_dropped()
        if isinstance(message, Request):
            self._answer(message.id, encode_error_response(message.id, _NOT_YET))

    async def answer(self, link: Link) -> None:
        """Send the answers, until the connection is there."""
        async for body in self._answers[1]:
            try:
                await link.send(body)
            except LinkFailed as failure:
                log.debug("backend_request_unanswered", backend=self.backend, reason=failure.reason)

    async def refuse_late(self) -> None:
        """Refuse the requests that the handshake keeps waiting; for as long as it lasts."""
        while True:
            await self._asked.wait()
            await trio.sleep(EARLY_ASK_SECONDS)
            self._asked = trio.Event()
            held, self._early = self._early, []
            for message, within in held:
                if isinstance(message, Request):
                    self._answer(message.id, encode_error_response(message.id, _NOT_YET))
                    self._bytes -= _size(message)
                else:
                    self._early.append((message, within))

    async def attach(self, connection: Connection) -> None:
        """Hand over to the connection, in order."""
        self._answers[0].close()
        self.connection = connection
        for message, within in self._early:
            await connection.inbound.receive(message, within)
        self._early.clear()

    def _answer(self, message_id: bytes, body: bytes) -> None:
        try:
            if len(message_id) > EARLY_ID_BYTES:
                raise trio.WouldBlock
            self._answers[0].send_nowait(body)
        except trio.WouldBlock:
            self._note_dropped()

    def _note_dropped(self) -> None:
        if not self._has_dropped:
            self._has_dropped = True
            log.warning("backend_early_messages_dropped", backend=self.backend, held=len(self._early))


def _size(message: Request | Notification) -> int:
    return len(message.method) + sum(len(name) + len(bytes(value)) for name, value in message.params.items())


@asynccontextmanager
async def open_connection(
    address: BackendAddress,
    order: HandshakeOrder,
    listener: BackendListener,
    *,
    abilities: Abilities = NONE,
    is_exclusive: bool = False,
    on_sample: OnSample = ignore_sample,
) -> AsyncIterator[Connection]:
    """A connection after its handshake, for the length of the block. Has no deadline of its own.

    `abilities` are declared to a legacy backend. `is_exclusive` says that one client alone will use the connection.
    `on_sample` hears what the backend's program does until the handshake is over.

    Raises:
        LinkFailed: the link could not be opened, or the handshake failed; see `perform_handshake`.
    """
    early = _EarlyMessages(backend=address.spec.name)
    async with trio.open_nursery() as nursery, address.open_link(address.spec, early.receive, address.stderr) as link:
        if isinstance(address.spec, SseBackend):
            order = "legacy"  # HTTP+SSE ended with 2024-11-05
        nursery.start_soon(early.answer, link)
        watch = StartWatch(link, on_sample)
        silence_seconds = min(PROBE_SILENCE_SECONDS, address.spec.timeouts.connect / 3)
        async with ServiceNursery() as watching:
            watching.start_soon(watch.run)
            watching.start_soon(early.refuse_late)
            handshake = await perform_handshake(link, order, abilities, partial(watch.wait_silent, silence_seconds))
        connection = Connection(
            backend=address.spec.name,
            link=link,
            handshake=handshake,
            nursery=nursery,
            listener=listener,
            cancels_by_notice=handshake.era is Era.LEGACY or not isinstance(address.spec, HttpBackend),
            is_exclusive=is_exclusive,
            on_task=address.on_task,
            redact=address.redact,
            losses=address.losses,
            probe_state=probe_state_of(address.spec.health),
        )
        await early.attach(connection)
        if handshake.era is Era.LEGACY:
            await link.listen((("mcp-protocol-version", handshake.revision),))
        try:
            yield connection
        finally:
            connection.is_left = True
        nursery.cancel_scope.cancel()


def probe_state_of(probing: Probing) -> ProbeState:
    """The probe state of a connection that begins now, with the settings `probing`."""
    return ProbeState(
        interval=probing.interval,
        timeout=probing.timeout,
        slow=probing.slow,
        failures=probing.failures,
        heard_at=trio.current_time(),
    )
