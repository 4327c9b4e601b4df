"""Whether a pattern of a schema can be tried: it is another's, and some of them try for ever. Pure.

What is refused here is only not tried; the server tries it. So a pattern is refused unless it is plain that it is
quick.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST_PATTERN: Final = 1000
"""The longest pattern that is tried, in characters."""
MOST_TRIES: Final = 10_000_000
"""How many steps a pattern may need at worst: its repetitions multiply."""
_FEW: Final = 4
"""A group of repetitions may be repeated so often."""
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[0-9]+(?:,[0-9]*)?\}|.", re.DOTALL)


def is_quick(pattern: object, length: int) -> bool:
    """Whether a pattern is one, and surely quick with a text of this length."""
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        return False
    if _repeats_repetitions(pattern):
        return False
    if _choices(pattern, max(length, 1)) > MOST_TRIES:
        return False
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _choices(pattern: str, length: int) -> int:
    """In how many ways a text of this length may be tried at worst."""
    ways, groups = length, [1]
    for piece in _PIECE.findall(pattern):
        if piece == "(":
            groups.append(1)
        elif piece == "|":
            groups[-1] += 1
        elif piece == ")" and len(groups) > 1:
            ways *= groups.pop()
        elif piece == "?":
            ways *= 2
        elif piece in ("*", "+") or (len(piece) > 2 and piece[0] == "{" and "," in piece):
            ways *= length
        if ways > MOST_TRIES:
            return ways
    return ways * groups[0]


def _repeats_repetitions(pattern: str) -> bool:
    """Whether a group is repeated that can match the same text in several ways."""
    groups, closed = [False], False
    """Of each open group whether there is a choice in it; and of the one that was just closed."""
    for piece in _PIECE.findall(pattern):
        most = _most(piece)
        if closed and most > _FEW:
            return True
        closed = False
        if piece == "(":
            groups.append(False)
        elif piece == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] = groups[-1] or closed
        elif most or piece == "|":
            groups[-1] = True
    return False


def _most(piece: str) -> int:
    """How often a quantifier repeats at most; 0 for what is none."""
    if piece in ("*", "+"):
        return 1 << 30
    if piece == "?":
        return 1
    if len(piece) > 2 and piece[0] == "{":
        _, comma, most = piece[1:-1].partition(",")
        return int((most or "1073741824") if comma else piece[1:-1])
    return 0
