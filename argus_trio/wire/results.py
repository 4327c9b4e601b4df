"""A result in the words of the client's era, whatever era the backend that gave it speaks; bytes to bytes.

What need not change passes untouched, and what only gains members at its front is not decoded.
"""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.wire.envelope import Params, Raw, decode_object, encode

RESERVED: Final = "io.modelcontextprotocol/"
"""`_meta` keys that belong to the hop: what one peer says of itself to the next."""
_RESERVED: Final = RESERVED.encode()
SERVER_INFO: Final = f"{RESERVED}serverInfo"
_SERVER_INFO: Final = SERVER_INFO.encode()
RELATED_TASK: Final = f"{RESERVED}related-task"
_PASSED: Final = frozenset({RELATED_TASK, f"{RESERVED}model-immediate-response"})
"""Reserved keys that say something of the result itself, not of a hop (2025-11-25, Tasks)."""

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
"""Methods whose complete results must say how long they may be kept (2026-07-28, Caching)."""

_HINTS: Final[tuple[tuple[str, bytes], ...]] = (("ttlMs", b"0"), ("cacheScope", b'"private"'))
_COMPLETE: Final = b'"complete"'


def for_modern_client(method: str, result: bytes, server_info: bytes) -> bytes:
    """`result` with what 2026-07-28 requires: `resultType`, caching hints where they belong, `_meta` with our identity.

    `server_info` is the raw JSON of the gateway's `Implementation`. What is no object passes as it is.
    """
    if result[:1] != b"{":
        return result
    if b'"resultType"' in result or b'"_meta"' in result or b'"ttlMs"' in result or b'"cacheScope"' in result:
        return _decorated(method, result, server_info)
    hints = b'"ttlMs":0,"cacheScope":"private",' if method in CACHEABLE else b""
    front = b'{"resultType":"complete",%b"_meta":{"%b":%b}' % (hints, _SERVER_INFO, server_info)
    rest = result[1:].lstrip(b" \t\r\n")
    return front + (rest if rest[:1] == b"}" else b"," + rest)


def for_legacy_client(method: str, result: bytes) -> bytes:
    """`result` without what only 2026-07-28 knows, if it is in that revision's words."""
    hinted = method in CACHEABLE and (b'"ttlMs"' in result or b'"cacheScope"' in result)
    if not hinted and b'"resultType"' not in result and _RESERVED not in result:
        return result
    try:
        members = decode_object(result)
    except msgspec.DecodeError:
        return result
    foreign: set[str] = set()
    if "resultType" in members or method in CACHEABLE:
        foreign = {"resultType", "ttlMs", "cacheScope"} & members.keys()
    meta = members.get("_meta")
    kept = without_reserved(meta) if meta is not None else None
    if not foreign and (meta is None or kept is None):
        return result
    left = {name: value for name, value in members.items() if name not in foreign}
    if kept is not None:
        left["_meta"] = kept
        if bytes(kept) == b"{}":
            del left["_meta"]
    return encode(left)


def is_of_hop(key: str) -> bool:
    """Whether a `_meta` key is said by one peer to the next, and to nobody behind it."""
    return key.startswith(RESERVED) and key not in _PASSED


def without_reserved(meta: Raw) -> Raw | None:
    """A raw `_meta` object without the hop's own keys; None if it holds none of them, or is no object."""
    if _RESERVED not in bytes(meta):
        return None
    try:
        members = decode_object(meta)
    except msgspec.DecodeError:
        return None
    left = {key: value for key, value in members.items() if not is_of_hop(key)}
    return None if len(left) == len(members) else Raw(encode(left))


def _decorated(method: str, result: bytes, server_info: bytes) -> bytes:
    try:
        members = decode_object(result)
    except msgspec.DecodeError:
        return result
    members.setdefault("resultType", Raw(_COMPLETE))
    if method in CACHEABLE and bytes(members["resultType"]) == _COMPLETE:
        for name, value in _HINTS:
            members.setdefault(name, Raw(value))
    members["_meta"] = _stamped(members.get("_meta"), server_info)
    return encode(members)


def _stamped(meta: Raw | None, server_info: bytes) -> Raw:
    members: Params = {}
    if meta is not None:
        try:
            members = decode_object(meta)
        except msgspec.DecodeError:
            members = {}
    kept = {key: value for key, value in members.items() if not is_of_hop(key)}
    kept[SERVER_INFO] = Raw(server_info)
    return Raw(encode(kept))


def params_without_reserved(params: Params) -> Params:
    """Params whose `_meta` has none of the keys by which one peer tells the next of itself."""
    kept = without_reserved(params["_meta"]) if "_meta" in params else None
    return params if kept is None else {**params, "_meta": kept}
