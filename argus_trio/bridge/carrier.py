"""The bridge's HTTP: a message to the gateway, and whatever comes back, message by message as the bytes that came.

It knows nothing of eras; only that a 404 to a request that names a session means that the session is gone.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.bridge.gateway_wait import GatewayWait
from argus_trio.errors import HttpRefused, LinkFailed, RpcError
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.http_client import HttpClient
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import Message, encode_error_response, on_one_line
from argus_trio.wire.event_stream import EventParser, EventTooLarge
from argus_trio.wire.headers import Headers
from argus_trio.wire.http_bodies import error_in, is_addressed, read_messages
from argus_trio.wire.passing.mending import mend_text

log = structlog.get_logger()

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""The largest JSON answer: what the gateway itself takes from a backend."""
TELL_SECONDS: Final = 30.0
"""The deadline for the gateway to take a notification or a response: the time in which a restarted one is back."""

_WHO: Final = "set ARGUS_TOKEN to a token that it knows, or give its key with --header 'X-API-Key: KEY'"
_METHOD_NOT_FOUND: Final = re.compile(rb'"code"\s*:\s*-32601\b')


class GatewaySessionLost(LinkFailed):
    """The gateway does not know the session (any more); what was asked was not executed."""

    def __init__(self) -> None:
        super().__init__("the session is gone")


@attrs.frozen(kw_only=True)
class GatewayMessage(Value):
    """One text of the gateway: a message, or a batch of them."""

    raw: bytes
    """As it came, on one line."""
    messages: tuple[Message, ...]
    """The message, or the members of the batch."""


@attrs.define(eq=False, repr=False, kw_only=True)
class AnswerStream:
    """The answer to one HTTP request, while it is being read."""

    session_id: str | None = None
    """The session that the answer opens, if it does."""
    _answer: HttpAnswer | None = None
    _parser: EventParser = attrs.field(factory=EventParser)
    _ready: deque[GatewayMessage] = attrs.field(factory=deque)

    async def next(self) -> GatewayMessage | None:
        """Wait for the gateway's next message; None at the end.

        Raises:
            LinkFailed: the answer broke off, or holds an event that is too large.
        """
        while not self._ready:
            chunk = b"" if self._answer is None else await self._answer.receive()
            if not chunk:
                return None
            try:
                events = self._parser.feed(chunk)
            except EventTooLarge as error:
                raise LinkFailed(str(error)) from None
            for event in events:
                if event.event == "message" and event.data and (message := _read(event.data)) is not None:
                    self._ready.append(message)
        return self._ready.popleft()


@attrs.define(eq=False, repr=False)
class Carrier:
    """The bridge's HTTP towards one gateway; `gateway` is told of each answer."""

    _client: HttpClient
    gateway: GatewayWait

    @property
    def origin(self) -> str:
        """The gateway's origin, as text, which holds no secret."""
        return str(self._client.origin)

    @asynccontextmanager
    async def post(
        self, body: bytes, headers: Headers = (), *, wanted: bytes = b"null", parser: EventParser | None = None
    ) -> AsyncIterator[AnswerStream]:
        """Post `body` and read the answer; leaving early closes the request. `wanted` is the raw id that is asked.

        An HTTP error that carries a JSON-RPC error is an answer like any other.

        Raises:
            GatewaySessionLost: see there.
            LinkFailed: there is no answer, or it is none; `HttpRefused` with the status if that was why.
        """
        async with self._client.send(self._client.post(body, headers)) as answer:
            self.gateway.reached()
            if 200 <= answer.status < 300:
                yield await self._answer_stream(answer, parser or EventParser())
            else:
                yield AnswerStream(ready=deque([await self._refused(answer, headers, wanted)]))

    @asynccontextmanager
    async def get(self, headers: Headers, parser: EventParser) -> AsyncIterator[AnswerStream]:
        """The standalone stream, or what is left of a request's own, from where `parser` left off.

        Raises:
            GatewaySessionLost, LinkFailed: as `post`.
        """
        parser.restart()
        async with self._client.send(self._client.get(headers, last_id=parser.last_id)) as answer:
            self.gateway.reached()
            if answer.status != 200:
                raise self._refusal(answer, headers, b"null", await self._client.beginning(answer))
            if answer.media_type != names.EVENT_STREAM:
                raise HttpRefused(405, "the gateway has no stream of its own")
            yield AnswerStream(answer=answer, parser=parser)

    async def tell(self, body: bytes, headers: Headers = ()) -> None:
        """Post what is not answered: a notification, a response, or a batch of them.

        Raises:
            GatewaySessionLost, LinkFailed: as `post`.
        """
        with trio.move_on_after(TELL_SECONDS):
            async with self.post(body, headers) as answer:
                if (message := await answer.next()) is not None:
                    log.warning("message_refused", said=message.raw[:200].decode("utf-8", "replace"))
            return
        raise LinkFailed(f"it did not take a message within {TELL_SECONDS:g} s")

    async def delete(self, headers: Headers) -> None:
        """End a session, whatever the gateway thinks of it; the caller sets the deadline."""
        try:
            async with self._client.send(self._client.delete(headers)):
                pass
        except LinkFailed as failure:
            log.debug("session_not_ended", reason=failure.reason)

    async def _answer_stream(self, answer: HttpAnswer, parser: EventParser) -> AnswerStream:
        session_id = answer.header(names.SESSION_ID)
        if answer.media_type == names.EVENT_STREAM:
            return AnswerStream(session_id=session_id, answer=answer, parser=parser)
        body = await answer.read(MAX_BODY_BYTES)
        if answer.media_type != names.JSON or not body.strip():
            return AnswerStream(session_id=session_id)
        message = _read(body)
        if message is None:
            raise LinkFailed("its answer is no message")
        return AnswerStream(session_id=session_id, ready=deque([message]))

    async def _refused(self, answer: HttpAnswer, headers: Headers, wanted: bytes) -> GatewayMessage:
        body = await self._client.beginning(answer)
        failure = self._refusal(answer, headers, wanted, body)
        error = error_in(body, wanted)
        if isinstance(failure, GatewaySessionLost) or error is None or answer.status in (401, 403):
            raise failure
        return GatewayMessage(raw=encode_error_response(wanted, on_one_line(error.error)), messages=(error,))

    def _refusal(self, answer: HttpAnswer, headers: Headers, wanted: bytes, body: bytes) -> LinkFailed:
        names_session = any(name == names.SESSION_ID for name, _ in headers)
        is_unknown_method = is_addressed(body, wanted) and wanted != b"null" and _METHOD_NOT_FOUND.search(body)
        if answer.status == 404 and names_session and not is_unknown_method:
            return GatewaySessionLost()
        refused = self._client.refused(answer, body)
        return HttpRefused(401, f"{refused.reason}: {_WHO}") if answer.status == 401 else refused


def _read(data: bytes) -> GatewayMessage | None:
    text = mend_text(data)
    messages: list[Message] = []
    for message in read_messages(text):
        if isinstance(message, RpcError):
            log.warning("gateway_message_unreadable", reason=message.message)
            return None
        messages.append(message)
    return GatewayMessage(raw=on_one_line(text), messages=tuple(messages))
