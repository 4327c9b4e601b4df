"""One HTTP/1.1 connection to a remote backend, and the answer being read from it. Reuse is the pool's business."""

from __future__ import annotations

import select
from typing import Final

import attrs
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.content_coding import ContentDecoder, coding_of
from argus_trio.net.dial import UnderTls
from argus_trio.per_call import PerCallValue
from argus_trio.wire import headers as names
from argus_trio.wire.http1.answer_head import AnswerHeadReader
from argus_trio.wire.http1.chunked import LITTLE_BYTES, MANY_CHUNKS, Chunked
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.request_writer import RequestWriter

RawHeaders = list[tuple[bytes, bytes]]
"""Headers in order, names in lower case."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""The largest head of an answer."""

_RECEIVE_BYTES: Final = 64 * 1024
_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)
_NOT_HTTP: Final = "the server's answer is not HTTP"
_ENDED: Final = "the server closed the connection before its answer was complete"
_BROKE: Final = "the connection to the server broke"


class HttpRequest(PerCallValue, frozen=True, kw_only=True):
    """A request with its whole body; `is_idempotent` is the caller's word that sending it twice does no harm."""

    method: str
    target: str
    headers: RawHeaders
    body: bytes = b""
    is_idempotent: bool = False
    address: str = ""
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


@attrs.define(eq=False, repr=False, kw_only=True)
class HttpConnection:
    """An open connection that serves one exchange after the other. Whoever cancels an exchange must close it."""

    stream: trio.abc.Stream
    socket: trio.SocketStream | UnderTls
    """What lies under the stream, which may be TLS."""
    writer: RequestWriter = attrs.field(factory=RequestWriter)
    is_used: bool = False
    """Whether the connection has served an exchange."""
    is_closed: bool = attrs.field(default=False, init=False)
    idle_until: float = attrs.field(default=0.0, init=False)
    """When the pool closes the connection if nobody has used it till then, on trio's clock."""
    _body: Chunked | int | None = attrs.field(default=None, init=False)
    """What of the answer's body is still to come: in chunks, so many bytes, or all until the end of the connection."""
    _is_answered: bool = attrs.field(default=False, init=False)
    """Whether the head of an answer has come, and its body not to its end."""
    _is_kept: bool = attrs.field(default=False, init=False)
    """Whether another exchange may follow the answer."""
    _rest: bytes = attrs.field(default=b"", init=False, repr=False)
    """What came, and is not given yet: behind the end of an answer it is no part of any."""
    _read_bytes: int = attrs.field(default=_RECEIVE_BYTES, init=False)
    """How much is read at once."""
    _poll: select.poll | None = attrs.field(default=None, init=False)

    async def exchange(self, request: HttpRequest) -> HttpAnswer:
        """Send the request and wait for the head of its answer.

        Raises:
            ConnectionDied: not a byte came back.
            LinkFailed: something else than an HTTP answer came back.
        """
        is_sent = await self._send(request)
        reader, head = AnswerHeadReader(MAX_HEAD_BYTES), None
        while head is None:
            try:
                chunk = await self.stream.receive_some(_RECEIVE_BYTES)
            except _GONE as error:
                if not reader.is_begun:
                    raise ConnectionDied(is_unsent=not is_sent, was_reused=self.is_used) from None
                raise LinkFailed(_BROKE) from error
            if not chunk and not reader.is_begun:
                raise ConnectionDied(is_unsent=not is_sent, was_reused=self.is_used)
            if not chunk:
                raise LinkFailed(_ENDED)
            try:
                head = reader.feed(bytes(chunk))
            except HttpFault as fault:
                raise LinkFailed(_NOT_HTTP) from fault
        self._rest = reader.rest
        self._body = Chunked() if head.is_chunked else head.length
        self._is_answered = self._body != 0
        self._is_kept = head.is_kept and is_sent
        return HttpAnswer(connection=self, status=head.status, headers=head.fields, target=request.target)

    async def _send(self, request: HttpRequest) -> bool:
        """Send the request; whether it was taken whole. One that was not may have an answer all the same: 413."""
        target = request.address or request.target
        try:
            whole = self.writer.write(request.method, target, request.headers, request.body)
        except HttpFault:
            raise LinkFailed("the request cannot be sent: a header holds what no header may hold") from None
        try:
            await self.stream.send_all(whole)
        except _GONE:
            return False
        return True

    async def receive(self) -> bytes:
        """The next piece of the answer's body, empty at its end."""
        while self._is_answered:
            if not (data := self._rest):
                data = await self._receive_more()
            self._rest = b""
            if piece := self._taken(data):
                return piece
        return b""

    async def _receive_more(self) -> bytes:
        """What comes next of the body; empty at its end, if that is the connection's."""
        if isinstance(self._body, Chunked) and self._body.fault is not None:
            return b""  # what came before it has been given
        try:
            chunk = await self.stream.receive_some(self._read_bytes)
        except _GONE as error:
            raise LinkFailed(_BROKE) from error
        if not chunk and self._body is not None:
            raise LinkFailed(_ENDED)
        return bytes(chunk)

    def _taken(self, data: bytes) -> bytes:
        """What of the body is in `data`. The rest of it is kept, and whether the body goes on."""
        body = self._body
        if body is None:
            self._is_answered = bool(data)
            return data
        if isinstance(body, int):
            piece = data[:body]
            self._rest = data[body:]
            self._body = body - len(piece)
            self._is_answered = self._body > 0
            return piece
        try:
            pieces = body.feed(data)
        except HttpFault as fault:
            self._is_kept = False
            raise LinkFailed(_NOT_HTTP) from fault
        self._rest = body.rest
        self._is_answered = not body.is_complete
        self._read_bytes = LITTLE_BYTES if len(pieces) > MANY_CHUNKS else _RECEIVE_BYTES
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def is_finished(self) -> bool:
        """Whether the last answer has been read to its end, so that another exchange may follow.

        What a server sends behind an answer belongs to no request, and must not become the next one's answer (RFC 9112,
        section 6.3).
        """
        return self._is_kept and not self._is_answered and not self._rest and not self.is_closed

    @property
    def may_finish(self) -> bool:
        """Whether reading the rest of the answer would leave the connection fit for another exchange."""
        return self._is_kept and self._is_answered and not self.is_closed

    def begin_anew(self) -> None:
        """Make a connection that is finished ready for the next exchange."""
        self._is_kept = False
        self.is_used = True

    def is_dead(self) -> bool:
        """Whether an idle connection has something to read: its end, or what nobody asked for."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.socket.socket.fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    async def has_left(self) -> bool:
        """Whether TLS holds what came with the last answer and is no part of it: a further record, or the end."""
        return isinstance(self.socket, UnderTls) and await self.socket.has_left(self.stream)

    async def aclose(self) -> None:
        """Close at once, without a farewell; safe to call when cancelled."""
        self.is_closed = True
        await trio.aclose_forcefully(self.stream)


@attrs.define(eq=False, repr=False, kw_only=True)
class HttpAnswer:
    """The head of an answer, and its body as it arrives."""

    connection: HttpConnection
    status: int
    headers: RawHeaders
    target: str = attrs.field(default="/", repr=False)
    """What was asked: the target of the request that this answers."""
    _decoder: ContentDecoder | None = attrs.field(default=None, init=False)
    _is_begun: bool = attrs.field(default=False, init=False)
    _firsts: dict[bytes, bytes] = attrs.field(init=False, repr=False)

    @_firsts.default
    def _first_of_each_name(self) -> dict[bytes, bytes]:
        return dict(reversed(self.headers))

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        value = self._firsts.get(name.encode("ascii"))
        return None if value is None else value.decode("latin-1")

    def all_headers(self, name: str) -> list[str]:
        """Every header of that (lower-case) name, in order."""
        wanted = name.encode("ascii")
        if wanted not in self._firsts:
            return []
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
            told = self.all_headers(names.CONTENT_ENCODING)
            coding = coding_of(",".join(told)) if told else ""
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
