"""An HTTP server whose every byte a test decides, for what no well-behaved server does."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import attrs
import trio


@attrs.frozen(kw_only=True)
class Received:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Which connection of the server it came on, counted from 1."""


@attrs.define(eq=False)
class Wire:
    """The way back of one request: raw bytes, and what ends a connection."""

    stream: trio.abc.Stream
    keep: bool = True
    """Whether the connection serves another request after this one."""

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def reply(self, status: int, body: bytes = b"", *, kind: str = "", more: str = "") -> None:
        """A whole answer with a content length; `more` is further header lines."""
        kind_line = f"content-type: {kind}\r\n" if kind else ""
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{kind_line}{more}\r\n"
        await self.send(head.encode() + body)

    async def json(self, body: bytes, *, status: int = 200, more: str = "") -> None:
        await self.reply(status, body, kind="application/json", more=more)

    async def begin_stream(self, *, more: str = "") -> None:
        await self.send(
            f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{more}\r\n".encode()
        )

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def event(self, data: bytes, *, more: bytes = b"") -> None:
        await self.chunk(b"%bdata: %b\n\n" % (more, data))

    async def end_stream(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def until_closed(self) -> None:
        """Wait until the client has closed the connection."""
        self.keep = False
        try:
            while await self.stream.receive_some(4096):
                pass
        except trio.BrokenResourceError:
            pass


Handler = Callable[[Received, Wire], Awaitable[None]]


@attrs.define(eq=False)
class NastyServer:
    """A running server: its address, and what it has received so far."""

    handler: Handler
    origin: str = ""
    connections: int = 0
    received: list[Received] = attrs.field(factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"

    async def _serve(self, stream: trio.abc.Stream) -> None:
        self.connections += 1
        number = self.connections
        buffer = bytearray()
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    if not (piece := await stream.receive_some(65536)):
                        return
                    buffer += piece
                end = buffer.index(b"\r\n\r\n")
                first, *lines = buffer[:end].decode("latin-1").split("\r\n")
                del buffer[: end + 4]
                method, target, _ = first.split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                length = int(headers.get("content-length", "0"))
                while len(buffer) < length:
                    if not (piece := await stream.receive_some(65536)):
                        return
                    buffer += piece
                body = bytes(buffer[:length])
                del buffer[:length]
                request = Received(method=method, target=target, headers=headers, body=body, connection=number)
                self.received.append(request)
                wire = Wire(stream)
                await self.handler(request, wire)
                if not wire.keep:
                    return
        except trio.BrokenResourceError:
            pass
        finally:
            await trio.aclose_forcefully(stream)


@asynccontextmanager
async def nasty_server(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[NastyServer]:
    """Serve `handler` on a free port of 127.0.0.1; a handler that returns leaves the connection open for more."""
    server = NastyServer(handler)

    async def accept(stream: trio.SocketStream) -> None:
        secured: trio.abc.Stream = stream
        if tls is not None:
            secured = trio.SSLStream(stream, tls, server_side=True, https_compatible=True)
        await server._serve(secured)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, accept, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        server.origin = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        try:
            yield server
        finally:
            nursery.cancel_scope.cancel()
