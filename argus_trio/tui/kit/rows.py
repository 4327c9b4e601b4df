"""A list of rows, of which only those in sight are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import urwid

from argus_trio.tui.kit.cells import Markup


class Rows(urwid.Widget):
    """Rows from `top` on; that of the cursor has the attribute `cursor`. `draw` makes the row of a number."""

    _sizing = frozenset([urwid.Sizing.BOX])
    _selectable = False

    def __init__(self, count: int, draw: Callable[[int], Markup], *, top: int = 0, cursor: int | None = None) -> None:
        super().__init__()
        self._count, self._draw, self._top, self._cursor = count, draw, top, cursor

    def render(self, size: tuple[()] | tuple[int] | tuple[int, int], focus: bool = False) -> urwid.Canvas:
        """See urwid."""
        columns, height = cast("tuple[int, int]", size)  # it is a box widget: no other size comes
        drawn: list[tuple[urwid.Canvas, int, bool]] = []
        for at in range(self._top, min(self._top + height, self._count)):
            text: urwid.Widget = urwid.Text(self._draw(at), wrap="clip")
            if at == self._cursor:
                text = urwid.AttrMap(text, "cursor")
            drawn.append((text.render((columns,)), at, False))
        if len(drawn) < height:
            drawn.append((urwid.SolidCanvas(" ", columns, height - len(drawn)), -1, False))
        return urwid.CanvasCombine(drawn)
