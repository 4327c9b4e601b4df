"""The connections to one origin: reused while they are fit, opened as needed, closed when idle.

Requests never wait for each other. Nothing here follows a redirect, or knows what a message is.
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import Final, Protocol

import attrs
import msgspec
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.dial import OriginRoute, dial
from argus_trio.net.http1 import ConnectionDied, HttpAnswer, HttpConnection, HttpRequest
from argus_trio.net.sockets.quick_socket import QuickSocket
from argus_trio.wire import headers as names
from argus_trio.wire.http1.request_writer import RequestWriter

MAX_CONNECTIONS: Final = 1000
"""How many connections to one origin may be open; a request beyond that fails rather than waits."""

IDLE_SECONDS: Final = 30.0
"""How long an unused connection stays open, unless the server says that it closes it sooner.

Long enough for the next call of a conversation, short enough that a hundred quiet backends hold few descriptors."""

_LEFTOVER_SECONDS: Final = 1.0
_LEFTOVER_BYTES: Final = 64 * 1024
"""How long, and how much, of an answer nobody reads on is read to save its connection. A new one costs no more."""
_CLOSE_SECONDS: Final = 1.0
"""How long closing all connections may take. Each is closed without a farewell, which does not wait for anything."""
_KEEP_ALIVE_TIMEOUT: Final = re.compile(r"\btimeout=([0-9]{1,6})\b")


@attrs.define(eq=False, repr=False, kw_only=True)
class Pool:
    """Connections along one route.

    `nursery` holds what it does on the side; its owner runs `reap` in it, and `aclose` at the end.
    """

    route: OriginRoute
    nursery: trio.Nursery
    _idle: list[HttpConnection] = attrs.field(factory=list, init=False)
    _open: set[HttpConnection] = attrs.field(factory=set, init=False)
    _became_idle: trio.Event = attrs.field(factory=trio.Event, init=False)
    _is_closed: bool = attrs.field(default=False, init=False)
    _writer: RequestWriter = attrs.field(factory=RequestWriter, init=False)

    def send(self, request: HttpRequest) -> Sending:
        """Send, and give the answer while it is being read. Leaving by an exception closes the connection.

        Raises:
            LinkFailed: no connection, or no answer on it.
        """
        return Sending(self, request)

    async def begin(self, request: HttpRequest) -> HttpAnswer:
        """What `Sending` does as it is entered."""
        return await self._exchange(self._for_proxy(request))

    async def end(self, answer: HttpAnswer, *, is_left_well: bool) -> None:
        """What `Sending` does as it is left."""
        connection = answer.connection
        if is_left_well and connection.is_finished:
            self._keep(connection, answer)
        elif is_left_well and connection.may_finish and not self._is_closed:
            self.nursery.start_soon(self._finish, connection, answer)
        else:
            await self._drop(connection)

    def _for_proxy(self, request: HttpRequest) -> HttpRequest:
        """What a proxy without a tunnel wants to see: the whole address (RFC 9112, section 3.2.2)."""
        route = self.route
        if route.proxy is None or route.origin.is_tls:
            return request
        headers = request.headers
        if route.proxy.authorization is not None:
            headers = [*headers, (names.PROXY_AUTHORIZATION.encode(), route.proxy.authorization.encode("ascii"))]
        return msgspec.structs.replace(request, address=f"{route.origin}{request.target}", headers=headers)

    async def _exchange(self, request: HttpRequest) -> HttpAnswer:
        try:
            return await self._exchange_on(await self._take(), request)
        except ConnectionDied as death:
            # The server may close a reused connection at any time, also just when the request is on its way. Sending
            # again is safe only if it cannot have been acted on, or if that does not matter.
            if not death.was_reused or not (death.is_unsent or request.is_idempotent):
                raise
        return await self._exchange_on(await self._dial(), request)

    async def _exchange_on(self, connection: HttpConnection, request: HttpRequest) -> HttpAnswer:
        try:
            return await connection.exchange(request)
        except BaseException:
            await self._drop(connection)
            raise

    async def _take(self) -> HttpConnection:
        while self._idle:
            connection = self._idle.pop()
            is_fit = False
            try:
                is_fit = not connection.is_dead() and not await connection.has_left()
            finally:
                if not is_fit:
                    await self._drop(connection)
            if is_fit:
                return connection
        return await self._dial()

    async def _dial(self) -> HttpConnection:
        if self._is_closed:
            raise LinkFailed("the link is closed", never_ran=True)
        if len(self._open) >= MAX_CONNECTIONS:
            raise LinkFailed(f"{MAX_CONNECTIONS} connections to {self.route.origin} are open already", never_ran=True)
        try:
            stream, socket = await dial(self.route)
        except LinkFailed as failure:
            raise failure.again(never_ran=True) from failure.__cause__
        if isinstance(stream, trio.SocketStream):
            stream = QuickSocket(stream)
        connection = HttpConnection(stream=stream, socket=socket, writer=self._writer)
        self._open.add(connection)
        return connection

    def _keep(self, connection: HttpConnection, answer: HttpAnswer) -> None:
        connection.begin_anew()
        promised = answer.header(names.KEEP_ALIVE)
        told = _KEEP_ALIVE_TIMEOUT.search(promised) if promised else None
        # One second sooner than the server, so that the two do not cross on the wire.
        seconds = min(IDLE_SECONDS, float(told[1]) - 1) if told else IDLE_SECONDS
        connection.idle_until = trio.current_time() + seconds
        self._idle.append(connection)
        self._became_idle.set()

    async def _finish(self, connection: HttpConnection, answer: HttpAnswer) -> None:
        """Read the little that follows an answer in its stream: as a rule only the mark of the stream's end."""
        size = 0
        try:
            with trio.move_on_after(_LEFTOVER_SECONDS):
                while size < _LEFTOVER_BYTES and (piece := await connection.receive()):
                    size += len(piece)
        except LinkFailed:
            pass
        finally:
            if connection.is_finished and not self._is_closed:
                self._keep(connection, answer)
            else:
                await self._drop(connection)

    async def _drop(self, connection: HttpConnection) -> None:
        self._open.discard(connection)
        await connection.aclose()

    async def reap(self) -> None:
        """Close connections that have been idle for too long, for ever."""
        while True:
            if not self._idle:
                self._became_idle = trio.Event()
                await self._became_idle.wait()
                continue  # it may have been taken again by now
            await trio.sleep_until(min(connection.idle_until for connection in self._idle))
            now = trio.current_time()
            expired = [connection for connection in self._idle if connection.idle_until <= now]
            self._idle = [connection for connection in self._idle if connection.idle_until > now]
            for connection in expired:
                await self._drop(connection)

    async def aclose(self) -> None:
        """Close every connection at once; who still reads from one gets `LinkFailed`."""
        self._is_closed = True
        self._idle.clear()
        with trio.move_on_after(_CLOSE_SECONDS, shield=True):
            while self._open:
                await self._drop(next(iter(self._open)))


class Sender(Protocol):
    """Sends requests, and gives the answers while they are being read."""

    async def begin(self, request: HttpRequest) -> HttpAnswer: ...

    async def end(self, answer: HttpAnswer, *, is_left_well: bool) -> None: ...


@attrs.define(eq=False, repr=False)
class Sending:
    """One request on its way, as a context. Not a generator's, which costs each call twice as much."""

    _sender: Sender
    _request: HttpRequest
    _answer: HttpAnswer | None = attrs.field(default=None, init=False)

    async def __aenter__(self) -> HttpAnswer:
        self._answer = await self._sender.begin(self._request)
        return self._answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._answer is not None:
            await self._sender.end(self._answer, is_left_well=kind is None)
