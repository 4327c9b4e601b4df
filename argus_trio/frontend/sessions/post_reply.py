"""The answer to a POST of a legacy session, and what becomes of it when its client loses the POST.

It is plain JSON where nothing else has to go out, and costs nothing more then. Once it is an event stream it is one of
the session's: stored, and carried on by whoever resumes it. (What is plain JSON has no name to be asked for by.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Self

from argus_trio.frontend.http.reply import Reply
from argus_trio.frontend.http.request import Header
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.event_store import prime
from argus_trio.frontend.sessions.resumable_stream import ResumableStream
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.wire.event_stream import COMMENT

PRIMED_REVISION: Final = "2025-11-25"
"""The one revision whose clients expect an event without data first."""


def _nothing() -> None:
    """Nobody wants to know."""


class PostReply(Reply, kw_only=True):
    """A reply on a stream of its session, which the first of its events opens.

    `on_lost` is called when the client is gone from the POST, before it has its answer.
    """

    session: HttpSession
    on_lost: Callable[[], object] = _nothing
    _stream: ResumableStream | None = None
    _is_attended: bool = True

    async def notify(self, message: bytes) -> None:
        """Send an encoded message before the answer; dropped where the client has no stream, nor can have it again."""
        if self.may_stream:
            await self._send_chunk(self._event(message))
        elif self._stream is not None:
            await self._stream.send(message)

    async def route(self) -> SendMessage | None:
        """Where an ask can go: on this answer, on what resumed it, or on the session's standalone stream."""
        if self.may_stream:
            return self.notify
        return await self.session.streams.route(self._stream)

    async def finish(self, message: bytes, *, status: int = 200, headers: Sequence[Header] = ()) -> None:
        """Send the encoded answer and end; stored for a client that lost the POST and knows the stream."""
        stream = self._stream
        if stream is None or self.may_stream:
            await Reply.finish(self, message, status=status, headers=headers)
            if self._stream is not None and self._is_attended:
                self._stream.note_delivered()
        else:
            await stream.send(message)
            self.session.streams.settle(stream)  # first: a write to a client that is not there may yet block
            await self.abandon()

    async def cancel(self) -> None:
        """End without an answer, and forget what was sent: nothing of it may be sent again."""
        if self._stream is not None:
            self.session.streams.drop(self._stream)
        await self.abandon()

    def __enter__(self) -> Self:
        Reply.__enter__(self)
        self.session.posts += 1
        self.request.disconnects.on_disconnect(self._lose)
        return self

    def __exit__(self, *_: object) -> None:
        """Whoever served the calls is done with them, or was cancelled: the stream ends."""
        if self._stream is not None:
            self.session.streams.settle(self._stream)
        self._leave()
        self.request.disconnects.on_disconnect(None)  # which would hold this for as long as the connection has it
        self.end()

    def _event(self, message: bytes) -> bytes:
        """The event for an encoded message, which is stored."""
        if self._stream is not None:
            return self._stream.record(message)
        opened = self._open()
        return self._prime(opened) + opened.record(message)

    def _sign(self) -> bytes:
        """A sign of life; the first opens the stream."""
        return COMMENT if self._stream is not None else self._prime(self._open()) or COMMENT

    def _open(self) -> ResumableStream:
        self._stream = self.session.streams.open(on_carried=self._lose)
        return self._stream

    def _prime(self, opened: ResumableStream) -> bytes:
        return prime(opened.number, 0) if self.session.revision == PRIMED_REVISION else b""

    def _lose(self) -> None:
        """The client is gone from the POST, or has resumed its stream elsewhere; the calls go on."""
        self.mute()
        if self._leave():
            self.on_lost()

    def _leave(self) -> bool:
        """Count the client out, once; whether it was in."""
        was_attended, self._is_attended = self._is_attended, False
        self.session.posts -= was_attended
        return was_attended
