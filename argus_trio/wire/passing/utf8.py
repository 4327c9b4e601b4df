"""Whether bytes are UTF-8: a large text is decoded block by block, and nothing of it is kept.

As a whole it would be decoded into fresh memory of up to four times its size, which costs more than the look at it.
"""

from __future__ import annotations

from codecs import utf_8_decode
from typing import Final

_BLOCK: Final = 64 * 1024


def first_fault(body: bytes) -> tuple[int, str] | None:
    """Where `body` stops being UTF-8, and why; None if it nowhere does."""
    view, size, at = memoryview(body), len(body), 0
    try:
        while at < size:
            end = at + _BLOCK
            _, read = utf_8_decode(view[at:end], "strict", end >= size)
            at += read
    except UnicodeDecodeError as error:
        return at + error.start, error.reason
    return None
