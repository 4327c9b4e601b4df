"""A line of text that is edited, as a widget: its cursor is seen, and it moves sideways where it is too long."""

from __future__ import annotations

import urwid

from argus_trio.manage_client.clean import clean, width
from argus_trio.tui.kit.zone import WidgetSize, ZoneHit, found
from argus_trio.tui.parts.line import EditedLine

_HIDDEN = "*"


class FieldLine(urwid.Widget):
    """An edited line of one row. A secret one shows none of its characters."""

    _sizing = frozenset([urwid.Sizing.FLOW])

    def __init__(
        self, line: EditedLine, *, is_focused: bool = True, is_secret: bool = False, hint: str = "", zone: str = ""
    ) -> None:
        super().__init__()
        self._line, self._is_focused, self._is_secret, self._hint = line, is_focused, is_secret, hint
        self._zone = zone
        self._selectable = is_focused  # containers show the cursor of what can be chosen

    def rows(self, size: tuple[int], focus: bool = False) -> int:
        """See urwid."""
        return 1

    def render(self, size: WidgetSize, focus: bool = False) -> urwid.Canvas:
        """See urwid."""
        (columns,) = size[:1] or (1,)
        shown, at = self.window(columns)
        if not self._line.text and self._hint:
            text = urwid.Text(("dim", self._hint), wrap="clip")
        else:
            text = urwid.Text(shown, wrap="clip")
        name = "input" if self._is_focused else "field"
        canvas = urwid.CompositeCanvas(urwid.AttrMap(text, name).render((columns,)))
        if self._is_focused and focus:
            canvas.cursor = (at, 0)
        return canvas

    def get_cursor_coords(self, size: tuple[int]) -> tuple[int, int] | None:
        """See urwid."""
        return (self.window(size[0])[1], 0) if self._is_focused else None

    def window(self, columns: int) -> tuple[str, int]:
        """What is shown in so many columns, and in which of them the cursor stands."""
        pieces = [_HIDDEN if self._is_secret else _shown(character) for character in self._line.text]
        start = self._line.at
        room = columns - 1 - (1 if start < len(pieces) else 0)
        # as much before the cursor as there is room for, but for a little of what follows
        after = sum(width(piece) for piece in pieces[start : start + columns])
        room -= min(max(after - 1, 0), columns // 4)
        taken = 0
        while start > 0 and taken + width(pieces[start - 1]) <= max(room, 0):
            start -= 1
            taken += width(pieces[start])
        return "".join(pieces[start : start + columns]), min(taken, columns - 1)

    def mouse_event(self, size: WidgetSize, event: str, button: int, col: int, row: int, focus: bool) -> bool | None:
        """See urwid."""
        return found(ZoneHit(self._zone)) if self._zone else False


def _shown(character: str) -> str:
    # a line has one row: what ends a line is shown by a sign of its own
    return {"\n": "↵", "\t": " "}.get(character) or clean(character)
