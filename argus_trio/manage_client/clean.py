"""Text that others wrote, for a terminal: nothing in it acts there, and it is known how wide it is. Sans I/O."""

from __future__ import annotations

import unicodedata
from typing import Final

import wcwidth

_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control and format characters (escapes, marks that reverse the order of text), surrogates and other line ends."""
_JOINER: Final = "\u200d"
"""Joins pictures to one, and changes no order. Behind anything else it hides from wcwidth what stands next, which a
terminal shows all the same."""
_CUT: Final = "…"


def clean(text: str) -> str:
    """A text of several lines, what would act on a terminal written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character in "\n\t" or not _acts(character) else _escaped(character)
        for character in _joined(text.replace("\r\n", "\n"), _escaped(_JOINER))
    )


def one_line(text: str) -> str:
    """A text as one line."""
    return clean(" ".join(text.split()))


def _acts(character: str) -> bool:
    return character != _JOINER and unicodedata.category(character) in _ACTING


def _joined(text: str, escaped: str) -> str:
    """A text whose joiners that join nothing are escaped."""
    if _JOINER not in text:
        return text
    seen = []
    for each in wcwidth.iter_graphemes(text):
        kept = each.rstrip(_JOINER)
        seen += [kept, escaped * (len(each) - len(kept))]
    return "".join(seen)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def json_escaped(text: str) -> str:
    """JSON whose strings hold nothing that would act on a terminal. It means the same."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        f"\\u{ord(character):04x}"
        if ord(character) < 0x10000 and character not in "\n\t" and _acts(character)
        else character
        for character in _joined(text, f"\\u{ord(_JOINER):04x}")
    )


def width(text: str) -> int:
    """How many columns a clean text of one line takes. wcwidth is the only one who says so, here and in urwid: joined
    pictures are one of two columns, and what a character only adds to another takes none."""
    return len(text) if text.isascii() else wcwidth.width(text, control_codes="ignore")


def cut(text: str, columns: int) -> str:
    """A clean text of one line, cut to so many columns; nothing is cut that is seen as one."""
    if width(text) <= columns:
        return text
    return _head(text, columns - 1) + _CUT


def _head(text: str, columns: int) -> str:
    """As much of it as so many columns hold."""
    if text.isascii():
        return text[: max(columns, 0)]
    taken, before = [], ""
    for seen in wcwidth.iter_graphemes(text):
        columns -= width(before + seen) - width(before)  # some take room behind another alone
        if columns < 0:
            break
        taken.append(seen)
        before = seen
    return "".join(taken)


def wrapped(text: str, columns: int) -> list[str]:
    """A clean text of one line as lines of so many columns."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
        while width(line) > columns:
            head = _head(line, columns) or line[:1]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line]


def padded(text: str, columns: int) -> str:
    """A clean text of one line, filled up to so many columns."""
    return text + " " * (columns - width(text))
