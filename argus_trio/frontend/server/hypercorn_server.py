"""HTTP/1.1 as Hypercorn speaks it, over connections of our own.

Of Hypercorn 0.18 it takes the protocol (`H11Protocol`, `HTTPStream`) and leaves the trio worker, whose connections
can end the whole server and whose writes cannot be ended. Here a fault ends its own connection, every wait on a client
has a deadline, nothing but HTTP/1.1 is spoken (an upgrade is ignored), and no task is spent on idling.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from math import inf
from typing import Final, Literal, cast

import attrs
import h11
import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Request as RequestBegun
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import (
    AppWrapper,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendEvent,
    ConnectionState,
    H11SendableEvent,
    HTTPScope,
    TaskGroup,
)
from hypercorn.utils import UnexpectedMessageError, parse_socket_addr

from argus_trio.frontend.http.receive_queue import ReceiveQueue
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION, MAIN_DOOR, Door
from argus_trio.frontend.server.ahead import Ahead
from argus_trio.frontend.server.hypercorn_frame import FurtherRequest, HypercornFrame
from argus_trio.frontend.server.request_target import origin_form
from argus_trio.frontend.server.site import MAX_HEAD_BYTES, Site
from argus_trio.frontend.server.transport import ClientStream, Transport

log = structlog.get_logger()

BLANK_BEGINNINGS: Final = (b"\r", b"\n")
AppSend = Callable[[ASGISendEvent | None], Awaitable[None]]


class _VersionUnknown(Exception):
    """A request of an HTTP version that this protocol does not speak."""


@attrs.define(eq=False, repr=False)
class ServedConnection:
    """One client's connection: carries bytes between its transport and the protocol, and tells when it is idle."""

    _frame: HypercornFrame
    _stream: ClientStream
    _door: Door = MAIN_DOOR
    _site: Site = attrs.field(init=False)
    _transport: Transport = attrs.field(init=False)
    _reading: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _protocol: _Http1 | None = attrs.field(default=None, init=False)
    _expected: Literal["request", "rest of a head"] | None = attrs.field(default=None, init=False)
    _expected_since: float = attrs.field(factory=trio.current_time, init=False)

    def __attrs_post_init__(self) -> None:
        self._site = self._frame.site
        self._transport = Transport(self._stream, write_limit=self._site.settings.now.limits.write)

    async def run(self) -> None:
        """Serve the client until it goes or is too slow. Whatever goes wrong ends here, and only this connection."""
        self._site.connections.add(self)
        try:
            if not self._site.is_stopping and await self._transport.handshake():
                await self._converse()
        except* OSError:
            pass  # the client was gone before its address could be asked for
        except* Exception:  # the guard of one connection: it must not reach the others
            log.exception("connection_failed_unexpectedly")
        finally:
            self._site.connections.discard(self)
            with trio.CancelScope(shield=True):  # `close` is bounded
                await self._transport.close()

    @property
    def idle_since(self) -> float | None:
        """Since when it has had no request; None while it has one."""
        return None if self._protocol is not None and self._protocol.stream is not None else self._expected_since

    def end_if_idle(self) -> None:
        """End the connection unless a request is in flight."""
        if self._protocol is None or self._protocol.stream is None:
            self._reading.cancel()
            self._transport.stop_waiting()

    async def _converse(self) -> None:
        socket = self._transport.socket
        client = parse_socket_addr(socket.family, socket.getpeername())
        server = parse_socket_addr(socket.family, socket.getsockname())
        frame = self._frame
        async with trio.open_nursery() as nursery:
            requests = cast("TaskGroup", _Requests(nursery))
            state, tls = ConnectionState({"door": self._door}), self._transport.is_secure
            protocol = _Http1(frame.app, frame.config, frame.context, requests, state, tls, client, server, self.send)
            protocol.connection = _OneSided.begun()
            self._protocol = protocol
            with self._reading:
                await self._read(protocol)
            await protocol.handle(Closed())

    async def _read(self, protocol: _Http1) -> None:
        while True:
            data = await self._transport.read(self._read_deadline(protocol))
            if data is None:
                await protocol.time_out()
                return
            await protocol.handle(RawData(data))
            if not data:
                return
            while protocol.holds_further_request:
                if not await self._watch_behind(protocol):
                    return

    async def _watch_behind(self, protocol: _Http1) -> bool:
        """Until a request is answered, read what comes behind it, then act on it. False if the client goes first,
        or has sent more than a request may have, or than there is room for: then the connection ends with the answer.
        """
        ahead = Ahead(self._site.bodies, self._site.settings.now.limits.body_bytes + MAX_HEAD_BYTES)
        try:
            while protocol.holds_further_request:
                data = await self._transport.read(inf)
                if data == b"":
                    return False
                ahead.add(data or b"")  # what is too much is read on all the same, to see the end
            if ahead.is_too_much:
                return False
            further = ahead.take()
        finally:
            ahead.close()
        await protocol.resume(further)
        return True

    def _read_deadline(self, protocol: _Http1) -> float:
        if protocol.stream is not None:
            self._expected = None
            return inf
        has_begun = protocol.has_partial_head
        expected: Final = "rest of a head" if has_begun else "request"
        if expected != self._expected:  # blank lines, one by one, put nothing off
            self._expected, self._expected_since = expected, trio.current_time()
        limits = self._site.settings.now.limits
        return self._expected_since + (limits.head if has_begun else limits.keep_alive)

    async def send(self, event: Event) -> None:
        """Act on what the protocol has for the connection; after a failed write the application learns of it."""
        match event:
            case RawData():
                if not await self._transport.write(event.data):
                    await self._abort()
            case Updated(idle=False):
                self._expected = None
            case Updated(idle=True) if self._protocol is not None:
                if self._protocol.holds_further_request:
                    self._protocol.holds_further_request = False
                    self._transport.stop_waiting()
                else:
                    self._transport.set_deadline(self._read_deadline(self._protocol))
            case Closed():
                await self._transport.close()
                await self._abort()
            case _:
                pass

    async def _abort(self) -> None:
        self._reading.cancel()
        await self._transport.abort()
        if self._protocol is not None:
            await self._protocol.handle(Closed())


class _OneSided(h11.Connection):
    """h11's connection, but what comes behind the last request of one is no fault of that request: it is left unread,
    a blank line or whatever it is (RFC 9112, 9.6)."""

    @classmethod
    def begun(cls) -> _OneSided:
        """A connection on which nothing has come yet."""
        return cls(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next event; none of what comes once the client has said that it sends no more requests."""
        is_behind_the_last = self.their_state is h11.MUST_CLOSE and self.trailing_data[0]
        return h11.PAUSED if is_behind_the_last else super().next_event()


class _Http1(H11Protocol):
    """HTTP/1.1 and nothing else: an upgrade to another protocol is ignored, as RFC 9110 (7.8) allows.

    Blank lines before a request are ignored (RFC 9112, 2.2): some clients end a body with one.
    """

    _unsent = b""
    holds_further_request = False
    """Whether something came behind a request that is not answered yet: it is looked at after the answer."""

    @property
    def is_between_requests(self) -> bool:
        """Whether nothing of a request is here."""
        return self.stream is None and not self.has_partial_head

    @property
    def has_partial_head(self) -> bool:
        """Whether a request has begun to come in and its head is not complete."""
        return bool(self.connection.trailing_data[0])

    async def handle(self, event: Event) -> None:
        if isinstance(event, RawData) and event.data[:1] in BLANK_BEGINNINGS and self.is_between_requests:
            event = RawData(event.data.lstrip(b"\r\n"))
            if not event.data:
                return
        try:
            await super().handle(event)
        except FurtherRequest:
            self.holds_further_request = True
        except _VersionUnknown:
            await self._send_error_response(505)
            await self.send(Closed())

    async def resume(self, ahead: bytes) -> None:
        """Act on what was held behind the request that is answered now, and on what came after that."""
        held, _ = self.connection.trailing_data
        # h11 refuses a blank line and cannot be made to forget it; between two requests a new one knows as much.
        self.connection = _OneSided.begun()
        await self.handle(RawData(held + ahead))

    async def time_out(self) -> None:
        """Tell the client that its request did not come in time."""
        if self.stream is None and self.has_partial_head and self.connection.our_state is h11.IDLE:
            await self._send_error_response(408)

    async def _check_protocol(self, event: h11.Request) -> None:
        if event.http_version not in (b"1.1", b"1.0"):
            raise _VersionUnknown

    async def _create_stream(self, request: h11.Request) -> None:
        self.stream = _RequestStream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        target, headers = request.target, list(request.headers)  # which is asked once: h11 makes each pair anew
        names = {name for name, _ in headers}
        if b"transfer-encoding" in names and b"content-length" in names:
            # Another server on the way may see the request end elsewhere (RFC 9112, 6.1): nothing more is read.
            self.keep_alive_requests = sys.maxsize
        if target[:1] != b"/":
            target, headers = origin_form(target, headers)
        begun = RequestBegun(
            stream_id=STREAM_ID,
            headers=headers,
            http_version=request.http_version.decode(),
            method=request.method.decode("ascii").upper(),
            raw_path=target,
            state=self.connection_state,
        )
        await self.stream.handle(begun)

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        """Write what h11 makes of `event`; a response's head waits for its first part, so that both go out as one."""
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state is h11.ERROR:
                return
            raise
        data = self._unsent + (data or b"")
        self._unsent = b""
        if isinstance(event, h11.Response):
            self._unsent = data
        elif data:
            await self.send(RawData(data=data))


class _RequestStream(HTTPStream):
    """One request and its response."""

    async def app_send(self, message: ASGISendEvent | None) -> None:
        """Take what the application sends; dropped once the client is gone. Raises nothing of the connection's."""
        if self.closed:
            return
        try:
            await super().app_send(message)
        except (h11.LocalProtocolError, UnexpectedMessageError):
            log.exception("response_out_of_order", path=self.scope["path"])

    async def _send_closed(self) -> None:
        queue = cast("ReceiveQueue", self.scope["extensions"][DISCONNECT_EXTENSION])
        queue.close()
        await super()._send_closed()


@attrs.define(eq=False, repr=False)
class _Requests:
    """Starts the application for each request of one connection, in the connection's nursery."""

    _nursery: trio.Nursery

    async def spawn_app(
        self, app: AppWrapper, _: Config, scope: HTTPScope, send: AppSend
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        queue = ReceiveQueue()
        cast("dict[str, object]", scope["extensions"])[DISCONNECT_EXTENSION] = queue
        self._nursery.start_soon(self._serve, app, scope, queue, send)
        return cast("Callable[[ASGIReceiveEvent], Awaitable[None]]", queue.put)

    async def _serve(self, app: AppWrapper, scope: HTTPScope, queue: ReceiveQueue, send: AppSend) -> None:
        try:
            receive = cast("ASGIReceiveCallable", queue.receive)
            await app(scope, receive, send, trio.to_thread.run_sync, trio.from_thread.run)
        except Exception:  # the guard of one request: the connection answers 500
            log.exception("request_failed_unexpectedly", path=scope["path"])
        finally:
            queue.close()
        await send(None)
