"""Large results of tools, read once: the few of their words that concern the gateway are put aside for all who ask.

Anything else is not known, and searched by whoever has to: small results, those of other methods, and what a tool's
result holds beside text, an image or structured content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

WORTHWHILE_BYTES: Final = 4096
"""From which size on a message is looked at for this: a smaller one is searched in no time."""
_MOST_ITEMS: Final = 32
_UNSEEN_BYTES: Final = 200
"""How much may stand in a result that was not given to us, such as spaces."""

_RESULT_LAST: Final = re.compile(
    rb'\{"jsonrpc":"2\.0","id":((?:0|[1-9][0-9]{0,18})|"[^"\\\x00-\x1f]{0,100}"),"result":(?=\{)'
)
_RESULT_FIRST: Final = b'{"result":{'
_BEHIND_RESULT: Final = re.compile(
    rb'(?<=\}),"jsonrpc":"2\.0","id":((?:0|[1-9][0-9]{0,18})|"[^"\\\x00-\x1f]{0,100}")\}\Z'
)
_MOST_BEHIND: Final = 150

_ABSENT: Final = msgspec.Raw()


class KnownResult(bytes):
    """A result that nobody has to search: what it says to the gateway is `words`.

    One that the gateway has made itself, such as a list, says nothing to it, and means the same in both eras.
    """

    words: bytes = b""
    """The members of the result but for its content, as JSON."""


class _Item(msgspec.Struct, forbid_unknown_fields=True, gc=False, rename={"meta": "_meta", "mime": "mimeType"}):
    type: msgspec.Raw = _ABSENT
    text: msgspec.Raw = _ABSENT
    data: msgspec.Raw = _ABSENT
    mime: msgspec.Raw = _ABSENT
    annotations: msgspec.Raw = _ABSENT
    meta: msgspec.Raw = _ABSENT


class _ToolResult(
    msgspec.Struct,
    forbid_unknown_fields=True,
    rename={
        "structured": "structuredContent",
        "is_error": "isError",
        "result_type": "resultType",
        "meta": "_meta",
    },
):
    content: list[_Item] = []
    structured: msgspec.Raw = _ABSENT
    is_error: msgspec.Raw = _ABSENT
    result_type: msgspec.Raw = _ABSENT
    meta: msgspec.Raw = _ABSENT


_decode_tool_result: Final = msgspec.json.Decoder(_ToolResult).decode
_WORDS: Final = (("isError", "is_error"), ("resultType", "result_type"), ("_meta", "meta"))


def own_words(result: bytes) -> bytes:
    """What to search for a member that a result itself has: of a known one its words, else all of it.

    By `find`: for `in` Python first tries whether a word is a number, and makes an error of that each time.
    """
    return result.words if isinstance(result, KnownResult) else result


def known_answer(body: bytes) -> tuple[bytes, KnownResult] | None:
    """The raw id and the result of a response as most SDKs write it, read in one pass; its depth is not measured.

    None for whatever is not known to be one. `body` is valid UTF-8.
    """
    found = _in_envelope(body)
    if found is None:
        return None
    message_id, start, end = found
    result = KnownResult(memoryview(body)[start:end])
    try:
        read = _decode_tool_result(result)
    except (msgspec.DecodeError, RecursionError):
        return None
    if len(read.content) > _MOST_ITEMS or not _is_seen(read, result):
        return None
    words = [b'"%b":%b' % (name.encode(), value) for name, field in _WORDS if len(value := getattr(read, field))]
    result.words = b"{%b}" % b",".join(words)
    return message_id, result


def _in_envelope(body: bytes) -> tuple[bytes, int, int] | None:
    """The raw id, and where the result stands if it is an object."""
    head = _RESULT_LAST.match(body)
    if head is not None:
        return (head[1], head.end(), len(body) - 1) if body[-1:] == b"}" else None
    if not body.startswith(_RESULT_FIRST):
        return None
    tail = _BEHIND_RESULT.search(body, len(body) - _MOST_BEHIND)
    return None if tail is None else (tail[1], len(_RESULT_FIRST) - 1, tail.start())


def _is_seen(read: _ToolResult, result: bytes) -> bool:
    """Whether what was read is all that there is: of a key that stands twice only the last is read."""
    seen = 0
    structs: tuple[_ToolResult | _Item, ...] = (read, *read.content)
    for struct in structs:
        for name, value in _values(struct):
            seen += len(name) + len(value) + len('"":,')
    return len(result) - seen - len('"content":[],') <= _UNSEEN_BYTES


def _values(struct: _Item | _ToolResult) -> Iterator[tuple[str, msgspec.Raw]]:
    for field, name in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        value = getattr(struct, field)
        if isinstance(value, msgspec.Raw) and len(value):
            yield name, value
