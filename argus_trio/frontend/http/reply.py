"""The answer to one POST: plain JSON, unless something must go out before it or it takes long; then an event stream.

It does not know what it carries: messages come in encoded. Its events have no ids: a stream that is lost is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import inf
from typing import Final, Self

import trio

from argus_trio.frontend.http.header_names import CONTENT_TYPE
from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.request import JSON, Header, IncomingRequest, start
from argus_trio.per_call import PerCall
from argus_trio.wire.event_stream import COMMENT, encode_event

QUIET_SECONDS: Final = 5.0
"""After this much silence an answer becomes an event stream, where the client takes one. Most calls end sooner and so
cost no stream; proxies and clients that give up on silence wait longer."""
KEEP_ALIVE_SECONDS: Final = 15.0
"""The longest silence on an event stream: well below the 30 s after which the more impatient proxies give up."""

EVENT_STREAM: Final[Sequence[Header]] = (
    (CONTENT_TYPE, b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


_OK: Final = 200
"""The one status with which an event stream can be answered; refusals are JSON, whoever they are for."""


class ReplyState(Enum):
    """QUIET → STREAMING → DONE, or QUIET → DONE: nothing sent yet, an event stream open, no more to come."""

    QUIET = "quiet"
    STREAMING = "streaming"
    DONE = "done"


async def answer_at_once(
    request: IncomingRequest, message: bytes, *, takes_json: bool, headers: Sequence[Header] = ()
) -> None:
    """Answer with one encoded message: as JSON, or as an event stream of its own for a client that takes no JSON."""
    if takes_json:
        await request.answer(200, message, (JSON, *headers))
    else:
        await request.answer(200, encode_event(message), (*EVENT_STREAM, *headers))


class Reply(PerCall, kw_only=True):
    """One answer. `notify` and `beat` may run beside the task that finishes it; what comes after the end is dropped."""

    request: IncomingRequest
    keep_alive: KeepAlive
    may_stream: bool
    takes_json: bool = True
    """Whether the client takes JSON; one that takes event streams alone is sent one in its place."""
    _state: ReplyState = ReplyState.QUIET
    _lock: trio.Lock | None = None
    due: float = inf

    async def notify(self, message: bytes) -> None:
        """Send an encoded message before the answer; dropped where the client takes no event stream."""
        if self.may_stream:
            await self._send_chunk(self._event(message))

    async def beat(self) -> None:
        """Show that the call is alive: open the stream, or send a comment on it; not once it is muted."""
        if self.may_stream:
            await self._send_chunk(self._sign())

    def mute(self) -> None:
        """Send nothing more before the answer: nobody is there to see it. Idempotent."""
        self.may_stream = False
        self.keep_alive.watched.discard(self)

    async def finish(self, message: bytes, *, status: int = 200, headers: Sequence[Header] = ()) -> None:
        """Send the encoded answer and end. On an open stream the status and the headers have gone out already."""
        if self._state is ReplyState.QUIET:
            self.end()
            if self.may_stream and not self.takes_json and status == _OK:
                await self.request.answer(status, self._event(message), (*EVENT_STREAM, *headers))
            else:
                await self.request.answer(status, message, (JSON, *headers))
            return
        await self._close(self._event(message))

    async def abandon(self) -> None:
        """End without an answer: the call was cancelled, and nothing more may be said of it."""
        if self._state is ReplyState.QUIET:
            self.end()
            await self.request.answer(202)
            return
        await self._close(b"")

    def end(self) -> None:
        """Send nothing more: whoever served the call is done with it, or was cancelled. Idempotent."""
        self._state = ReplyState.DONE
        self.keep_alive.watched.discard(self)

    def __enter__(self) -> Self:
        if self.may_stream:
            self.due = self.keep_alive.now() + QUIET_SECONDS
            self.keep_alive.watched.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _event(self, message: bytes) -> bytes:
        """The event for an encoded message; called once for each, in the order in which they go out."""
        return encode_event(message)

    def _sign(self) -> bytes:
        """What shows that the call is alive."""
        return COMMENT

    async def _send_chunk(self, chunk: bytes) -> None:
        if self._state is ReplyState.QUIET:
            self._state = ReplyState.STREAMING
            self._lock = trio.Lock()
            self._lock.acquire_nowait()
            try:
                await self.request.send(start(200, EVENT_STREAM))
                await self._send_body(chunk)
            finally:
                self._lock.release()
        elif self._lock is not None:
            async with self._lock:
                if self._state is ReplyState.STREAMING:
                    await self._send_body(chunk)
        if self._state is ReplyState.STREAMING:
            self.due = self.keep_alive.now() + KEEP_ALIVE_SECONDS

    async def _close(self, chunk: bytes) -> None:
        if self._lock is None or self._state is ReplyState.DONE:
            return
        async with self._lock:
            self.end()
            await self.request.send({"type": "http.response.body", "body": chunk})

    async def _send_body(self, chunk: bytes) -> None:
        await self.request.send({"type": "http.response.body", "body": chunk, "more_body": True})
