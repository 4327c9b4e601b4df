"""The HTTP server: Hypercorn's HTTP/1.1 between connections of our own; the one file that knows Hypercorn.

Of Hypercorn 0.18 it takes the protocol (`H11Protocol`, `HTTPStream`) and leaves the trio worker, whose connections
can end the whole server and whose writes cannot be ended. Here a fault ends its own connection, every wait on a client
has a deadline, nothing but HTTP/1.1 is spoken (an upgrade is ignored), and no task is spent on idling.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from time import time
from typing import Final, cast

import attrs
import h11
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Request as RequestBegun
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import (
    AppWrapper,
    ASGIFramework,
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
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION, AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.server.listeners import ServerListener
from argus_trio.frontend.server.request_target import origin_form
from argus_trio.frontend.server.transport import ClientStream, Transport

log = structlog.get_logger()

MAX_HEAD_BYTES: Final = 32 * 1024
AppSend = Callable[[ASGISendEvent | None], Awaitable[None]]


async def serve(
    application: AsgiApplication,
    listeners: Sequence[ServerListener],
    *,
    stop: trio.Event,
    on_stop: Callable[[], object],
    settings: CurrentSettings,
) -> None:
    """Serve on `listeners` until `stop` is set; then let requests in flight end within `server.drain_timeout`.

    `on_stop` is called at the stop, to end what would go on for ever. Cancelling cuts everything at once.
    """
    site = _Site(application, settings)
    async with trio.open_nursery() as connections:
        async with trio.open_nursery() as accepting:
            accepting.start_soon(_accept, site, listeners, connections)
            await stop.wait()
            accepting.cancel_scope.cancel()
        await site.context.terminated.set()
        on_stop()
        connections.cancel_scope.deadline = trio.current_time() + settings.now.server.drain_timeout
        for connection in tuple(site.connections):
            connection.end_if_idle()


async def _accept(site: _Site, listeners: Sequence[ServerListener], connections: trio.Nursery) -> None:
    async def converse(stream: ClientStream) -> None:
        await _ServedConnection(site, stream).run()

    await trio.serve_listeners(converse, list(listeners), handler_nursery=connections)


class _Settings(Config):
    """Hypercorn's settings. Its logs are off: ours tell what it would."""

    accesslog = None
    errorlog = None
    include_server_header = False
    h11_max_incomplete_size = MAX_HEAD_BYTES
    keep_alive_max_requests = sys.maxsize
    _dated = (0, [(b"date", b"")])

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """What every response carries, made once a second."""
        second, headers = self._dated
        if second != int(time()):
            headers = super().response_headers(protocol)
            self._dated = (int(time()), headers)
        return headers


@attrs.define(eq=False)
class _Site:
    """What all connections share."""

    _application: AsgiApplication
    settings: CurrentSettings
    app: AppWrapper = attrs.field(init=False)
    config: Config = attrs.field(factory=_Settings, init=False)
    context: WorkerContext = attrs.field(factory=lambda: WorkerContext(None), init=False)
    connections: set[_ServedConnection] = attrs.field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self.app = ASGIWrapper(cast("ASGIFramework", self._application))


@attrs.define(eq=False)
class _ServedConnection:
    """One client's connection: carries bytes between its transport and the protocol, and tells when it is idle."""

    _site: _Site
    _stream: ClientStream
    _transport: Transport = attrs.field(init=False)
    _reading: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _protocol: _Http1 | None = attrs.field(default=None, init=False)
    _head_since: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._transport = Transport(self._stream, write_limit=self._site.settings.now.limits.write)

    async def run(self) -> None:
        """Serve the client until it goes or is too slow. Whatever goes wrong ends here, and only this connection."""
        self._site.connections.add(self)
        try:
            if not self._site.context.terminated.is_set() and await self._transport.handshake():
                await self._converse()
        except* OSError:
            pass  # the client was gone before its address could be asked for
        except* Exception:  # the guard of one connection: it must not reach the others
            log.exception("connection_failed_unexpectedly")
        finally:
            self._site.connections.discard(self)
            with trio.CancelScope(shield=True):  # `close` is bounded
                await self._transport.close()

    def end_if_idle(self) -> None:
        """End the connection unless a request is in flight."""
        if self._protocol is None or self._protocol.stream is None:
            self._reading.cancel()
            self._transport.stop_waiting()

    async def _converse(self) -> None:
        socket = self._transport.socket
        client = parse_socket_addr(socket.family, socket.getpeername())
        server = parse_socket_addr(socket.family, socket.getsockname())
        site = self._site
        async with trio.open_nursery() as nursery:
            requests = cast("TaskGroup", _Requests(nursery))
            state = ConnectionState({})
            secure = self._transport.is_secure
            protocol = _Http1(site.app, site.config, site.context, requests, state, secure, client, server, self.send)
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

    def _read_deadline(self, protocol: _Http1) -> float:
        now = trio.current_time()
        if protocol.stream is not None:
            self._head_since = None
            return inf
        if not protocol.has_partial_head:
            self._head_since = None
            return now + self._site.settings.now.limits.keep_alive
        if self._head_since is None:
            self._head_since = now
        return self._head_since + self._site.settings.now.limits.head

    async def send(self, event: Event) -> None:
        """Act on what the protocol has for the connection; after a failed write the application learns of it."""
        match event:
            case RawData():
                if not await self._transport.write(event.data):
                    await self._abort()
            case Updated(idle=True):
                self._transport.set_deadline(trio.current_time() + self._site.settings.now.limits.keep_alive)
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


class _VersionUnknown(Exception):
    """A request of an HTTP version that this protocol does not speak."""


class _Http1(H11Protocol):
    """HTTP/1.1 and nothing else: an upgrade to another protocol is ignored, as RFC 9110 (7.8) allows."""

    _unsent = b""

    @property
    def has_partial_head(self) -> bool:
        """Whether a request has begun to come in and its head is not complete."""
        return bool(self.connection.trailing_data[0])

    async def handle(self, event: Event) -> None:
        try:
            await super().handle(event)
        except _VersionUnknown:
            await self._send_error_response(505)
            await self.send(Closed())

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
        target, headers = request.target, list(request.headers)
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


@attrs.define(eq=False)
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
