"""What a legacy client has been asked and has not answered: elicitation, sampling, roots; by ids of our own.

A request goes out on whatever stream its route finds; the answer comes as a message that the client posts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio

from argus_trio.errors import ClientCannotAnswer, ClientRefused, ResponseInvalid
from argus_trio.wire.envelope import (
    ErrorResponse,
    Params,
    Raw,
    Response,
    encode_error,
    encode_notification,
    encode_raw,
    encode_request,
    plain_id,
)

MAX_OPEN: Final = 64
"""Requests to its client that one session may have open."""
STREAM_SECONDS: Final = 10.0
"""How long a request waits for a stream that it can go out on: a client that lost its stream is told to come back after
`RETRY_MILLISECONDS`, and gets several attempts."""
FAREWELL_SECONDS: Final = 1.0
"""How long it may take to tell the client that a request is withdrawn: a courtesy, which must not hold up the end."""
_UNREADABLE: Final = -32603
"""The code of the error that stands for an answer which cannot be read."""
_QUOTED: Final = 100
"""As much of such an answer as the error quotes, in bytes."""

SendMessage = Callable[[bytes], Awaitable[None]]
"""Sends one encoded message on one stream of the client."""
FindStream = Callable[[], Awaitable[SendMessage | None]]
"""Finds the stream for a request, within `STREAM_SECONDS`; None if there is none."""


@attrs.define(eq=False, repr=False)
class _ClientRequest:
    answered: trio.Event = attrs.field(factory=trio.Event)
    answer: Response | ErrorResponse | None = None


@attrs.define(eq=False, repr=False)
class ClientRequests:
    """The requests to its client that one session has open."""

    _open: dict[bytes, _ClientRequest] = attrs.field(factory=dict, init=False)
    _sent: int = attrs.field(default=0, init=False)
    _ended: bool = attrs.field(default=False, init=False)

    def __len__(self) -> int:
        return len(self._open)

    async def ask(self, route: FindStream, method: str, params: Params) -> bytes:
        """Send a request and give the raw result; cancelled, it tells the client on the same stream.

        Raises:
            ClientCannotAnswer: there is no stream, too much is open, or the session has ended.
            ClientRefused: the client answered with an error.
        """
        if self._ended:
            raise ClientCannotAnswer(method, "its session has ended")
        if len(self._open) >= MAX_OPEN:
            raise ClientCannotAnswer(method, f"{MAX_OPEN} requests to it are open")
        self._sent += 1
        message_id = b"%d" % self._sent
        request = self._open[message_id] = _ClientRequest()
        try:
            send = await route()
            if send is None:
                raise ClientCannotAnswer(method, "it has no stream open")
            await self._converse(request, send, message_id, encode_request(message_id, method, params))
        finally:
            del self._open[message_id]
        match request.answer:
            case Response():
                return request.answer.result
            case ErrorResponse():
                raise ClientRefused(request.answer.error)
            case None:
                raise ClientCannotAnswer(method, "its session has ended")

    def answer(self, message: Response | ErrorResponse | ResponseInvalid) -> bool:
        """Take a client's answer; False if nothing is open under its id, in whichever spelling that comes back.

        One that cannot be read is an error, at once: whoever asked would wait for a better one in vain.
        """
        request = self._open.get(plain_id(message.id))
        if request is None or request.answer is not None:
            return False
        request.answer = _readable(message)
        request.answered.set()
        return True

    def end(self) -> None:
        """The session is over: nothing is answered any more."""
        self._ended = True
        for request in self._open.values():
            request.answered.set()

    async def _converse(self, request: _ClientRequest, send: SendMessage, message_id: bytes, message: bytes) -> None:
        try:
            await send(message)
            await request.answered.wait()
        except trio.Cancelled:
            if not request.answered.is_set():
                withdrawn: Params = {"requestId": Raw(message_id), "reason": encode_raw("no longer needed")}
                with trio.move_on_after(FAREWELL_SECONDS, shield=True):
                    await send(encode_notification("notifications/cancelled", withdrawn))
            raise


def _readable(message: Response | ErrorResponse | ResponseInvalid) -> Response | ErrorResponse:
    """The answer as it is, or an error in its place that a backend's library can read."""
    match message:
        case ResponseInvalid():
            what = message.message
        case Response() if not message.result.startswith(b"{"):
            what = f"its result is no object: {_shown(message.result)}"
        case ErrorResponse() if not message.error.startswith(b"{"):
            what = f"its error is no object: {_shown(message.error)}"
        case _:
            return message
    return ErrorResponse(message.id, encode_error(_UNREADABLE, f"the client's answer cannot be read: {what}"))


def _shown(raw: bytes) -> str:
    return raw[:_QUOTED].decode("utf-8", "replace")
