"""What takes the place of an answer that there is no room for: an error for each request that it answers; sans I/O."""

from __future__ import annotations

from argus_trio.core.memory import RETRY_AFTER_SECONDS
from argus_trio.errors import Overloaded, RpcError
from argus_trio.frontend.outcome import error_response
from argus_trio.wire.envelope import ErrorResponse, Message, Response, decode, decode_batch, is_batch


def unkept(message: bytes, reason: str) -> bytes | None:
    """The encoded error, or batch of errors, in place of an encoded answer; None where it is no answer, and is lost."""
    error = Overloaded(
        f"the answer came, of {len(message)} bytes, and was let go: {reason}", data={"retryAfter": RETRY_AFTER_SECONDS}
    )
    if is_batch(message):
        found = [answer for member in decode_batch(message) if (answer := _refusal(member, error)) is not None]
        return b"[" + b",".join(found) + b"]"
    return _refusal(decode(message), error)


def _refusal(message: Message | RpcError, error: Overloaded) -> bytes | None:
    return error_response(message.id, error) if isinstance(message, Response | ErrorResponse) else None
