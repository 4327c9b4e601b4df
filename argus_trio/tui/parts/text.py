"""A text of several lines that is edited, and where its cursor is. Pure."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.tui.parts.line import EditedLine

TEXT_CHARACTERS: Final = 256 * 1024
"""The most that is typed or pasted into one text; what is beyond is not taken."""


@attrs.frozen
class EditedText:
    """Lines, and the one in which the cursor stands; there is always one."""

    lines: tuple[str, ...] = ("",)
    row: int = 0
    at: int = 0

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    def pressed(self, key: str) -> EditedText | None:
        """The text after a key; None for one that edits nothing."""
        if key == "enter":
            return self.inserted("\n")
        if key in ("up", "down"):
            row = self.row + (1 if key == "down" else -1)
            return self._to(row, self.at) if 0 <= row < len(self.lines) else None
        if key == "backspace" and self.at == 0:
            return self._joined(self.row - 1) if self.row else self
        if key == "delete" and self.at == len(self.lines[self.row]):
            return self._joined(self.row) if self.row + 1 < len(self.lines) else self
        if key == "left" and self.at == 0 and self.row:
            return self._to(self.row - 1, len(self.lines[self.row - 1]))
        if key == "right" and self.at == len(self.lines[self.row]) and self.row + 1 < len(self.lines):
            return self._to(self.row + 1, 0)
        line = EditedLine(self.lines[self.row], self.at).pressed(key)
        if line is None or (len(line.text) > len(self.lines[self.row]) and len(self.text) >= TEXT_CHARACTERS):
            return None if line is None else self
        return EditedText((*self.lines[: self.row], line.text, *self.lines[self.row + 1 :]), self.row, line.at)

    def inserted(self, text: str) -> EditedText:
        """The text with another one where the cursor stands, as far as there is room for it."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")[: max(TEXT_CHARACTERS - len(self.text), 0)]
        line = self.lines[self.row]
        new = (line[: self.at] + text + line[self.at :]).split("\n")
        row = self.row + text.count("\n")
        at = len(text.rpartition("\n")[2]) + (0 if "\n" in text else self.at)
        return EditedText((*self.lines[: self.row], *new, *self.lines[self.row + 1 :]), row, at)

    def _to(self, row: int, at: int) -> EditedText:
        return EditedText(self.lines, row, min(at, len(self.lines[row])))

    def _joined(self, row: int) -> EditedText:
        """The line of that number and the one after it as one."""
        first, second = self.lines[row], self.lines[row + 1]
        return EditedText((*self.lines[:row], first + second, *self.lines[row + 2 :]), row, len(first))
