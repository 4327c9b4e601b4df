"""A text of several lines that is edited, and where its cursor is. Pure, and bounded."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.tui.parts.line import EditedLine

AREA_CHARACTERS: Final = 1_000_000
"""The longest text that is edited here: what is longer comes out of a file, for `argus-trio call NAME -`."""


@attrs.frozen
class EditedText(Value):
    """Lines and the cursor, which stands in the line `row` before the character `column`."""

    lines: tuple[str, ...] = ("",)
    row: int = 0
    column: int = 0

    @classmethod
    def of(cls, text: str) -> EditedText:
        """A text with the cursor at its begin."""
        return cls(tuple(text[:AREA_CHARACTERS].split("\n")))

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    def pressed(self, key: str, page: int = 10) -> EditedText | None:
        """The text after a key; None for one that means nothing here."""
        if key == "enter":
            return self.pasted("\n")
        if key in ("up", "down", "page up", "page down"):
            by = {"up": -1, "down": 1, "page up": -page, "page down": page}[key]
            row = max(0, min(self.row + by, len(self.lines) - 1))
            return EditedText(self.lines, row, min(self.column, len(self.lines[row])))
        if key == "backspace" and self.column == 0 and self.row > 0:
            return self._joined(self.row - 1)
        if key == "delete" and self.column == len(self.lines[self.row]) and self.row < len(self.lines) - 1:
            return self._joined(self.row)
        if key == "left" and self.column == 0 and self.row > 0:
            return EditedText(self.lines, self.row - 1, len(self.lines[self.row - 1]))
        if key == "right" and self.column == len(self.lines[self.row]) and self.row < len(self.lines) - 1:
            return EditedText(self.lines, self.row + 1, 0)
        line = EditedLine(self.lines[self.row], self.column).pressed(key)
        if line is None:
            return None
        return EditedText((*self.lines[: self.row], line.text, *self.lines[self.row + 1 :]), self.row, line.at)

    def pasted(self, text: str) -> EditedText:
        """The text with another one at the cursor; what is too long is left out."""
        room = max(AREA_CHARACTERS - sum(len(line) + 1 for line in self.lines), 0)
        added = text.replace("\r\n", "\n").replace("\r", "\n")[:room].split("\n")
        before, behind = self.lines[self.row][: self.column], self.lines[self.row][self.column :]
        column = len(added[-1]) if len(added) > 1 else self.column + len(added[0])
        added[0] = before + added[0]
        added[-1] += behind
        row = self.row + len(added) - 1
        return EditedText((*self.lines[: self.row], *added, *self.lines[self.row + 1 :]), row, column)

    def _joined(self, row: int) -> EditedText:
        first, second = self.lines[row], self.lines[row + 1]
        return EditedText((*self.lines[:row], first + second, *self.lines[row + 2 :]), row, len(first))
