"""The answer to a POST of a legacy session, and what becomes of it when its client loses the POST.

It is plain JSON where nothing else has to go out, and costs nothing more then. Once it is an event stream it is one of
the session's: kept, and carried on by whoever resumes it. (What is plain JSON has no name to be asked for by.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.reply import Reply
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.event_store import prime
from argus_trio.frontend.sessions.resumable_stream import ResumableStream
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.wire.sse import COMMENT

PRIMED_REVISION: Final = "2025-11-25"
"""The one revision whose clients expect an event without data first."""


def _nothing() -> None:
    """Nobody wants to know."""


class PostReply(Reply):
    """A `Reply` on a stream of its session. The stream exists from its first event on.

    `on_lost` is called when the client is gone from the POST, before it has its answer.
    """

    def __init__(
        self,
        request: IncomingRequest,
        keep_alive: KeepAlive,
        session: HttpSession,
        *,
        may_stream: bool,
        on_lost: Callable[[], object] = _nothing,
    ) -> None:
        super().__init__(request, keep_alive, may_stream=may_stream)
        self._session = session
        self._on_lost = on_lost
        self._channel: ResumableStream | None = None
        self._is_carrying = may_stream
        self._is_attended = True
        session.posts += 1
        request.disconnects.on_disconnect(self._lose)

    async def notify(self, message: bytes) -> None:
        """Send an encoded message before the answer; dropped where the client has no stream, nor can have it again."""
        if self._is_carrying:
            await super().notify(message)
        elif self._channel is not None:
            await self._channel.send(message)

    async def route(self) -> SendMessage | None:
        """Where an ask can go: on this answer, on what resumed it, or on the session's own stream."""
        if self._is_carrying:
            return self.notify
        return await self._session.streams.route(self._channel)

    async def beat(self) -> None:
        """Show that the call is alive, if the client is there to see it."""
        if self._is_carrying:
            await super().beat()

    async def finish(self, message: bytes, *, status: int = 200) -> None:
        """Send the encoded answer and end; kept for a client that lost the POST and knows the stream."""
        if self._channel is None or self._is_carrying:
            await super().finish(message, status=status)
        else:
            await self._channel.send(message)
            self._session.streams.settle(self._channel)  # first: a write to a client that is not there may yet block
            await self.abandon()

    async def cancel(self) -> None:
        """End without an answer, and forget what was sent: nothing of it may be sent again."""
        if self._channel is not None:
            self._session.streams.drop(self._channel)
        await self.abandon()

    def __exit__(self, *error: object) -> None:
        """Whoever served the calls is done with them, or was cancelled: the stream ends."""
        if self._channel is not None:
            self._session.streams.settle(self._channel)
        self._leave()
        super().__exit__(*error)

    def event(self, message: bytes) -> bytes:
        """The event for a message, which is kept."""
        if self._channel is not None:
            return self._channel.record(message)
        channel = self._open()
        return self._opening(channel) + channel.record(message)

    def sign(self) -> bytes:
        """A sign of life; the first opens the stream."""
        return COMMENT if self._channel is not None else self._opening(self._open()) or COMMENT

    def _open(self) -> ResumableStream:
        self._channel = self._session.streams.open(on_carried=self._lose)
        return self._channel

    def _opening(self, channel: ResumableStream) -> bytes:
        return prime(channel.number, 0) if self._session.revision == PRIMED_REVISION else b""

    def _lose(self) -> None:
        """The client is gone from the POST, or has resumed its stream elsewhere; the calls go on."""
        self._is_carrying = False
        if self._leave():
            self._on_lost()

    def _leave(self) -> bool:
        """Count the client out, once; whether it was in."""
        was_attended, self._is_attended = self._is_attended, False
        self._session.posts -= was_attended
        return was_attended
