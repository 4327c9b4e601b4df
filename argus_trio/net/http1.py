"""One HTTP/1.1 connection to a remote backend, and the answer being read from it. Reuse is the pool's business."""

from __future__ import annotations

import select
from typing import Final

import attrs
import h11
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.content_coding import ContentDecoder, coding_of
from argus_trio.net.dial import UnderTls
from argus_trio.wire import headers as names

RawHeaders = list[tuple[bytes, bytes]]
"""Headers in order, names in lower case."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""The largest head of an answer, and the largest line of a chunked body."""

_RECEIVE_BYTES: Final = 64 * 1024
_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)


@attrs.frozen(kw_only=True)
class HttpRequest:
    """A request with its whole body; `is_idempotent` is the caller's word that sending it twice does no harm."""

    method: str
    target: str
    headers: RawHeaders = attrs.field(repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    is_idempotent: bool = False
    address: str = attrs.field(default="", repr=False)
    """What the request line names instead of the target: the whole address, for a proxy without a tunnel."""


class ConnectionDied(LinkFailed):
    """The connection ended before the first byte of an answer.

    `is_unsent` if the request cannot have arrived whole; `was_reused` if the connection had served another one before.
    """

    def __init__(self, *, is_unsent: bool = False, was_reused: bool = False) -> None:
        super().__init__("the server closed the connection without an answer", never_ran=is_unsent)
        self.is_unsent = is_unsent
        self.was_reused = was_reused


class AnswerTooLarge(LinkFailed):
    """The body of an answer is larger than `limit` bytes, as it is when nothing is compressed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server's answer is larger than {limit} bytes")
        self.limit = limit


@attrs.define(eq=False, kw_only=True)
class HttpConnection:
    """An open connection that serves one exchange after the other. Whoever cancels an exchange must close it."""

    stream: trio.abc.Stream
    socket: trio.SocketStream | UnderTls
    """What lies under the stream, which may be TLS."""
    is_used: bool = False
    """Whether the connection has served an exchange."""
    is_closed: bool = attrs.field(default=False, init=False)
    idle_until: float = attrs.field(default=0.0, init=False)
    """When the pool closes the connection if nobody has used it till then, on trio's clock."""
    _http: h11.Connection = attrs.field(
        factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES), init=False
    )

    async def exchange(self, request: HttpRequest) -> HttpAnswer:
        """Send the request and wait for the head of its answer.

        Raises:
            ConnectionDied: not a byte came back.
            LinkFailed: something else than an HTTP answer came back.
        """
        is_unsent = not await self._send(request)
        try:
            event = await self._next_event()
            while isinstance(event, h11.InformationalResponse):
                event = await self._next_event()
        except ConnectionDied:
            raise ConnectionDied(is_unsent=is_unsent, was_reused=self.is_used) from None
        if not isinstance(event, h11.Response):
            raise LinkFailed("the server's answer is not HTTP")
        return HttpAnswer(connection=self, status=event.status_code, headers=list(event.headers), target=request.target)

    async def _send(self, request: HttpRequest) -> bool:
        """Send the request; whether it was taken whole. One that was not may have an answer all the same: 413."""
        try:
            target = request.address or request.target
            head = h11.Request(method=request.method, target=target, headers=request.headers)
            parts = [self._http.send(head)]
        except h11.LocalProtocolError:  # its text quotes the header
            raise LinkFailed("the request cannot be sent: a header holds what no header may hold") from None
        if request.body:
            parts.append(self._http.send(h11.Data(data=request.body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        try:
            await self.stream.send_all(b"".join(part for part in parts if part))
        except _GONE:
            return False
        return True

    async def receive(self) -> bytes:
        """The next piece of the answer's body, empty at its end."""
        event = await self._next_event()
        while isinstance(event, h11.Data) and not event.data:
            event = await self._next_event()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        has_ended = False
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                ended = "the server closed the connection before its answer was complete"
                raise LinkFailed(ended if has_ended else "the server's answer is not HTTP") from error
            if event is not h11.NEED_DATA:
                return event
            try:
                chunk = await self.stream.receive_some(_RECEIVE_BYTES)
            except _GONE as error:
                if self._is_unanswered:
                    raise ConnectionDied() from error
                raise LinkFailed("the connection to the server broke") from error
            if not chunk and self._is_unanswered:
                raise ConnectionDied()
            has_ended = not chunk
            self._http.receive_data(bytes(chunk))

    @property
    def _is_unanswered(self) -> bool:
        return self._http.their_state is h11.SEND_RESPONSE and not self._http.trailing_data[0]

    @property
    def is_finished(self) -> bool:
        """Whether the last answer has been read to its end, so that another exchange may follow.

        What a server sends behind an answer belongs to no request, and must not become the next one's answer (RFC 9112,
        section 6.3).
        """
        is_done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        return is_done and not self.is_closed and not self._http.trailing_data[0]

    @property
    def may_finish(self) -> bool:
        """Whether reading the rest of the answer would leave the connection fit for another exchange."""
        return not self.is_closed and self._http.our_state is h11.DONE and self._http.their_state is h11.SEND_BODY

    def begin_anew(self) -> None:
        """Make a connection that is finished ready for the next exchange."""
        self._http.start_next_cycle()
        self.is_used = True

    def is_dead(self) -> bool:
        """Whether an idle connection has something to read: its end, or what nobody asked for."""
        poll = select.poll()
        poll.register(self.socket.socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    async def has_left(self) -> bool:
        """Whether TLS holds what came with the last answer and is no part of it: a further record, or the end."""
        return isinstance(self.socket, UnderTls) and await self.socket.has_left(self.stream)

    async def aclose(self) -> None:
        """Close at once, without a farewell; safe to call when cancelled."""
        self.is_closed = True
        await trio.aclose_forcefully(self.stream)


@attrs.define(eq=False, kw_only=True)
class HttpAnswer:
    """The head of an answer, and its body as it arrives."""

    connection: HttpConnection
    status: int
    headers: RawHeaders
    target: str = attrs.field(default="/", repr=False)
    """What was asked: the target of the request that this answers."""
    _decoder: ContentDecoder | None = attrs.field(default=None, init=False)
    _is_begun: bool = attrs.field(default=False, init=False)

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        wanted = name.encode("ascii")
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), None)

    def all_headers(self, name: str) -> list[str]:
        """Every header of that (lower-case) name, in order."""
        wanted = name.encode("ascii")
        return [value.decode("latin-1") for key, value in self.headers if key == wanted]

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty where there is none."""
        return (self.header(names.CONTENT_TYPE) or "").partition(";")[0].strip().lower()

    async def receive(self) -> bytes:
        """The next piece of the body, empty at its end. What was compressed comes as it was before.

        Raises:
            AnswerInvalid: it is compressed in a way that cannot be read.
            LinkFailed: it broke off.
        """
        if not self._is_begun:
            coding = coding_of(",".join(self.all_headers(names.CONTENT_ENCODING)))
            self._decoder = ContentDecoder(coding) if coding else None
            self._is_begun = True
        if self._decoder is None:
            return await self.connection.receive()
        if piece := self._decoder.next_piece():
            await trio.lowlevel.checkpoint()  # little can stand for much: others have their turn meanwhile
            return piece
        while chunk := await self.connection.receive():
            self._decoder.feed(chunk)
            if piece := self._decoder.next_piece():
                return piece
        self._decoder.finish()
        return b""

    async def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            AnswerTooLarge: it is larger than `limit` bytes.
            LinkFailed: as `receive`.
        """
        pieces, size = [], 0
        while piece := await self.receive():
            size += len(piece)
            if size > limit:
                raise AnswerTooLarge(limit)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
