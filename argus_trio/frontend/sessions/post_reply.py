"""The answer to a POST of a legacy session, and what becomes of it when its client loses the POST.

It is plain JSON where nothing else has to go out, and costs nothing more then. Once it is an event stream it is one of
the session's: stored, and carried on by whoever resumes it. (What is plain JSON has no name to be asked for by.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Self

import attrs

from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.reply import Reply
from argus_trio.frontend.http.request import Header, IncomingRequest
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.event_store import prime
from argus_trio.frontend.sessions.resumable_stream import ResumableStream
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.wire.event_stream import COMMENT

PRIMED_REVISION: Final = "2025-11-25"
"""The one revision whose clients expect an event without data first."""


def _nothing() -> None:
    """Nobody wants to know."""


@attrs.define(eq=False)
class _StreamEvents:
    """The framing of an answer that is stored: events of a stream of the session, which the first one opens."""

    session: HttpSession
    on_carried: Callable[[], object]
    stream: ResumableStream | None = attrs.field(default=None, init=False)

    def event(self, message: bytes) -> bytes:
        """The event for an encoded message, which is stored."""
        if self.stream is not None:
            return self.stream.record(message)
        opened = self._open()
        return self._prime(opened) + opened.record(message)

    def sign(self) -> bytes:
        """A sign of life; the first opens the stream."""
        return COMMENT if self.stream is not None else self._prime(self._open()) or COMMENT

    def _open(self) -> ResumableStream:
        self.stream = self.session.streams.open(on_carried=self.on_carried)
        return self.stream

    def _prime(self, opened: ResumableStream) -> bytes:
        return prime(opened.number, 0) if self.session.revision == PRIMED_REVISION else b""


@attrs.define(eq=False)
class PostReply:
    """A reply on a stream of its session.

    `on_lost` is called when the client is gone from the POST, before it has its answer.
    """

    _request: IncomingRequest
    _keep_alive: KeepAlive
    _session: HttpSession
    _may_stream: bool = attrs.field(kw_only=True)
    _takes_json: bool = attrs.field(default=True, kw_only=True)
    _on_lost: Callable[[], object] = attrs.field(default=_nothing, kw_only=True)
    _events: _StreamEvents = attrs.field(init=False)
    _reply: Reply = attrs.field(init=False)
    _is_attended: bool = attrs.field(default=True, init=False)

    def __attrs_post_init__(self) -> None:
        self._events = _StreamEvents(self._session, self._lose)
        self._reply = Reply(
            self._request,
            self._keep_alive,
            may_stream=self._may_stream,
            takes_json=self._takes_json,
            framing=self._events,
        )

    async def notify(self, message: bytes) -> None:
        """Send an encoded message before the answer; dropped where the client has no stream, nor can have it again."""
        if self._reply.may_stream:
            await self._reply.notify(message)
        elif self._events.stream is not None:
            await self._events.stream.send(message)

    async def route(self) -> SendMessage | None:
        """Where an ask can go: on this answer, on what resumed it, or on the session's standalone stream."""
        if self._reply.may_stream:
            return self.notify
        return await self._session.streams.route(self._events.stream)

    async def finish(self, message: bytes, *, status: int = 200, headers: Sequence[Header] = ()) -> None:
        """Send the encoded answer and end; stored for a client that lost the POST and knows the stream."""
        stream = self._events.stream
        if stream is None or self._reply.may_stream:
            await self._reply.finish(message, status=status, headers=headers)
            if self._events.stream is not None and self._is_attended:
                self._events.stream.note_delivered()
        else:
            await stream.send(message)
            self._session.streams.settle(stream)  # first: a write to a client that is not there may yet block
            await self._reply.abandon()

    async def cancel(self) -> None:
        """End without an answer, and forget what was sent: nothing of it may be sent again."""
        if self._events.stream is not None:
            self._session.streams.drop(self._events.stream)
        await self._reply.abandon()

    def __enter__(self) -> Self:
        self._reply.__enter__()
        self._session.posts += 1
        self._request.disconnects.on_disconnect(self._lose)
        return self

    def __exit__(self, *error: object) -> None:
        """Whoever served the calls is done with them, or was cancelled: the stream ends."""
        if self._events.stream is not None:
            self._session.streams.settle(self._events.stream)
        self._leave()
        self._reply.__exit__(*error)

    def _lose(self) -> None:
        """The client is gone from the POST, or has resumed its stream elsewhere; the calls go on."""
        self._reply.mute()
        if self._leave():
            self._on_lost()

    def _leave(self) -> bool:
        """Count the client out, once; whether it was in."""
        was_attended, self._is_attended = self._is_attended, False
        self._session.posts -= was_attended
        return was_attended
