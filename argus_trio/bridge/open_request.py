"""A line of the client that wants an answer, on its way: which ids are still open, and what is told if it fails."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from argus_trio.bridge.carrier import AnswerStream, GatewayMessage
from argus_trio.bridge.pipes import Write
from argus_trio.errors import BackendUnavailable
from argus_trio.wire.envelope import ErrorResponse, Response, encode_error, encode_error_response


@attrs.define(eq=False, kw_only=True)
class OpenRequest:
    """One request, or the requests of one batch. Ids are raw JSON."""

    ids: Sequence[bytes]
    is_batch: bool = False
    is_modern: bool = False
    is_endless: bool = False
    """Whether its answer comes only when the gateway stops, so that nobody waits for it."""
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    is_begun: bool = attrs.field(default=False, init=False)
    """Whether anything of it may have reached the gateway."""
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
        """The client wants this answer no more: that there is none is no failure."""
        self._unwanted.add(message_id)

    def settle(self, said: GatewayMessage) -> bytes:
        """Take note of the answers in what was said, and give what the client is to be told."""
        for message in said.messages:
            if not isinstance(message, Response | ErrorResponse):
                continue
            if isinstance(message, ErrorResponse) and message.id == b"null" and not self.is_batch:
                self._open.clear()
                return encode_error_response(self.ids[0], message.error)
            self._open.discard(message.id)
            if isinstance(message, Response):
                self.granted.add(message.id)
        return said.raw

    async def hear(self, answer: AnswerStream, write: Write) -> None:
        """Hand on all that is said, until everything is answered or nothing more is said. Raises `LinkFailed`."""
        while not self.is_settled and (said := await answer.next()) is not None:
            await write(self.settle(said))

    def failed(self, whereto: str, reason: str) -> bytes | None:
        """The errors for what is still open and wanted, as one line; None if there is nothing to tell."""
        error = encode_error(BackendUnavailable.code, f"the gateway at {whereto} gave no answer: {reason}")
        left = [each for each in self.ids if each in self._open and each not in self._unwanted]
        self._open.clear()
        answers = [encode_error_response(each, error) for each in left]
        if not answers:
            return None
        return b"[%b]" % b",".join(answers) if self.is_batch else answers[0]
