"""The HTTP server: Hypercorn's HTTP/1.1 (`http1.py`) between connections of our own.

Of Hypercorn it leaves the trio worker, whose connections can end the whole server and whose writes cannot be ended.
Here a fault ends its own connection, every wait on a client has a deadline, nothing but HTTP/1.1 is spoken (an upgrade
is ignored), and no task is spent on idling.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from heapq import nsmallest
from math import inf
from time import time
from typing import Final, Literal, cast

import attrs
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import (
    AppWrapper,
    ASGIFramework,
    ConnectionState,
    TaskGroup,
)
from hypercorn.utils import parse_socket_addr

from argus_trio.frontend.http.request import AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.server.accepting import Acceptor
from argus_trio.frontend.server.http1 import MAX_HEAD_BYTES, Http1, Requests
from argus_trio.frontend.server.listeners import ServerListener
from argus_trio.frontend.server.transport import ClientStream, Transport

log = structlog.get_logger()

ENDED_AT_ONCE: Final = 16
"""Idle connections that are ended to make room, each time: there will be more new clients, and most idle ones stay."""


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
            acceptor = Acceptor(converse=site.converse, make_room=site.end_idlest, connections=connections)
            accepting.start_soon(acceptor.run, listeners)
            await stop.wait()
            accepting.cancel_scope.cancel()
        await site.context.terminated.set()
        on_stop()
        connections.cancel_scope.deadline = trio.current_time() + settings.now.server.drain_timeout
        for connection in tuple(site.connections):
            connection.end_if_idle()


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

    async def converse(self, stream: ClientStream) -> None:
        """Serve one client."""
        await _ServedConnection(self, stream).run()

    def end_idlest(self) -> int:
        """End some of the connections that wait for a request, the longest first; how many."""
        idle = [each for each in self.connections if each.idle_since is not None]
        longest = nsmallest(ENDED_AT_ONCE, idle, key=lambda each: each.idle_since or 0.0)
        for each in longest:
            each.end_if_idle()
        return len(longest)


@attrs.define(eq=False)
class _ServedConnection:
    """One client's connection: carries bytes between its transport and the protocol, and tells when it is idle."""

    _site: _Site
    _stream: ClientStream
    _transport: Transport = attrs.field(init=False)
    _reading: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _protocol: Http1 | None = attrs.field(default=None, init=False)
    _expected: Literal["request", "rest of a head"] | None = attrs.field(default=None, init=False)
    _expected_since: float = attrs.field(factory=trio.current_time, init=False)

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
        site = self._site
        async with trio.open_nursery() as nursery:
            requests = cast("TaskGroup", Requests(nursery))
            state = ConnectionState({})
            secure = self._transport.is_secure
            protocol = Http1(site.app, site.config, site.context, requests, state, secure, client, server, self.send)
            self._protocol = protocol
            with self._reading:
                await self._read(protocol)
            await protocol.handle(Closed())

    async def _read(self, protocol: Http1) -> None:
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

    async def _watch_behind(self, protocol: Http1) -> bool:
        """Until a request is answered, read what comes behind it, then act on it. False if the client goes first,
        or has sent more than a request may have: then the connection ends with the answer."""
        limit = self._site.settings.now.limits.body_bytes + MAX_HEAD_BYTES
        ahead = bytearray()
        is_too_much = False
        while protocol.holds_further_request:
            data = await self._transport.read(inf)
            if data == b"":
                return False
            ahead += data or b""
            if len(ahead) > limit:  # of no request that would be taken: read on, to see the end, and take no more
                is_too_much = True
                ahead.clear()
        if is_too_much:
            return False
        await protocol.resume(bytes(ahead))
        return True

    def _read_deadline(self, protocol: Http1) -> float:
        if protocol.stream is not None:
            self._expected = None
            return inf
        expected: Final = "rest of a head" if protocol.has_partial_head else "request"
        if expected != self._expected:  # blank lines, one by one, put nothing off
            self._expected, self._expected_since = expected, trio.current_time()
        limits = self._site.settings.now.limits
        return self._expected_since + (limits.head if protocol.has_partial_head else limits.keep_alive)

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
