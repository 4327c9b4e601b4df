"""HTTP/1.1 of our own over one connection: its requests one after the other, each served in the connection's own task.

Nothing but HTTP/1.1 and 1.0 is spoken, an upgrade is ignored (RFC 9110, 7.8), and a fault ends its own connection.
While a request is served nobody reads: `departures` tells of a client that goes, and `patience` of what takes long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

import attrs
import structlog
import trio

from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION, MAIN_DOOR, SHORTCUT_EXTENSION, AsgiScope, Door
from argus_trio.frontend.server.lean.behind import Behind
from argus_trio.frontend.server.lean.exchange import AnswerState, LeanExchange
from argus_trio.frontend.server.request_target import origin_form
from argus_trio.frontend.server.site import MAX_HEAD_BYTES, Site
from argus_trio.frontend.server.transport import ClientStream, PlainTransport, Transport
from argus_trio.wire.http1.chunked import Chunked
from argus_trio.wire.http1.counted import CountedBody
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.repeated_head import RepeatedHead
from argus_trio.wire.http1.request_head import RequestHead, find_head_end

log = structlog.get_logger()

LONG_SECONDS: Final = 1.0
"""A request that takes longer has what comes behind it looked at: as much as that hides that its client goes."""
_LINE_ENDS: Final = b"\r\n"
_ASGI: Final = {"spec_version": "2.1", "version": "3.0"}
_VERSIONS: Final = {b"1.1": "1.1", b"1.0": "1.0"}


@attrs.define(eq=False, repr=False)
class LeanConnection:
    """One client's connection."""

    _site: Site
    _stream: ClientStream
    _door: Door = MAIN_DOOR
    _state: Mapping[str, Door] = attrs.field(init=False)
    _transport: Transport = attrs.field(init=False)
    _buffer: bytes = attrs.field(default=b"", init=False)
    """What has come and belongs to no request yet."""
    _heads: RepeatedHead = attrs.field(factory=RepeatedHead, init=False)
    _exchange: LeanExchange | None = attrs.field(default=None, init=False)
    _behind: Behind | None = attrs.field(default=None, init=False)
    _since: float = attrs.field(factory=trio.current_time, init=False)
    """Since when it waits for what it waits for."""
    _is_ending: bool = attrs.field(default=False, init=False)
    _is_late: bool = attrs.field(default=False, init=False)
    _departures_fd: int = attrs.field(default=-1, init=False)
    """By what its client's going is watched; -1 if it is not."""
    _is_gone: bool = attrs.field(default=False, init=False)
    """Whether its client has gone, which is told once, perhaps between two requests."""
    _looks_behind: bool = attrs.field(default=False, init=False)
    _client: tuple[str, int] | None = attrs.field(default=None, init=False)
    _server: tuple[str, int] | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._state = {"door": self._door}
        kind = PlainTransport if isinstance(self._stream, trio.SocketStream) else Transport
        self._transport = kind(self._stream, write_limit=self._site.settings.now.limits.write)

    async def run(self) -> None:
        """Serve the client until it goes or is too slow. Whatever goes wrong ends here, and only this connection."""
        site = self._site
        site.connections.add(self)
        site.patience.enter(self)
        try:
            if not site.is_stopping and await self._transport.handshake():
                socket = self._transport.socket
                self._client, self._server = address_of(socket.getpeername()), address_of(socket.getsockname())
                await self._converse()
        except OSError:
            pass  # the client was gone before its address could be asked for
        except Exception:  # the guard of one connection: it must not reach the others
            log.exception("connection_failed_unexpectedly")
        finally:
            site.connections.discard(self)
            site.patience.leave(self)
            site.departures.leave(self._departures_fd, self)
            with trio.CancelScope(shield=True):  # `close` is bounded
                if self._behind is not None:
                    await self._behind.end()
                await self._transport.close()

    @property
    def idle_since(self) -> float | None:
        """Since when it has had no request; None while it has one."""
        return self._since if self._exchange is None else None

    def end_if_idle(self) -> None:
        """End the connection unless a request is in flight."""
        if self._exchange is None:
            self._is_ending = True
            self._transport.stop_waiting()

    def look(self, now: float, limits: Limits) -> None:
        """See `LookedAt`."""
        exchange = self._exchange
        if exchange is None:
            if now - self._since >= (limits.head if self._buffer else limits.keep_alive):
                self._is_late = True
                self.end_if_idle()
        elif exchange.body.is_complete and not self._looks_behind and now - exchange.since >= LONG_SECONDS:
            self._look_behind()

    def depart(self) -> None:
        """See `Departing`."""
        self._is_gone = True
        if self._exchange is not None:
            self._exchange.leave()

    def come_behind(self) -> None:
        """See `Departing`: read on, for the client's going may stand behind what has come."""
        exchange = self._exchange
        if exchange is not None and self._behind is None and exchange.body.is_complete:
            settings = self._site.settings.now
            limit = settings.limits.body_bytes + MAX_HEAD_BYTES
            self._behind = Behind.of(self._transport, self._site.bodies, limit, on_gone=exchange.leave)
            self._site.nursery.start_soon(self._behind.run)

    def watch_departure(self) -> None:
        """See `Watcher`."""
        if self._departures_fd < 0 and not self._is_gone:
            self._departures_fd = self._transport.socket.fileno()
            if self._departures_fd >= 0:
                self._site.departures.enter(self._departures_fd, self)
            else:
                self._is_gone = True  # a write that was cut has ended the connection
        if self._is_gone:
            self.depart()

    def lines_of_each(self, *, is_last: bool) -> bytes:
        """See `Watcher`."""
        dated = self._site.dated_line()
        return dated + b"connection: close\r\n" if is_last or self._site.is_stopping else dated

    async def _converse(self) -> None:
        while True:
            try:
                head = await self._next_head()
            except HttpFault as fault:
                await self._refuse(fault.status)
                return
            if head is None:
                if self._is_late and self._buffer:
                    await self._refuse(408)
                return
            if not await self._serve(head):
                return
            if self._buffer:
                await trio.lowlevel.checkpoint()  # whoever sends many at once lets others have their turn

    async def _next_head(self) -> RequestHead | None:
        """The next request; None if there is none, or it does not come in time.

        Blank lines before it are ignored (RFC 9112, 2.2): some clients end a body with one.
        """
        seen = 0
        while True:
            buffer = self._buffer
            if buffer[:1] in (b"\r", b"\n"):
                buffer = self._buffer = buffer.lstrip(_LINE_ENDS)
            if buffer:
                end = find_head_end(buffer, seen, MAX_HEAD_BYTES)
                if end:
                    self._buffer = buffer[end:]
                    return self._heads.read(buffer[:end])
                seen = len(buffer)
            if self._is_ending:
                return None
            data = await self._transport.receive()
            if data == b"" and self._buffer:
                raise HttpFault("the head has no end")
            if not data:
                return None
            if self._buffer:
                self._buffer += data
            else:
                self._buffer = data.lstrip(_LINE_ENDS)  # blank lines, one by one, put nothing off
                self._since = self._site.now() if self._buffer else self._since

    async def _serve(self, head: RequestHead) -> bool:
        """Have one request answered; whether another one may follow."""
        exchange = self._exchange = LeanExchange(
            head=head,
            is_last=head.is_last,
            waits_to_continue=head.waits_to_continue,
            watcher=self,
            transport=self._transport,
            body=Chunked() if head.is_chunked else CountedBody.of(head.length or 0),
            since=self._since,
        )
        if self._buffer and not exchange.body.is_complete:
            exchange.feed(self._buffer)
            self._buffer = exchange.body.rest
        try:
            await self._site.application(self._scope_of(exchange), exchange.receive, exchange.send)
        except Exception:  # the guard of one request: the connection answers 500
            log.exception("request_failed_unexpectedly", path=head.target.partition(b"?")[0].decode("latin-1"))
        exchange.finish_reading()
        self._exchange = None
        self._since = self._site.now()
        if exchange.body.rest and not self._buffer:
            self._buffer = exchange.body.rest
        if self._looks_behind and not await self._end_look():
            return False
        if exchange.state is not AnswerState.DONE:
            if exchange.refusal is not None:
                await self._refuse(exchange.refusal)
            return False
        return not (exchange.is_last or exchange.is_gone or self._site.is_stopping)

    def _scope_of(self, exchange: LeanExchange) -> AsgiScope:
        head = exchange.head
        target, headers = head.target, head.headers
        if target[:1] != b"/":
            target, headers = origin_form(target, headers)
        path, _, query = target.partition(b"?")
        text = path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": _VERSIONS[head.version],
            "method": head.method,
            "scheme": "https" if self._transport.is_secure else "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": self._client,
            "server": self._server,
            "state": self._state,
            "extensions": {DISCONNECT_EXTENSION: exchange, SHORTCUT_EXTENSION: exchange},
        }

    async def _refuse(self, status: int) -> None:
        """Answer what is no request, or has none to answer it; nothing follows."""
        lines = self.lines_of_each(is_last=True)
        await self._transport.write(b"HTTP/1.1 %d \r\ncontent-length: 0\r\n%b\r\n" % (status, lines))

    def _look_behind(self) -> None:
        self.watch_departure()
        self._looks_behind = True
        self._site.departures.watch_behind(self._departures_fd, self, is_wanted=True)

    async def _end_look(self) -> bool:
        """Look no more at what comes behind, and take it; False if it is the end, or too much."""
        self._looks_behind = False
        self._site.departures.watch_behind(self._departures_fd, self, is_wanted=False)
        behind, self._behind = self._behind, None
        if behind is None:
            return True
        further = await behind.end()
        if further is None:
            return False
        self._transport.give_back(further)
        return True


def address_of(name: object) -> tuple[str, int] | None:
    """The address and port of a socket's name; None where it has none, as a Unix socket's."""
    match name:
        case (str(address), int(port), *_):
            return address, port
        case _:
            return None
