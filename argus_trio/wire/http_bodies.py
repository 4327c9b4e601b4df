"""The bodies of HTTP answers: the messages in them, and which request they answer."""

from __future__ import annotations

from argus_trio.errors import RpcError
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Response,
    decode,
    decode_batch,
    is_batch,
    mend_text,
)
from argus_trio.wire.members import object_member, object_or_none


def read_messages(data: bytes) -> list[Message | RpcError]:
    """The message in `data`, or the messages of a batch; in the place of one that cannot be read stands its error."""
    text = mend_text(data)
    try:
        return decode_batch(text) if is_batch(text) else [decode(text)]
    except RpcError as error:
        return [error]


def is_answer(message: Message | RpcError, wanted: bytes) -> bool:
    """Whether `message` answers the request with the raw id `wanted`, where nothing else can be answered.

    An error whose id is null is then meant for that request.
    """
    if isinstance(message, ErrorResponse):
        return message.id in (wanted, b"null")
    return isinstance(message, Response) and message.id == wanted


def error_in(body: bytes, wanted: bytes) -> ErrorResponse | None:
    """The JSON-RPC error in the body of an HTTP error; None if there is none, or for another id than `wanted`.

    The id may also be null or left out, as a server does that did not read the request.
    """
    fields = object_or_none(mend_text(body))
    if fields is None or object_member(fields, "error") is None:
        return None
    if bytes(fields.get("jsonrpc", b"")) != b'"2.0"' or bytes(fields.get("id", b"null")) not in (wanted, b"null"):
        return None
    return ErrorResponse(wanted, bytes(fields["error"]))


def is_addressed(body: bytes, wanted: bytes) -> bool:
    """Whether the body carries exactly the raw id `wanted`, so that the server has read that very request."""
    return bytes((object_or_none(mend_text(body)) or {}).get("id", b"")) == wanted
