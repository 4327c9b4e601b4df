"""Members of a JSON object of which one level is decoded: each read as one type, None where it is absent or another.

This is for members that may be missing, and those of a client's messages that may be null instead. Who has to refuse a
malformed one uses `envelope.decode_string` and the like.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec

from argus_trio.errors import InvalidRequest, ParseFailed, RpcError
from argus_trio.wire.envelope import (
    Message,
    Notification,
    Params,
    Raw,
    Request,
    Response,
    batch_members,
    decode,
    decode_object,
    decode_string,
    encode,
    require_depth,
)
from argus_trio.wire.passing.mending import client_text

MAX_ID_BYTES: Final = 4096
"""The longest id of a request and progress token that is taken: both are repeated in all that belongs to the request,
and held as long as it runs. A hundred times what any library makes."""
MAX_NAME_BYTES: Final = 8192
"""The longest name of a method, tool, prompt or task, and the longest URI: as long as HTTP servers take URLs."""

_decode_int: Final = msgspec.json.Decoder(int).decode
_decode_float: Final = msgspec.json.Decoder(float).decode
_NULL: Final = Raw(b"null")
_EMPTY: Final = Raw(b'""')
_NO_MEMBERS: Final = Raw(b"[]")
_NOTHING: Final = (_NULL, _EMPTY)
_CALLS: Final = (Request, Notification)
_LONGEST: Final = len(_NULL)
_MAY_BE_NULL: Final = frozenset(
    (
        *("_meta", "arguments", "capabilities", "clientInfo", "context", "cursor"),
        *("inputResponses", "message", "requestState", "task", "total"),
    )
)
"""The members of params that a client may leave out; some libraries write null for what is not there, and "" for the
cursor of a first page."""
_SPECIFIED: Final = (
    "initialize",
    "tools/",
    "prompts/",
    "resources/",
    "completion/",
    "tasks/",
    "notifications/progress",
)
"""How the methods begin whose params are specified to have those members. Of any other method null may mean null."""

_NAMING: Final = ("tools/", "prompts/", "resources/", "tasks/")
"""How the methods begin whose params name something by these members."""
_NAMES: Final = ("name", "uri", "taskId")
_TOKENS: Final = ("progressToken", "requestId")


class TooLong(InvalidRequest):
    """An id, a progress token, a name or a URI of a client is too long to be kept and repeated.

    Its `request_id` is `null` where that is what is too long.
    """

    def __init__(self, what: str, size: int, limit: int, *, message_id: bytes = b"null") -> None:
        super().__init__(f"{what} is {size} bytes long; {limit} are the most")
        self.request_id = message_id


def string_member(fields: Params, name: str) -> str | None:
    """The string that is the member `name`; None if it is absent or no string."""
    raw = fields.get(name)
    try:
        return None if raw is None else decode_string(raw)
    except msgspec.DecodeError:
        return None


def int_member(fields: Params, name: str) -> int | None:
    """The whole number that is the member `name`; None if it is absent or no whole number."""
    raw = fields.get(name)
    try:
        return None if raw is None else _decode_int(raw)
    except msgspec.DecodeError:
        return None


def number_member(fields: Params, name: str) -> float | None:
    """The number that is the member `name`; None if it is absent or no number."""
    raw = fields.get(name)
    try:
        return None if raw is None else _decode_float(raw)
    except msgspec.DecodeError:
        return None


def object_member(fields: Params, name: str) -> Params | None:
    """One level of the object that is the member `name`; None if it is absent or no object."""
    return object_or_none(fields.get(name))


def mentions(raw: Raw, word: bytes) -> bool:
    """Whether a raw value may hold this word somewhere, in whatever spelling; False is certain."""
    text = bytes(raw)
    return text.find(word) >= 0 or text.find(b"\\") >= 0


def has_member(raw: Raw | None, name: str) -> bool:
    """Whether a raw value is an object with this member, in whatever spelling."""
    return raw is not None and mentions(raw, name.encode()) and name in (object_or_none(raw) or {})


def without_nulls(fields: Params) -> Params:
    """The members whose value is not null, by which some peers say that there is none."""
    return {name: value for name, value in fields.items() if bytes(value) != b"null"}


def object_or_none(raw: Raw | bytes | None) -> Params | None:
    """One level of a raw JSON object; None if `raw` is None or no object."""
    try:
        return None if raw is None else decode_object(raw)
    except msgspec.DecodeError:
        return None


def decode_client(body: bytes) -> Message:
    """As `decode`, of what a client sent: what can mean one thing only is read as that.

    A member that is null counts as absent where it may be; text is read as `client_text` has it.

    Raises:
        ParseFailed, InvalidRequest: as `decode`; `TooLong` as well.
    """
    try:
        message = decode(body)
    except (ParseFailed, InvalidRequest):
        message = decode(_without_null_members(client_text(body)))
    if isinstance(message, Response):
        require_depth(body)  # it goes to a backend, whose other clients must not suffer from it
    if len(body) > MAX_ID_BYTES:
        _require_lengths(message)
    if isinstance(message, _CALLS):
        for name, value in message.params.items():  # the body may be large, and is not searched once more
            is_null = len(value) <= _LONGEST and value in _NOTHING
            if is_null or (name == "_meta" and b"null" in bytes(value)):
                _drop_null_params(message)
                break
    return message


def decode_client_batch(body: bytes) -> list[Message | RpcError]:
    """As `decode_batch`, with each member read as `decode_client` reads it."""
    messages: list[Message | RpcError] = []
    for member in batch_members(client_text(body)):
        try:
            messages.append(decode_client(member))
        except RpcError as error:
            messages.append(error)
    return messages


def _require_lengths(message: Message) -> None:
    """Refuse what is too long; raises `TooLong`."""
    message_id = b"null" if isinstance(message, Notification) else message.id
    if len(message_id) > MAX_ID_BYTES:
        raise TooLong("id", len(message_id), MAX_ID_BYTES)
    if not isinstance(message, _CALLS):
        return
    if len(message.method) > MAX_NAME_BYTES:
        raise TooLong("method", len(message.method), MAX_NAME_BYTES, message_id=message_id)
    meta = object_member(message.params, "_meta") or {}
    bounded = [("_meta." + name, meta, name, MAX_ID_BYTES) for name in _TOKENS[:1]]
    if message.method.startswith("notifications/"):
        bounded += [(name, message.params, name, MAX_ID_BYTES) for name in _TOKENS]
    elif message.method.startswith(_NAMING):
        bounded += [(name, message.params, name, MAX_NAME_BYTES) for name in _NAMES]
    for path, members, name, limit in bounded:
        size = len(members.get(name, b""))
        if size > limit:
            raise TooLong(f"params.{path}", size, limit, message_id=message_id)


def _without_null_members(body: bytes) -> bytes:
    """The message without what stands for nothing: a null as the id of a notification, as a result or error beside the
    other, or params that are an empty array, as PHP writes an object without members."""
    try:
        fields = decode_object(body)
    except (msgspec.DecodeError, RecursionError):
        return body
    nulls = {name for name in ("id", "result", "error") if fields.get(name) == _NULL}
    if "id" in nulls and (string_member(fields, "method") or "").startswith("notifications/"):
        del fields["id"]
    elif fields.get("params") == _NO_MEMBERS:
        del fields["params"]
    elif len(nulls & {"result", "error"}) == 1 and "result" in fields and "error" in fields:
        del fields[(nulls & {"result", "error"}).pop()]
    return encode(fields)


def _drop_null_params(message: Request | Notification) -> None:
    params = message.params
    if message.method.startswith(_SPECIFIED):
        for name in _MAY_BE_NULL & params.keys():
            if params[name] == _NULL or (name == "cursor" and params[name] == _EMPTY):
                del params[name]
    elif params.get("_meta") == _NULL:
        del params["_meta"]
    if b"null" in bytes(params.get("_meta", b"")):
        with suppress(msgspec.DecodeError):  # of another type: whoever reads it says so
            meta = decode_object(params["_meta"])
            if meta.get("progressToken") == _NULL:
                del meta["progressToken"]
                params["_meta"] = Raw(encode(meta))
