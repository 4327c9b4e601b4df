"""Text that some libraries break, made readable: half an emoji, invalid UTF-8, a byte order mark.

Whoever cut a text in the middle of an emoji wrote one half of it, as an escape for which there is no character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_HALVES: Final = 64 * 1024
"""How many escapes for halves of characters are looked at, each of which takes a microsecond: 400 KB of emoji. What has
more is left as it is, and refused by whoever reads it."""

_BOM: Final = b"\xef\xbb\xbf"
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_FIRST_HALVES: Final = b"89abAB"
_ESCAPED: Final = ord("\\")
_MARK: Final = rb"\ufffd"


def mend_text(line: bytes) -> bytes:
    """A message made readable: a byte order mark before it is left out, invalid UTF-8 and lone surrogate escapes become
    U+FFFD, the rest stays as it is."""
    line = line.removeprefix(_BOM)
    return _whole(line if line.isascii() else line.decode("utf-8", "replace").encode())


def client_text(body: bytes) -> bytes:
    """What a client sent, made readable: without a byte order mark, and with U+FFFD for half an emoji (`\\ud83d`).

    What is not UTF-8 stays as it is, to be refused.
    """
    text = body.removeprefix(_BOM)
    if b"\\ud" not in text and b"\\uD" not in text:
        return text
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return text
    return _whole(text)


def _whole(text: bytes) -> bytes:
    """The text with U+FFFD in place of each half that lacks the other one."""
    count = text.count(b"\\ud") + text.count(b"\\uD")
    if not 0 < count <= MAX_HALVES:
        return text
    parts, at = [], 0
    for begin in _lone_halves(text):
        parts += [text[at:begin], _MARK]
        at = begin + len(_MARK)
    return b"".join((*parts, text[at:])) if parts else text


def _lone_halves(text: bytes) -> Iterator[int]:
    """Where they begin, in order."""
    first = -1
    for found in _HALF.finditer(text):
        begin = found.start()
        if begin and text[begin - 1] == _ESCAPED and _is_escaped(text, begin):
            continue
        is_second = text[begin + 3] not in _FIRST_HALVES
        if first >= 0:
            if is_second and begin == first + len(_MARK):
                first = -1
                continue
            yield first
        first = -1 if is_second else begin
        if is_second:
            yield begin
    if first >= 0:
        yield first


def _is_escaped(text: bytes, at: int) -> bool:
    """Whether an odd number of backslashes stands right before this place."""
    size = 64
    while True:
        before = text[max(0, at - size) : at]
        run = len(before) - len(before.rstrip(b"\\"))
        if run < len(before) or len(before) == at:
            return run % 2 == 1
        size *= 2
