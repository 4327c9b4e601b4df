"""One connection of ours on a pair of sockets, before an application that writes down what it is asked."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final, cast

import attrs
import h11
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.config.model.server import Server
from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.request import AsgiApplication, AsgiReceive, AsgiScope, AsgiSend
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.lean.connection import LeanConnection
from argus_trio.frontend.server.site import Site
from argus_trio.wire.http1.field_lines import Fields

DEADLINE_SECONDS: Final = 10.0
LIMITS: Final = Limits(body_bytes=100_000)


@attrs.frozen(kw_only=True)
class Served:
    """One request that the application was asked, whole."""

    method: str
    target: bytes
    version: str
    headers: Fields
    body: bytes


@attrs.define(eq=False)
class Recording:
    """An application that answers each request with its number."""

    served: list[Served] = attrs.field(factory=list, init=False)

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        body = await body_of(receive)
        if body is None:
            return
        query = scope["query_string"]
        self.served.append(
            Served(
                method=scope["method"],
                target=scope["raw_path"] + (b"?" + query if query else b""),
                version=scope["http_version"],
                headers=list(scope["headers"]),
                body=body,
            )
        )
        await answer(send, b"%d" % len(self.served))


async def body_of(receive: AsgiReceive) -> bytes | None:
    """The whole body; None if the client goes before."""
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += cast("bytes", message["body"])
        is_whole = not message["more_body"]
    return body


async def answer(send: AsgiSend, body: bytes, status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@attrs.define(eq=False)
class Alone:
    """A connection that is served, and the client's end of it."""

    connection: LeanConnection
    site: Site
    client: trio.SocketStream
    over: trio.Event
    """Set when the connection has ended on our side."""
    seen: bytes = attrs.field(default=b"", init=False)
    """What the client has been sent."""
    is_ended: bool = attrs.field(default=False, init=False)
    """Whether we have said that nothing more comes."""

    async def say(self, *pieces: bytes) -> None:
        """Have each of `pieces` read before the next one is sent, as far as anybody reads."""
        for piece in pieces:
            try:
                await self.client.send_all(piece)
            except trio.BrokenResourceError:
                break
            await wait_all_tasks_blocked()
        self._look()

    async def until_ended(self) -> bytes:
        """All that the client is sent until we end."""
        with trio.fail_after(DEADLINE_SECONDS):
            while not self.is_ended:
                await trio.lowlevel.wait_readable(self.client.socket.fileno())
                self._look()
        return self.seen

    def _look(self) -> None:
        while not self.is_ended:
            try:
                data = os.read(self.client.socket.fileno(), 65536)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            self.seen += data
            self.is_ended = not data

    def statuses(self, methods: Iterable[str] = ()) -> list[int]:
        """The status of each answer that came, those before the last one included."""
        return [status for status, _ in answers_in(self.seen, methods)]


def answers_in(data: bytes, methods: Iterable[str] = ()) -> list[tuple[int, bytes]]:
    """The status and the body of each whole answer, as h11 reads them."""
    found: list[tuple[int, bytes]] = []
    asked = iter(methods)
    while data:
        reading = h11.Connection(h11.CLIENT)
        method = next(asked, "GET")
        if method == "CONNECT":  # a 200 to that would open a tunnel; the gateway never gives one
            method = "GET"
        reading.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
        reading.send(h11.EndOfMessage())
        reading.receive_data(data)
        status, body = 0, b""
        while (event := reading.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.InformationalResponse):
                found.append((event.status_code, b""))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                found.append((status, body))
                break
        else:
            break
        data = reading.trailing_data[0]
    return found


@asynccontextmanager
async def alone(application: AsgiApplication, *, limits: Limits = LIMITS) -> AsyncIterator[Alone]:
    """Serve one connection within the block; the client goes at its end, and what is served must end with it."""
    ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(each)) for each in socket.socketpair())
    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as keeping, theirs:
            settings = CurrentSettings(ServedSettings.of(Server(port=0), limits))
            async with trio.open_nursery() as nursery:
                site = Site(application, settings, nursery, bodies=Bodies())
                keeping.start_soon(site.patience.run)
                keeping.start_soon(site.departures.run)
                connection, over = LeanConnection(site, ours), trio.Event()

                async def run() -> None:
                    await connection.run()
                    over.set()

                nursery.start_soon(run)
                await wait_all_tasks_blocked()
                yield Alone(connection, site, theirs, over)
                await theirs.aclose()
            assert not site.connections
            keeping.cancel_scope.cancel()
