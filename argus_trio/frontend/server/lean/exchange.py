"""One request and its answer, as ASGI has them: body parts as they are asked for, an answer in one write if it can be.

Nothing is read that the application has not asked for: what a client sends too early stays where it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, Protocol, cast

import msgspec
import structlog
import trio

from argus_trio.frontend.http.receive_queue import DISCONNECT, AsgiMessage
from argus_trio.frontend.http.request import Header, with_length
from argus_trio.frontend.server.transport import READ_BYTES, Transport
from argus_trio.per_call import PerCall
from argus_trio.wire.http1.chunked import LITTLE_BYTES, MANY_CHUNKS, Chunked
from argus_trio.wire.http1.counted import CountedBody
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.request_head import RequestHead
from argus_trio.wire.http1.written_head import CHUNKED_END, CONTINUE, UnwritableHeader, WrittenHead, written_head

log = structlog.get_logger()

LAST_READS: Final = 4
"""How often what is there of a body is read that nobody has asked for: it costs others their turn meanwhile."""
JOINED_BYTES: Final = 16 * 1024
"""Up to this size an answer's head and body are joined: cheaper than two pieces for the kernel."""


class AnswerState(Enum):
    """HELD: the head waits for the first part of the body. UNDONE is an answer that can never be whole."""

    QUIET = "quiet"
    HELD = "held"
    OPEN = "open"
    DONE = "done"
    UNDONE = "undone"


class Watcher(Protocol):
    """The connection, as far as a request needs it."""

    def watch_departure(self) -> None:
        """Have `depart` of the request called when the client goes. Idempotent."""

    def lines_of_each(self, *, is_last: bool) -> bytes:
        """The header lines that every answer has."""


class LeanExchange(PerCall, kw_only=True):
    """One request on its way: `receive` and `send` are the application's, `on_disconnect` as well."""

    head: RequestHead
    watcher: Watcher
    transport: Transport
    body: CountedBody | Chunked
    since: float
    """When its head began to come, or the request before it had its answer, on trio's clock."""
    state: AnswerState = AnswerState.QUIET
    is_gone: bool = False
    """Whether the client has gone, or cannot be understood any more."""
    fault: HttpFault | None = None
    """What is wrong with the body."""
    is_last: bool
    """Whether the connection ends with the answer."""
    waits_to_continue: bool
    """Whether the client is to be told that it may send its body."""
    has_failed: bool = False
    """Whether the application sent what is no answer."""
    _pieces: list[bytes] = msgspec.field(default_factory=list)
    _is_told: bool = False
    """Whether the application has been given the whole body."""
    _callback: Callable[[], object] | None = None
    _going: trio.Event | None = None
    _written: WrittenHead | None = None
    _is_ending: bool = False
    """Whether the last part of the answer is being written."""
    _left: int = 0
    """How much of a body is to follow whose length was said."""

    @property
    def refusal(self) -> int | None:
        """What to answer in place of the application; None if some of its answer is out, or nobody is there to read."""
        if self.state not in (AnswerState.QUIET, AnswerState.HELD):
            return None
        if self.fault is not None:
            return self.fault.status
        return 500 if self.has_failed or not self.is_gone else None

    def feed(self, data: bytes) -> None:
        """Take what came of the body. What came behind it is in `body.rest`."""
        try:
            pieces = self.body.feed(data)
        except HttpFault as fault:
            self.fault = fault
        else:
            self._pieces += pieces
            self.fault = self.body.fault
            self.transport.read_bytes = LITTLE_BYTES if len(pieces) > MANY_CHUNKS else READ_BYTES
        if self.fault is not None:
            self.depart()

    async def receive(self) -> AsgiMessage:
        """The next part of the body; after the last one the disconnect, once the client goes."""
        if self._is_told:
            return await self._until_gone()
        pieces, body = self._pieces, self.body
        while not pieces and not body.is_complete and not self.is_gone:
            await self._read_on()
        if self.is_gone:
            return DISCONNECT
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._is_told = body.is_complete
        return {"type": "http.request", "body": data, "more_body": not self._is_told}

    def take_body(self) -> bytes | None:
        """See `Shortcut`."""
        if not self.body.is_complete and not self.is_gone and (data := self.transport.receive_now()):
            self.feed(data)
        if self._is_told or self.is_gone or not self.body.is_complete:
            return None
        pieces, self._is_told = self._pieces, True
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return data

    def on_disconnect(self, callback: Callable[[], object] | None) -> None:
        """See `Disconnects`: called at once if the client has gone already."""
        self._callback = callback
        if callback is None:
            return
        if self.is_gone:
            callback()
        else:
            self.watcher.watch_departure()

    def leave(self) -> None:
        """The client has ended its side. While the last part of its answer is written, whether that is taken says more:
        who has read it all goes at once, often before the write has returned."""
        if not self._is_ending:
            self.depart()

    def depart(self) -> None:
        """The client has gone: whoever serves it is told, unless it has its whole answer. Idempotent."""
        if self.is_gone or self.state is AnswerState.DONE:
            return
        self.is_gone = True
        if self._going is not None:
            self._going.set()
        if self._callback is not None:
            self._callback()

    async def send(self, message: AsgiMessage) -> None:
        """Take what the application sends; dropped once the client has gone. Raises nothing of the connection's."""
        state = self.state
        if self.is_gone or state is AnswerState.UNDONE:
            return
        if message["type"] == "http.response.start" and state is AnswerState.QUIET:
            self._begin(cast("int", message["status"]), cast("list[Header]", message["headers"]))
        elif message["type"] == "http.response.body" and state in (AnswerState.HELD, AnswerState.OPEN):
            await self._send_body(cast("bytes", message.get("body", b"")), is_end=not message.get("more_body"))
        else:
            self._fail("response_out_of_order")

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """See `Shortcut`."""
        if self.is_gone:
            return
        if self.state is not AnswerState.QUIET:
            self._fail("response_out_of_order")
            return
        self._begin(status, with_length(status, headers, len(body)))
        written = self._written
        if written is None:
            return
        if not written.has_body or len(body) > JOINED_BYTES:
            await self._send_body(body, is_end=True)
            return
        data = written.data + body
        taken = self.transport.write_now(data)
        if taken == len(data):
            self.state = AnswerState.DONE
        else:
            self.state = AnswerState.OPEN
            await self._send_part(self.transport.write(memoryview(data)[taken:]), is_end=True)

    def finish_reading(self) -> None:
        """See whether the whole body is there, once the answer is: without waiting for any of it."""
        for _ in range(LAST_READS):
            if self.body.is_complete or self.is_gone:
                return
            data = self.transport.receive_now()
            if not data:
                break
            self.feed(data)
            self._pieces.clear()
        self.is_last = self.is_last or not self.body.is_complete

    async def _read_on(self) -> None:
        data = self.transport.receive_now()
        if data is None:
            if self.waits_to_continue:
                self.waits_to_continue = False
                await self.transport.write(CONTINUE)
            data = await self.transport.receive()
        elif data:
            await trio.lowlevel.checkpoint()  # whoever sends faster than it is read lets others have their turn
        if data:
            self.feed(data)
        else:
            self.fault = HttpFault("the body has no end")
            self.depart()

    async def _until_gone(self) -> AsgiMessage:
        if not self.is_gone:
            self.watcher.watch_departure()
            self._going = trio.Event()
            await self._going.wait()
        return DISCONNECT

    def _begin(self, status: int, headers: Sequence[Header]) -> None:
        head = self.head
        if self.waits_to_continue:  # whether it sends its body after all, nobody can tell (RFC 9110, 10.1.1)
            self.waits_to_continue = False
            self.is_last = self.is_last or not self.body.is_complete
        also = self.watcher.lines_of_each(is_last=self.is_last)
        try:
            self._written = written_head(status, headers, method=head.method, version=head.version, also=also)
        except UnwritableHeader:
            self._fail("response_unwritable")
            return
        self._left = self._written.length or 0
        self.state = AnswerState.HELD

    async def _send_body(self, data: bytes, *, is_end: bool) -> None:
        written = self._written
        if written is None:
            raise AssertionError("a body without a head")
        if not written.has_body:
            data = b""
        elif written.length is not None:
            self._left -= len(data)
            if self._left < 0 or (is_end and self._left):
                self._fail("response_of_wrong_length")
                return
        elif not written.is_chunked:
            self.is_last = True
        elif data:
            data = b"%x\r\n%b\r\n%b" % (len(data), data, CHUNKED_END if is_end else b"")
        elif is_end:
            data = CHUNKED_END
        await self._send_part(self._write(written, data), is_end=is_end)

    async def _send_part(self, part: Awaitable[bool], *, is_end: bool) -> None:
        """Have a part of the answer written: whether its client has taken it says how it goes on."""
        self._is_ending = is_end
        try:
            is_taken = await part
        except trio.Cancelled:
            self.depart()  # perhaps another task was cut than the one that serves it: nothing can follow half a part
            raise
        if not is_taken:
            await self.transport.abort()
            self.depart()
        elif is_end:
            self.state = AnswerState.DONE
        else:
            await trio.lowlevel.checkpoint()  # whoever writes without end lets others have their turn

    async def _write(self, written: WrittenHead, data: bytes) -> bool:
        if self.state is AnswerState.OPEN:
            return not data or await self.transport.write(data)
        self.state = AnswerState.OPEN
        if len(data) <= JOINED_BYTES:
            return await self.transport.write(written.data + data)
        return await self.transport.write_both(written.data, data)

    def _fail(self, event: str) -> None:
        """The answer can never be whole: the log is told, and the client sees it by the end of the connection."""
        log.error(event, method=self.head.method, state=self.state.value, stack_info=True)
        self.is_last = self.has_failed = True
        self.state = AnswerState.UNDONE if self.state is AnswerState.OPEN else self.state
        self.depart()
