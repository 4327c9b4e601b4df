"""The messages in what a peer said where it is no message as it stands, read as far as it can mean one thing only.

It may be a batch, have broken text or null members, or hold several messages, or one amid other text. What cannot be
read is an error that says whose answer it means to be, where that can be known. All of this costs time: who reads asks
`envelope.decode` first.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

import attrs

from argus_trio import Value
from argus_trio.errors import InvalidRequest, ParseFailed, ResponseInvalid, RpcError
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Raw,
    Response,
    batch_members,
    decode,
    encode,
    is_batch,
    without_strings,
)
from argus_trio.wire.members import object_or_none, without_nulls
from argus_trio.wire.outline import KEPT_BYTES, outline
from argus_trio.wire.passing.mending import mend_text

MAX_SEARCHED_BYTES: Final = 1024 * 1024
"""Up to which size a text that is no message is searched: that takes fifty times as long as reading a message does. Of
a larger one is known what stands at its beginning."""
MAX_STARTS: Final = 64
"""How many braces are tried as the beginning of a message: a text that holds many is no text around one."""

_STARTS: Final = re.compile(rb'\{\s*"(?:jsonrpc|id|result|error)"\s*:')
_BROKEN: Final = "it is not JSON"
_MARK: Final = b'"jsonrpc"'
_NO_NUMBER: Final = re.compile(rb"(?:^|[\[:,{])\s*(-?Infinity|NaN)\b")


@attrs.frozen(kw_only=True)
class Reading(Value):
    """What was read; in the place of a message that cannot be read stands its error.

    The error is a `ResponseInvalid` where it means to be an answer, with the id `null` where that is not known.
    """

    messages: list[Message | RpcError]
    oddity: str = ""
    """What is wrong with a text that was read all the same, and should not have to be."""
    is_amid_text: bool = False
    """Whether other text stood around what was read, which then holds answers alone."""


def read(data: bytes) -> Reading:
    """The messages in `data`."""
    try:
        return Reading(messages=[decode(data)])
    except RpcError as fault:
        return read_odd(data, fault)


def read_odd(data: bytes, fault: RpcError) -> Reading:
    """The messages in `data`, which `decode` has refused with `fault`."""
    text = mend_text(data)
    try:
        return Reading(messages=_batch(text) if is_batch(text) else [_one(text)])
    except ResponseInvalid as invalid:
        return Reading(messages=[invalid])
    except RpcError as found:
        fault = found
    return _amid(text) or Reading(messages=[_addressed(text, fault)])


def _batch(text: bytes) -> list[Message | RpcError]:
    return [_one_or_fault(member) for member in batch_members(text)]


def _one_or_fault(text: bytes) -> Message | RpcError:
    try:
        return _one(text)
    except RpcError as fault:
        return fault


def _one(text: bytes) -> Message:
    """The message in `text`, in which null may stand for what is absent.

    Raises:
        RpcError: as `decode`.
    """
    try:
        return decode(text)
    except InvalidRequest as fault:
        members = object_or_none(text) or {}
        kept = without_nulls(members)
        if "error" in kept and "method" not in kept:
            kept.setdefault("id", Raw(b"null"))  # JSON-RPC 2.0 has null there, MCP lets it be left out
        if kept == members:
            raise
        try:
            return decode(encode(kept))
        except RpcError:
            raise fault from None


def _amid(text: bytes) -> Reading | None:
    """What stands in a text of several messages, or of other things too: then answers alone, for what else is found
    there may be a log that quotes a message. None if there is nothing that can be read without a doubt."""
    if _MARK not in text:
        return None
    found, is_amid_text = _suffix(text), True
    if not found and len(text) <= MAX_SEARCHED_BYTES:
        found, is_amid_text = _all_in(text)
    if is_amid_text:
        found = [message for message in found if isinstance(message, Response | ErrorResponse | ResponseInvalid)]
    if not found:
        return None
    oddity = "other text stands around it" if is_amid_text else "several messages stand where one should"
    return Reading(messages=found, oddity=oddity, is_amid_text=is_amid_text)


def _suffix(text: bytes) -> list[Message | RpcError]:
    """The one message that a text ends in; nothing if there is none, or the text itself begins with it."""
    start = _STARTS.search(text)
    if start is None or not start.start():
        return []
    try:
        return [decode(text[start.start() :])]
    except ResponseInvalid as invalid:
        return [invalid]
    except RpcError:
        return []


def _all_in(text: bytes) -> tuple[list[Message | RpcError], bool]:
    """All messages in a text, and whether it holds anything else; no messages if one of them cannot be read."""
    characters = text.decode("utf-8", "replace")
    messages: list[Message | RpcError] = []
    has_others, place = False, 0
    for _ in range(MAX_STARTS):
        start = characters.find("{", place)
        has_others |= bool(characters[place : start if start >= 0 else None].strip())
        if start < 0:
            break
        try:
            _, end = _scanner.raw_decode(characters, start)
            messages.append(decode(characters[start:end].encode()))
            place = end
        except ResponseInvalid as invalid:
            messages.append(invalid)
            place = end
        except RpcError:
            has_others, place = True, end
        except (ValueError, RecursionError):
            rest = characters[start:].encode()
            if _STARTS.match(rest):  # what stands within a message that cannot be read is none
                return [*messages, _addressed(rest, ParseFailed(_BROKEN))] if messages else [], has_others
            has_others, place = True, start + 1
    return messages, has_others


def _addressed(text: bytes, fault: RpcError) -> RpcError:
    """The fault, and whose answer it is if the text means to be one."""
    start = text.find(b"{")
    if start < 0 or _MARK not in text:
        return fault
    body = text[start:]
    bare = without_strings(body) if len(body) <= MAX_SEARCHED_BYTES else b""
    is_whole = bool(bare) and bare.count(b"{") == bare.count(b"}") and bare.count(b"[") == bare.count(b"]")
    known = outline(body[:KEPT_BYTES], body[-KEPT_BYTES:] if is_whole else b"")
    if not known.is_answer:
        return fault
    no_number = _NO_NUMBER.search(bare)
    what = f"it holds {no_number[1].decode()}, which JSON does not have" if no_number else fault.message
    return ResponseInvalid(known.id or b"null", f"its answer cannot be read: {what}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_scanner: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=str, parse_float=str)
"""Says where a JSON value ends, which msgspec does not; what it makes of the value is not used."""
