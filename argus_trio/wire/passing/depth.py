"""How deeply a JSON text nests, without reading it: large arguments and long lists pass here byte by byte, and no more.

What is no JSON may seem deeper or flatter than it is: it is refused by whoever reads it.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from operator import add
from typing import Final

_BITS: Final = bytes.maketrans(b"[{]}", b"1100")
_NOT_KEPT: Final = bytes(sorted(set(range(256)) - set(b'"[]{}')))
_NOT_ESCAPED: Final = bytes(sorted(set(range(256)) - set(b'"[]{}\\/bfnrtu')))
"""What follows no backslash, and is no bracket: without it there is less to search, and no escape is taken apart."""
_SHORT: Final = 2048
_BLOCK: Final = 8
"""How many brackets are in one byte, an opening one as 1 and a closing one as 0."""
_WORD: Final = 8
"""How many of these bytes are looked at together, where that is enough to know."""


def _sum_of(block: int) -> int:
    return 2 * block.bit_count() - _BLOCK


def _peak_of(block: int) -> int:
    steps = (1 if block >> place & 1 else -1 for place in reversed(range(_BLOCK)))
    return max(0, *accumulate(steps))


_SUMS: Final = bytes(_sum_of(block) & 0xFF for block in range(256))
"""By how much the depth differs behind each block from that before it."""
_PEAKS: Final = bytes(_peak_of(block) for block in range(256))
"""By how much the depth is greater at most within each block than before it."""


def is_deeper(text: bytes, limit: int) -> bool:
    """Whether the arrays and objects of a JSON text nest deeper than `limit`, in time linear in its length."""
    if len(text) <= limit or not _opens_often(text, limit):
        return False
    blocks = _blocks(_brackets(text))
    steps = (2 * word.bit_count() - _WORD * _BLOCK for word in array("Q", blocks))
    deepest = max(accumulate(steps, initial=0))
    within = _WORD * _BLOCK // 2  # between two of them it is not deeper than half a word more
    if deepest > limit or deepest + within <= limit:
        return deepest > limit
    ends = array("b", blocks.translate(_SUMS))
    return max(map(add, accumulate(ends, initial=0), blocks.translate(_PEAKS)), default=0) > limit


def _opens_often(text: bytes, limit: int) -> bool:
    """Whether more than `limit` brackets open, those in strings included: as a rule there are few, or many at once."""
    if len(text) < _SHORT:  # `count` looks at each byte, `replace` goes from one to the next
        return 2 * len(text) - len(text.replace(b"{", b"")) - len(text.replace(b"[", b"")) > limit
    if text.count(b"{", 0, _SHORT) + text.count(b"[", 0, _SHORT) > _SHORT // 64:  # there are many: no need to find them
        return True
    left = limit
    for bracket in (b"{", b"["):
        place = text.find(bracket)
        while place >= 0:
            left -= 1
            if left < 0:
                return True
            place = text.find(bracket, place + 1)
    return False


def _brackets(text: bytes) -> bytes:
    """The brackets outside of strings: `1` for each that opens, `0` for each that closes."""
    if b"\\" in text:
        text = text.translate(None, _NOT_ESCAPED).replace(b"\\\\", b"").replace(b'\\"', b"")
    kept = text.translate(_BITS, _NOT_KEPT)
    bare = kept.translate(None, b'"')
    if 2 * kept.count(b'""') == len(kept) - len(bare):  # no bracket stands between two quotes that are a string's
        return bare
    return b"".join(kept.replace(b'""', b"").split(b'"')[::2])


def _blocks(brackets: bytes) -> bytes:
    if not brackets:
        return b""
    words = -(-len(brackets) // (_WORD * _BLOCK))
    return int(brackets.ljust(words * _WORD * _BLOCK, b"0"), 2).to_bytes(words * _WORD, "big")
