"""What a backend says, until it is matched to requests: how much of it is taken at once, and what is made of odd texts.

A message beyond `limits.message` is passed over, on every transport: who waits for it learns how large it is and which
key lets it pass, and the rest goes on. It moves no bytes, and decides nothing of what is said.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.links.intake import FULL, STEP_BYTES, Cuttable, Intake, NoRoom, Portion
from argus_trio.backends.links.stderr import plain
from argus_trio.config.model.operation import Bounds
from argus_trio.core.memory import RETRY_AFTER_SECONDS
from argus_trio.errors import (
    AnswerInvalid,
    BackendError,
    BackendMisbehaved,
    LinkFailed,
    Overloaded,
    ResponseInvalid,
    RpcError,
)
from argus_trio.net.http1 import HttpAnswer
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import ErrorResponse, Message, Response, decode
from argus_trio.wire.error_objects import is_error_object
from argus_trio.wire.event_stream import Event, EventParser
from argus_trio.wire.outline import Oversized, outline
from argus_trio.wire.readings import Reading, read_odd

log = structlog.get_logger()

DEFAULT_BYTES: Final = Bounds().message
"""The bound where nothing else is configured."""
TURN_SECONDS: Final = 0.001
"""How long what came at once is read before others have their turn: no client notices a thousandth of a second."""
_PIECE_BYTES: Final = 8 * 1024
"""How much of a stream is taken apart in one go: as short lines it takes about that long."""
SHOWN: Final = 200
"""Characters that are shown of what a backend said, as many as of an HTTP error."""


class NoMessage(AnswerInvalid):
    """What came instead of an answer is no message at all: a page of something before the server, or nothing."""


Heard = Message | ResponseInvalid
"""What an event says: messages, and what means to be an answer."""


@attrs.define(eq=False, repr=False)
class ReadingTurn:
    """The time that a task has taken since others had their turn, while it waits for nothing: a few bytes can mean much
    work, and what is odd takes a hundred times as long as it should."""

    _since: float = attrs.field(factory=perf_counter, init=False)

    async def share(self) -> None:
        """Let others have their turn, if this one has taken long."""
        if perf_counter() - self._since >= TURN_SECONDS:
            await trio.lowlevel.checkpoint()
            self._since = perf_counter()


@attrs.define(eq=False, repr=False, kw_only=True)
class Hearing:
    """What one link hears. What is wrong is logged once for each kind, as it mostly comes again and again."""

    backend: str
    limit: int = DEFAULT_BYTES
    """The bound on one message, in bytes."""
    intake: Intake = attrs.field(factory=Intake)
    """What is read of all backends."""
    _told: set[str] = attrs.field(factory=set, init=False)

    def parser(self) -> EventParser:
        """A parser for an event stream of the backend."""
        return EventParser(max_event_bytes=self.limit, cuts=True)

    def read(self, data: bytes) -> list[Message | RpcError]:
        """The messages in `data`; in the place of one that cannot be read stands its error."""
        try:
            return [decode(data)]
        except RpcError as fault:
            reading = read_odd(data, fault)
        if reading.oddity:
            self.note_oddity(data, reading)
        return reading.messages

    async def hear(self, parser: EventParser, chunk: bytes) -> list[Heard]:
        """The messages of the events that `chunk` completes. Others have their turn meanwhile if it takes long."""
        heard, turn = list[Heard](), ReadingTurn()
        for event in await self.events(parser, chunk, turn):
            heard += self.read_event(event)
            await turn.share()
        return heard

    async def events(self, parser: EventParser, chunk: bytes, turn: ReadingTurn) -> list[Event]:
        """The events that `chunk` completes, which are part of this turn."""
        events: list[Event] = []
        for begin in range(0, len(chunk), _PIECE_BYTES):
            events += parser.feed(chunk[begin : begin + _PIECE_BYTES])
            await turn.share()
        return events

    def read_event(self, event: Event) -> list[Heard]:
        """The messages of an event, read as `read_data` does."""
        if event.event == "message" and event.data:  # an empty one only tells its id
            try:
                return [decode(event.data)]
            except RpcError:
                return self.read_data(event.data)
        if event.event != "message" or event.oversized is None:
            return []
        cut = self.answer_of(event.oversized)
        return [] if cut is None else [cut]

    def read_data(self, data: bytes) -> list[Heard]:
        """The messages in `data`. What is none and means to be no answer is logged."""
        messages: list[Heard] = []
        for message in self.read(data):
            if isinstance(message, RpcError) and not isinstance(message, ResponseInvalid):
                self.note_unreadable(message, data)
            else:
                messages.append(message)
        return messages

    def answer_of(self, oversized: Oversized) -> ResponseInvalid | None:
        """The error for the answer that a message beyond the bound means to be, with the id `null` where that is not
        known; None if it is none."""
        known = outline(oversized.head, oversized.tail)
        if oversized.lacked_room:
            why = f"its answer of {oversized.size} bytes had no room in the gateway, {FULL}: come back later"
            log_it, about = log.warning if self._is_news("no room") else log.debug, {"bytes": oversized.size}
            log_it("backend_message_without_room", backend=self.backend, is_answer=known.is_answer, **about)
        else:
            why = self._too_large(oversized.size)
            self._note_size(oversized.size, is_answer=known.is_answer)
        return ResponseInvalid(known.id or b"null", why) if known.is_answer else None

    async def read_body(self, answer: HttpAnswer) -> bytes:
        """The whole body of an HTTP answer.

        Raises:
            LinkFailed: it broke off; `AnswerInvalid` if it is beyond the bound, or there is no room for it.
        """
        declared = answer.header(names.CONTENT_LENGTH) or ""
        is_known = declared.isdecimal() and answer.header(names.CONTENT_ENCODING) is None
        size = int(declared) if is_known else None
        with Portion(self.intake) as portion:
            if size is not None and STEP_BYTES < size <= self.limit:
                await portion.take(size)
            body: bytes | bytearray = b"" if size is not None and size > self.limit else await answer.receive()
            while len(body) <= self.limit >= (size or 0):
                if len(body) > STEP_BYTES:
                    await portion.take(len(body))
                if not (body and (piece := await answer.receive())):
                    return bytes(body)
                if isinstance(body, bytes):
                    body = bytearray(body)  # which grows where it lies, as pieces on their own do not
                body += piece
        self._note_size(size, is_answer=True)
        raise AnswerInvalid(self._too_large(size))

    async def take(self, portion: Portion, stream: Cuttable) -> None:
        """Have what `stream` holds of a message entered. Where there is no room for it, or its rest does not come while
        others wait, it is passed over: others that are waited for stand behind it."""
        portion.stream = stream
        try:
            await portion.take(stream.held)
        except NoRoom:
            stream.cut()
            portion.release()

    def note_oddity(self, text: bytes, reading: Reading) -> None:
        """Log that a text was read although it is odd."""
        if self._is_news(reading.oddity):
            log.warning("backend_message_odd", backend=self.backend, oddity=reading.oddity, text=shown(text))

    def note_unreadable(self, fault: RpcError, text: bytes = b"") -> None:
        """Log what is no message, and answers no request that is known."""
        log_it = log.warning if self._is_news("unreadable") else log.debug
        log_it("backend_message_unreadable", backend=self.backend, reason=str(fault), text=shown(text))

    def note_unasked(self) -> None:
        """Log an answer on a stream of another request, or of none."""
        log_it = log.warning if self._is_news("unasked") else log.debug
        log_it("backend_answer_unasked", backend=self.backend)

    def note_unclaimed(self, answer: Response | ErrorResponse) -> None:
        """Log an answer that no request waits for: as a rule a late one. An error that says no id may have been meant
        for anybody, so its words are shown."""
        if answer.id == b"null" and isinstance(answer, ErrorResponse) and self._is_news("unaddressed"):
            log.warning("backend_error_unaddressed", backend=self.backend, error=shown(answer.error))
        else:
            log.debug("backend_answer_unclaimed", backend=self.backend, id=shown(answer.id))

    def _too_large(self, size: int | None) -> str:
        what = "its answer" if size is None else f"its answer has {size} bytes and"
        allowed = f"{self.limit} bytes, the most that limits.message allows"
        return f"{what} is larger than {allowed}; raise backends.{self.backend}.limits.message"

    def _note_size(self, size: int | None, *, is_answer: bool) -> None:
        if self._is_news("too large"):
            advice = f"raise backends.{self.backend}.limits.message, which is {self.limit}"
            log.warning(
                "backend_message_too_large", backend=self.backend, bytes=size, is_answer=is_answer, advice=advice
            )

    def _is_news(self, kind: str) -> bool:
        is_news = kind not in self._told
        self._told.add(kind)
        return is_news


def foreign_answer(answer: Response | ErrorResponse | None, wanted: bytes) -> LinkFailed:
    """The error for an answer to another request than the one that it came for; the words of an error are quoted."""
    told = "" if answer is None else f": {shown(answer.id)[:40]} for {wanted.decode()}"
    said = f", and said {shown(answer.error)}" if isinstance(answer, ErrorResponse) else ""
    return AnswerInvalid(f"it answered another request than the one it was asked{told}{said}")


def refusal_of(invalid: AnswerInvalid, backend: str, reason: str) -> RpcError:
    """The error for the client whose call was answered with what is no answer, or had no room."""
    if isinstance(invalid, NoRoom):
        return Overloaded(f"backend {backend!r}: {reason}", data={"retryAfter": RETRY_AFTER_SECONDS})
    return BackendMisbehaved(backend, reason)


def error_of(answer: ErrorResponse, backend: str, redact: Callable[[str], str]) -> RpcError:
    """The error for the client whose call was answered with an error, or with what should be one."""
    if is_error_object(answer.error):
        return BackendError(answer.error)
    return BackendMisbehaved(backend, f"its error is no JSON-RPC error object, it says {redact(shown(answer.error))}")


def shown(text: bytes) -> str:
    """The beginning of what a backend said, as one safe line."""
    # Cut before it is made plain: it may be large, and a character has four bytes at most.
    return plain(text[: 4 * SHOWN].replace(b"\n", b" "))[:SHOWN]
