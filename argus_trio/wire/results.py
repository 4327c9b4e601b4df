"""Results in the words of the client's era, whatever era the backend speaks that gave them; bytes to bytes.

A result that need not change passes untouched, and one that only gains members at its front is not decoded.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec

from argus_trio.wire.envelope import Params, Raw, decode_object, decode_string, encode, encode_raw
from argus_trio.wire.members import mentions, object_or_none
from argus_trio.wire.passing.known_result import own_words
from argus_trio.wire.revisions import Era

RESERVED: Final = "io.modelcontextprotocol/"
"""The prefix of `_meta` keys that belong to one hop: what one peer says of itself to the next."""
_RESERVED: Final = RESERVED.encode()
_RESERVED_END: Final = b"protocol/"
"""By which it is searched first: the whole of it is searched ten times as slowly in a text with many an x."""
SERVER_INFO: Final = f"{RESERVED}serverInfo"
"""The `_meta` key of the sender's `Implementation`, in a result."""
_SERVER_INFO: Final = SERVER_INFO.encode()
RELATED_TASK: Final = f"{RESERVED}related-task"
"""The `_meta` key that says which task something is related to."""
_PASSED: Final = frozenset({RELATED_TASK, f"{RESERVED}model-immediate-response"})
"""The reserved keys that say something of the result itself, not of a hop (2025-11-25, Tasks)."""

CACHEABLE: Final = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
    }
)
"""The methods whose complete results must say how long they may be cached (2026-07-28, Caching)."""

_HINTS: Final[tuple[tuple[str, bytes], ...]] = (("ttlMs", b"0"), ("cacheScope", b'"private"'))
_MODERN_WORDS: Final = (b'"resultType"', b'"_meta"', b'"ttlMs"', b'"cacheScope"')
_RESULT_TYPE: Final = "resultType"
_TYPED: Final = b'"resultType"'
_COMPLETE: Final = b'"complete"'


def of_backend(result: bytes, era: Era) -> bytes | None:
    """What a backend of this era answered, fit for looking for words by their bytes; None if it is no object.

    What it says of itself is spelled in plain letters: some write each slash as `\\/`, and any letter may be written as
    `\\u0061`. A legacy backend has no types of results: what it calls so must not be one to a modern client.
    """
    words = own_words(result)
    is_typed = era is Era.LEGACY and words.find(_TYPED) >= 0
    is_escaped = words.find(b"\\") >= 0 and (b"\\u00" in words or b"\\/" in words)
    if not is_typed and not is_escaped:
        return result if result[:1] == b"{" else None
    try:
        members = decode_object(result)
    except msgspec.DecodeError:
        return None
    if era is Era.LEGACY:
        members.pop(_RESULT_TYPE, None)
    elif _RESULT_TYPE in members:
        with suppress(msgspec.DecodeError):  # of another type, which is no word
            members[_RESULT_TYPE] = encode_raw(decode_string(members[_RESULT_TYPE]))
    meta = object_or_none(members.get("_meta"))
    if meta is not None:
        members["_meta"] = encode_raw(meta)
    return encode(members)


def for_modern_client(method: str, result: bytes, server_info: bytes) -> bytes:
    """The result with what 2026-07-28 requires: `resultType`, caching hints, and the gateway's identity in `_meta`.

    `server_info` is the raw JSON of the gateway's `Implementation`. A result that is no object passes as it is.
    """
    if result[:1] != b"{":
        return result
    words = own_words(result)
    if any(words.find(word) >= 0 for word in _MODERN_WORDS):
        return _decorated(method, result, server_info)
    hints = b'"ttlMs":0,"cacheScope":"private",' if method in CACHEABLE else b""
    front = b'{"resultType":"complete",%b"_meta":{"%b":%b}' % (hints, _SERVER_INFO, server_info)
    start = 1
    while result[start : start + 1].isspace():
        start += 1
    comma = b"" if result[start : start + 1] == b"}" else b","
    return b"".join((front, comma, memoryview(result)[start:]))  # what is large is copied once


def for_legacy_client(method: str, result: bytes) -> bytes:
    """The result without the members that only 2026-07-28 knows, if it is in that revision's words."""
    words = own_words(result)
    if not words:  # a list of ours
        return result
    hinted = method in CACHEABLE and (b'"ttlMs"' in words or b'"cacheScope"' in words)
    if not hinted and words.find(_TYPED) < 0 and words.find(_RESERVED_END) < 0:
        return result
    members = object_or_none(result)
    if members is None:
        return result
    foreign: set[str] = set()
    if "resultType" in members or method in CACHEABLE:
        foreign = {"resultType", "ttlMs", "cacheScope"} & members.keys()
    meta = members.get("_meta")
    cleaned = without_reserved(meta) if meta is not None else None
    if not foreign and cleaned is None:
        return result
    rest = {name: value for name, value in members.items() if name not in foreign}
    if cleaned is not None:
        rest["_meta"] = cleaned
        if bytes(cleaned) == b"{}":
            del rest["_meta"]
    return encode(rest)


def is_of_hop(key: str) -> bool:
    """Whether a `_meta` key belongs to one hop: a peer says it to the next, and to nobody behind it."""
    return key.startswith(RESERVED) and key not in _PASSED


def without_reserved(meta: Raw) -> Raw | None:
    """A raw `_meta` object without the keys of the hop; None if it holds none of them, or is no object."""
    if not mentions(meta, _RESERVED):
        return None
    members = object_or_none(meta)
    if members is None:
        return None
    rest = {key: value for key, value in members.items() if not is_of_hop(key)}
    return None if len(rest) == len(members) else Raw(encode(rest))


def _decorated(method: str, result: bytes, server_info: bytes) -> bytes:
    members = object_or_none(result)
    if members is None:
        return result
    for name in (_RESULT_TYPE, *(name for name, _ in _HINTS)):
        if bytes(members.get(name, b"")) == b"null":
            del members[name]
    members.setdefault(_RESULT_TYPE, Raw(_COMPLETE))
    if method in CACHEABLE and bytes(members[_RESULT_TYPE]) == _COMPLETE:
        for name, value in _HINTS:
            members.setdefault(name, Raw(value))
    members["_meta"] = _stamped(members.get("_meta"), server_info)
    return encode(members)


def _stamped(meta: Raw | None, server_info: bytes) -> Raw:
    stamped = {key: value for key, value in (object_or_none(meta) or {}).items() if not is_of_hop(key)}
    stamped[SERVER_INFO] = Raw(server_info)
    return Raw(encode(stamped))


def params_without_reserved(params: Params) -> Params:
    """The params without the keys of the hop in their `_meta`."""
    cleaned = without_reserved(params["_meta"]) if "_meta" in params else None
    return params if cleaned is None else {**params, "_meta": cleaned}
