"""What the body of an HTTP answer says: the messages in it, and whose answer they are."""

from __future__ import annotations

import msgspec

from argus_trio.errors import RpcError
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Response,
    decode,
    decode_batch,
    decode_object,
    is_batch,
    mend_text,
)


def read_messages(data: bytes) -> list[Message | RpcError]:
    """The message in `data`, or those of a batch, an error standing in for each that is none."""
    text = mend_text(data)
    try:
        return decode_batch(text) if is_batch(text) else [decode(text)]
    except RpcError as error:
        return [error]


def is_answer(message: Message | RpcError, wanted: bytes) -> bool:
    """Whether `message`, found where only the request with the raw id `wanted` can be answered, is its answer."""
    if isinstance(message, ErrorResponse):
        return message.id in (wanted, b"null")
    return isinstance(message, Response) and message.id == wanted


def error_in(body: bytes, wanted: bytes) -> ErrorResponse | None:
    """The JSON-RPC error of an HTTP error's body, whose id may be null or left out where the server did not read it."""
    try:
        fields = decode_object(mend_text(body))
        error = bytes(fields.get("error", b""))
        decode_object(error)
    except msgspec.DecodeError:
        return None
    if bytes(fields.get("jsonrpc", b"")) != b'"2.0"' or bytes(fields.get("id", b"null")) not in (wanted, b"null"):
        return None
    return ErrorResponse(wanted, error)


def is_addressed(body: bytes, wanted: bytes) -> bool:
    """Whether the body carries exactly the raw id `wanted`: the server has read that very request."""
    try:
        return bytes(decode_object(mend_text(body)).get("id", b"")) == wanted
    except msgspec.DecodeError:
        return False
