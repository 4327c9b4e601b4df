"""A line of text that is edited, and where its cursor is. Pure."""

from __future__ import annotations

import attrs

from argus_trio import Value


@attrs.frozen
class EditedLine(Value):
    """A line and its cursor, which stands before the character of that number."""

    text: str = ""
    at: int = attrs.field(default=attrs.Factory(lambda self: len(self.text), takes_self=True))

    def pressed(self, key: str) -> EditedLine | None:
        """The line after a key; None for one that edits nothing."""
        text, at = self.text, self.at
        if len(key) == 1 and key.isprintable():
            return EditedLine(text[:at] + key + text[at:], at + 1)
        if key == "backspace":
            return EditedLine(text[: max(at - 1, 0)] + text[at:], max(at - 1, 0))
        if key == "delete":
            return EditedLine(text[:at] + text[at + 1 :], at)
        if key in ("left", "right"):
            return EditedLine(text, max(0, min(at + (1 if key == "right" else -1), len(text))))
        if key in ("home", "ctrl a"):
            return EditedLine(text, 0)
        if key in ("end", "ctrl e"):
            return EditedLine(text, len(text))
        if key == "ctrl u":
            return EditedLine(text[at:], 0)
        return None
