"""The bodies of HTTP answers: the messages in them, and which request they answer."""

from __future__ import annotations

from argus_trio.errors import RpcError
from argus_trio.wire.envelope import ErrorResponse, Message, Response, plain_id
from argus_trio.wire.members import object_member, object_or_none
from argus_trio.wire.passing.mending import mend_text
from argus_trio.wire.readings import read


def read_messages(data: bytes) -> list[Message | RpcError]:
    """The message in `data`, or the messages of a batch; in the place of one that cannot be read stands its error."""
    return read(data).messages


def is_answer(message: Message | RpcError, wanted: bytes) -> bool:
    """Whether `message` answers the request with the raw id `wanted`, where nothing else can be answered.

    An error whose id is null is then meant for that request; so is an answer with the id spelled otherwise.
    """
    if isinstance(message, ErrorResponse):
        return message.id == b"null" or _is_same(message.id, wanted)
    return isinstance(message, Response) and _is_same(message.id, wanted)


def error_in(body: bytes, wanted: bytes) -> ErrorResponse | None:
    """The JSON-RPC error in the body of an HTTP error; None if there is none, or for another id than `wanted`.

    The id may also be null or left out, as a server does that did not read the request.
    """
    fields = object_or_none(mend_text(body))
    if fields is None or object_member(fields, "error") is None:
        return None
    message_id = bytes(fields.get("id", b"null"))
    if bytes(fields.get("jsonrpc", b"")) != b'"2.0"' or not (message_id == b"null" or _is_same(message_id, wanted)):
        return None
    return ErrorResponse(wanted, bytes(fields["error"]))


def is_addressed(body: bytes, wanted: bytes) -> bool:
    """Whether the body carries the raw id `wanted`, however spelled, so that the server has read that very request."""
    return _is_same(bytes((object_or_none(mend_text(body)) or {}).get("id", b"")), wanted)


def _is_same(message_id: bytes, wanted: bytes) -> bool:
    return message_id == wanted or plain_id(message_id) == wanted
