"""JSON-RPC 2.0 envelopes: bytes to messages and back, with everything below the envelope left as it was written.

Only the envelope and one level of `params` are decoded; every value stays raw JSON (`msgspec.Raw`), so unknown fields,
huge integers and odd floats leave as they came. Duplicate keys collapse to the last one on re-encoding, so that no
backend can read another value than the one the gateway decided on.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from argus_trio.errors import InvalidRequest, ParseFailed, ResponseInvalid, RpcError
from argus_trio.wire.passing.depth import is_deeper
from argus_trio.wire.passing.known_result import WORTHWHILE_BYTES, known_answer
from argus_trio.wire.passing.utf8 import first_fault

Raw = msgspec.Raw
Params = dict[str, msgspec.Raw]
"""One level of a JSON object: decoded keys, raw values."""

MAX_DEPTH: Final = 128
"""How deeply the arrays and objects of one message may nest, unless it is a result: that is handed on to whoever asked
for it, and is measured by who reads more of it (`require_depth`)."""
MAX_BATCH: Final = 128
"""The most messages that one batch may hold."""

_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A JSON string; an unterminated one reaches to the end, so that no text is scanned twice."""
_ID_STARTS: Final = frozenset(b'"-0123456789')
_SPELLED_ID: Final = re.compile(rb'"?([0-9]+)(?:\.0+)?(?:[eE]\+?0+)?"?')


class Request(msgspec.Struct, frozen=True):
    """A JSON-RPC request; `id` is the raw JSON of a string or a number."""

    id: bytes
    method: str
    params: Params


class Notification(msgspec.Struct, frozen=True):
    """A JSON-RPC notification, which is never answered."""

    method: str
    params: Params


class Response(msgspec.Struct, frozen=True):
    """The result of the request with this raw `id`; `result` is raw JSON."""

    id: bytes
    result: bytes


class ErrorResponse(msgspec.Struct, frozen=True):
    """The error of the request with this raw `id`, `null` where it could not be read; `error` is the raw object."""

    id: bytes
    error: bytes


Message = Request | Notification | Response | ErrorResponse


_NEEDED: Final = 'a message needs "method", or an "id" with either "result" or "error"'
_ABSENT: Final = msgspec.Raw()
_UNSET: Final = msgspec.UNSET


class _Envelope(msgspec.Struct, kw_only=True):
    """A message as it should be: its params, which may be large, are read with it and not once more."""

    jsonrpc: msgspec.Raw = _ABSENT
    id: msgspec.Raw = _ABSENT
    method: str | msgspec.UnsetType = _UNSET
    params: Params | None = None
    result: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


_decode_envelope: Final = msgspec.json.Decoder(_Envelope).decode
_decode_params: Final = msgspec.json.Decoder(Params).decode
_decode_some_params: Final = msgspec.json.Decoder(Params | None).decode
_decode_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_string: Final = msgspec.json.Decoder(str).decode
_encode: Final = msgspec.json.Encoder().encode


def decode(body: bytes) -> Message:
    """The one message in `body`. The result of a response may nest as deeply as can be read: some hundred levels.

    Raises:
        ParseFailed: the body is not JSON, not UTF-8, or nested deeper than `MAX_DEPTH` and no response with a result.
        InvalidRequest: the body is JSON, but not one JSON-RPC 2.0 message (for a batch see `decode_batch`);
            `ResponseInvalid` where it says which request it means to answer, and with the id of a request where it
            has one.
    """
    _check_utf8(body)
    if len(body) >= WORTHWHILE_BYTES:
        known = known_answer(body)
        if known is not None:
            return Response(*known)
    message = _decode_one(body)
    if not isinstance(message, Response):
        require_depth(body)
    return message


def decode_batch(body: bytes) -> list[Message | RpcError]:
    """The messages of the batch in `body`; in the place of a member that is no message stands its error.

    Raises:
        ParseFailed, InvalidRequest: as `batch_members`.
    """
    messages: list[Message | RpcError] = []
    for member in batch_members(body):
        try:
            messages.append(_decode_one(member))
        except RpcError as error:
            messages.append(error)
    return messages


def batch_members(body: bytes) -> list[bytes]:
    """The raw members of the batch in `body`.

    Raises:
        ParseFailed: the body is not JSON, not UTF-8, or nested deeper than `MAX_DEPTH`.
        InvalidRequest: the body is not an array, or an empty one (JSON-RPC 2.0, section 6), or holds more than
            `MAX_BATCH`.
    """
    check_text(body)
    try:
        members = _decode_list(body)
    except msgspec.ValidationError:
        raise InvalidRequest("the body is not a batch") from None
    except msgspec.DecodeError as fault:
        raise ParseFailed(f"the body is not JSON: {fault}") from None
    if not members:
        raise InvalidRequest("a batch must not be empty")
    if len(members) > MAX_BATCH:  # before any of them is read: a few bytes each would take minutes
        raise InvalidRequest(f"a batch must not hold more than {MAX_BATCH} messages")
    return [bytes(member) for member in members]


def is_batch(body: bytes) -> bool:
    """Whether `body` opens like a JSON array."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["


def _decode_one(body: bytes) -> Message:
    try:
        envelope = _decode_envelope(body)
    except (msgspec.DecodeError, RecursionError):
        return _read_odd(body)
    message_id, name = bytes(envelope.id), envelope.method
    if bytes(envelope.jsonrpc) != b'"2.0"':
        return _read_odd(body)
    if name is not _UNSET:
        return _call(message_id, name, envelope.params)
    result, error = envelope.result, envelope.error
    if not message_id or bool(result) is bool(error):
        return _read_odd(body)
    return Response(message_id, bytes(result)) if result else ErrorResponse(message_id, bytes(error))


def _read_odd(body: bytes) -> Message:
    """As `_decode_one`, of what is no message, or one with a member that stands twice or does not belong there."""
    try:
        found = _decode_params(body)
    except msgspec.ValidationError:
        raise InvalidRequest("the body must be one JSON-RPC object") from None
    except RecursionError:
        raise ParseFailed("the body is nested too deeply to be read") from None
    except msgspec.DecodeError as fault:
        raise ParseFailed(f"the body is not JSON: {fault}") from None
    if bytes(found.get("jsonrpc", b"")) != b'"2.0"':
        raise InvalidRequest('"jsonrpc" must be "2.0"')
    message_id = bytes(found.get("id", b""))
    if "method" not in found:
        result, error = bytes(found.get("result", b"")), bytes(found.get("error", b""))
        if not message_id:
            raise InvalidRequest(_NEEDED)
        if bool(result) == bool(error):
            raise ResponseInvalid(message_id, f"{_NEEDED}; it has {'both' if result else 'neither'}")
        return Response(message_id, result) if result else ErrorResponse(message_id, error)
    _check_id(message_id)
    try:
        name = _decode_string(found["method"])
    except msgspec.DecodeError:
        raise _invalid(message_id, '"method" must be a string') from None
    try:
        params = _decode_some_params(found.get("params", b"null"))
    except msgspec.DecodeError:
        raise _invalid(message_id, '"params" must be an object') from None
    return _call(message_id, name, params)


def _check_id(message_id: bytes) -> None:
    if message_id and message_id[0] not in _ID_STARTS:
        raise InvalidRequest('"id" must be a string or a number')


def _call(message_id: bytes, name: str, params: Params | None) -> Request | Notification:
    _check_id(message_id)
    return Request(message_id, name, params or {}) if message_id else Notification(name, params or {})


def _invalid(message_id: bytes, what: str) -> InvalidRequest:
    refused = InvalidRequest(what)
    refused.request_id = message_id or b"null"
    return refused


def check_text(body: bytes) -> None:
    """Refuse a body that must not be handed on unread.

    Raises:
        ParseFailed: the body is not UTF-8, or nested deeper than `MAX_DEPTH`.
    """
    _check_utf8(body)
    require_depth(body)


def _check_utf8(body: bytes) -> None:
    if not body.isascii() and (fault := first_fault(body)) is not None:
        raise ParseFailed(f"the body is not UTF-8: {fault[1]} at byte {fault[0]}")


def require_depth(body: bytes) -> None:
    """Refuse a body that is nested too deeply for whoever reads all of it.

    Raises:
        ParseFailed: it is nested deeper than `MAX_DEPTH`.
    """
    if is_deeper(body, MAX_DEPTH):
        raise ParseFailed(f"the body is nested deeper than {MAX_DEPTH} levels")


def without_strings(body: bytes) -> bytes:
    """The body without its JSON strings, keys included; an unterminated one reaches to the end."""
    return _STRING.sub(b"", body)


def plain_id(message_id: bytes) -> bytes:
    """The raw id in the spelling of a whole number where it is one, written as a text or with a fraction of zeros.

    Some peers hand the ids of their requests back like that; who has made only whole numbers knows them by this."""
    spelled = _SPELLED_ID.fullmatch(message_id)
    return message_id if spelled is None else spelled[1]


def decode_object(raw: bytes | msgspec.Raw) -> Params:
    """One level of a raw JSON object: decoded keys, raw values.

    Raises:
        msgspec.DecodeError: `raw` is not an object, a key of it is not UTF-8, or it is nested deeper than can be read.
    """
    try:
        return _decode_params(raw)
    except (RecursionError, UnicodeDecodeError) as error:
        raise msgspec.DecodeError(str(error)) from None


def decode_array(raw: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """The raw members of a raw JSON array.

    Raises:
        msgspec.DecodeError: `raw` is not an array, or nested deeper than can be read.
    """
    try:
        return _decode_list(raw)
    except RecursionError as error:
        raise msgspec.DecodeError(str(error)) from None


def decode_string(raw: bytes | msgspec.Raw) -> str:
    """The text of a raw JSON string.

    Raises:
        msgspec.DecodeError: `raw` is not a string.
    """
    return _decode_string(raw)


def encode(value: object) -> bytes:
    """The JSON of any encodable value; `msgspec.Raw` within it is written as it is."""
    return _encode(value)


def encode_raw(value: object) -> msgspec.Raw:
    """The JSON of any encodable value, as a raw value that can be put into `Params`."""
    return msgspec.Raw(_encode(value))


def encode_request(message_id: bytes, method: str, params: Params) -> bytes:
    """The JSON of a request; `message_id` is raw JSON. Empty params are left out."""
    if not params:
        return b'{"jsonrpc":"2.0","id":%b,"method":%b}' % (message_id, _encode(method))
    return b'{"jsonrpc":"2.0","id":%b,"method":%b,"params":%b}' % (message_id, _encode(method), _encode(params))


def encode_notification(method: str, params: Params) -> bytes:
    """The JSON of a notification. Empty params are left out."""
    if not params:
        return b'{"jsonrpc":"2.0","method":%b}' % _encode(method)
    return b'{"jsonrpc":"2.0","method":%b,"params":%b}' % (_encode(method), _encode(params))


def encode_response(message_id: bytes, result: bytes) -> bytes:
    """The JSON of a response; both arguments are raw JSON."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (message_id, result)


def encode_error_response(message_id: bytes, error: bytes) -> bytes:
    """The JSON of an error response; both arguments are raw JSON, `message_id` is `null` if no id could be read."""
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (message_id, error)


def encode_error(code: int, message: str, data: object = None) -> bytes:
    """The JSON of an error object; without `data` where that is None."""
    fields: dict[str, object] = {"code": code, "message": message}
    if data is not None:
        fields["data"] = data
    return _encode(fields)


def on_one_line(message: bytes) -> bytes:
    """The raw message without line breaks, for transports that end a message at one.

    JSON strings hold no raw control characters, so a raw line break can stand only between tokens; left in, what
    follows it would be read as a message of its own.
    """
    if message.find(b"\n") >= 0 or message.find(b"\r") >= 0:
        return message.replace(b"\n", b" ").replace(b"\r", b" ")
    return message
