"""A line of the client that wants an answer: which ids of it are still open, and what is told if it fails."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from argus_trio.bridge.carrier import AnswerStream, GatewayMessage
from argus_trio.bridge.pipes import Write
from argus_trio.errors import BackendUnavailable
from argus_trio.wire.envelope import (
    ErrorResponse,
    Request,
    Response,
    decode_array,
    encode_error,
    encode_error_response,
)
from argus_trio.wire.members import decode_client_batch


@attrs.define(eq=False, repr=False, kw_only=True)
class OpenRequest:
    """One request, or the requests of one batch. Ids are raw JSON."""

    ids: Sequence[bytes]
    is_batch: bool = False
    tells_more: bool = False
    """Whether the batch holds messages, too, that want no answer."""
    is_modern: bool = False
    is_endless: bool = False
    """Whether the answer comes only when the gateway stops, so that nobody waits for it."""
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    is_begun: bool = attrs.field(default=False, init=False)
    """Whether anything of the request may have reached the gateway."""
    granted: set[bytes] = attrs.field(factory=set, init=False)
    """The ids that were answered with a result."""
    _open: set[bytes] = attrs.field(init=False)
    _unwanted: set[bytes] = attrs.field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._open = set(self.ids)

    @property
    def is_settled(self) -> bool:
        """Whether everything is answered."""
        return not self._open

    def renounce(self, message_id: bytes) -> None:
        """Note that the client wants this answer no more, so that it is no failure if there is none."""
        self._unwanted.add(message_id)

    def drop_unwanted(self) -> None:
        """Let what was renounced go no further: it has not reached the gateway, or is cancelled by closing it."""
        self._open -= self._unwanted
        if self.is_settled and not self.tells_more:
            self.scope.cancel()

    def still_wanted(self, line: bytes) -> bytes:
        """The client's `line`, a batch without those of its requests that were renounced."""
        if not self.is_batch or not self._unwanted:
            return line
        pairs = zip(decode_array(line), decode_client_batch(line), strict=True)
        left = [bytes(raw) for raw, each in pairs if not (isinstance(each, Request) and each.id in self._unwanted)]
        return b"[%b]" % b",".join(left)

    def settle(self, message: GatewayMessage) -> bytes:
        """Take note of the answers in `message`, and give what the client is to be told."""
        for member in message.messages:
            if not isinstance(member, Response | ErrorResponse):
                continue
            if isinstance(member, ErrorResponse) and member.id == b"null" and not self.is_batch:
                self._open.clear()
                return encode_error_response(self.ids[0], member.error)
            self._open.discard(member.id)
            if isinstance(member, Response):
                self.granted.add(member.id)
        return message.raw

    async def relay(self, answer: AnswerStream, write: Write) -> None:
        """Hand on what the gateway says, until everything is answered or the stream ends. Raises `LinkFailed`."""
        while not self.is_settled and (message := await answer.next()) is not None:
            await write(self.settle(message))

    def failed(self, origin: str, reason: str) -> bytes | None:
        """The errors for what is still open and wanted, as one line; None if there is nothing to tell."""
        error = encode_error(BackendUnavailable.code, f"the gateway at {origin} gave no answer: {reason}")
        left = [each for each in self.ids if each in self._open and each not in self._unwanted]
        self._open.clear()
        answers = [encode_error_response(each, error) for each in left]
        if not answers:
            return None
        return b"[%b]" % b",".join(answers) if self.is_batch else answers[0]
