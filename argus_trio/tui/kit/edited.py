"""A piece of a line that is edited, in so many columns: by the width of what is seen, with the cursor in sight."""

from __future__ import annotations

from typing import Final

from argus_trio.manage_client.clean import clean, cut, width
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.parts.line import EditedLine
from argus_trio.tui.parts.look import Appearance

_LOOK: Final = Appearance()
"""A single line holds no end of a line, which alone is shown in two ways."""


def edited_piece(text: str, at: int, columns: int, look: Appearance) -> list[str | tuple[str, str]]:
    """The piece around the cursor, which stands before the character `at`."""
    columns = max(columns, 4)
    under = _seen(text[at], look) if at < len(text) else " "
    rest = text[at + 1 : at + 1 + columns]
    behind = _taken(rest, columns // 4, look)
    room = columns - width(under) - width(behind)
    start = at
    before: list[str] = []
    while start > 0 and room - width(seen := _seen(text[start - 1], look)) >= 0:
        room -= width(seen)
        before.insert(0, seen)
        start -= 1
    if start == 0:
        behind = _taken(rest, room + width(behind), look)
    parts: list[str | tuple[str, str]] = [("input", "".join(before)), ("cursor", under), ("input", behind)]
    return [part for part in parts if part[1]]


def edited_line(label: str, line: EditedLine, columns: int) -> Markup:
    """A label and what is typed behind it, in one row of so many columns."""
    return [("label", label), *edited_piece(line.text, line.at, columns - width(label) - 1, _LOOK)]


def shown_piece(text: str, columns: int, look: Appearance) -> str:
    """As much of the begin of a line as there is room for."""
    return cut("".join(_seen(each, look) for each in text[: columns + 1]), columns)


def _taken(text: str, columns: int, look: Appearance) -> str:
    taken = ""
    for each in text:
        seen = _seen(each, look)
        if width(taken) + width(seen) > columns:
            break
        taken += seen
    return taken


def _seen(character: str, look: Appearance) -> str:
    if character == "\n":
        return look.sign("↵", "\\n")
    return " " if character == "\t" else clean(character)
