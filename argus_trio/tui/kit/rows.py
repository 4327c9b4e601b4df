"""A list of rows, of which only those in sight are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import urwid

from argus_trio.tui.kit.cells import Markup, plain
from argus_trio.tui.kit.zone import WidgetSize, ZoneHit, found


class Rows(urwid.Widget):
    """Rows from `top` on; that of the cursor has the attribute `cursor`. `draw` makes the row of a number.

    A click tells the zone and the number of the row.
    """

    _sizing = frozenset([urwid.Sizing.BOX])
    _selectable = False

    def __init__(
        self,
        count: int,
        draw: Callable[[int], Markup],
        *,
        top: int = 0,
        cursor: int | None = None,
        zone: str = "rows",
    ) -> None:
        super().__init__()
        self._count, self._draw, self._top, self._cursor, self._zone = count, draw, top, cursor, zone

    def render(self, size: WidgetSize, focus: bool = False) -> urwid.Canvas:
        """See urwid."""
        columns, height = cast("tuple[int, int]", size)  # it is a box widget: no other size comes
        sight = range(self._top, min(self._top + height, self._count))
        drawn = [(self._row(at).render((columns,)), at, False) for at in sight]
        if len(drawn) < height:
            drawn.append((urwid.SolidCanvas(" ", columns, height - len(drawn)), -1, False))
        return urwid.CanvasCombine(drawn)

    def _row(self, at: int) -> urwid.Widget:
        if at != self._cursor:
            return urwid.Text(self._draw(at), wrap="clip")
        # its own attributes would make holes in the bar of the cursor
        return urwid.AttrMap(urwid.Text(plain(self._draw(at)), wrap="clip"), "cursor")

    def mouse_event(self, size: WidgetSize, event: str, button: int, col: int, row: int, focus: bool) -> bool | None:
        """See urwid."""
        at = self._top + row
        return found(ZoneHit(self._zone, at)) if at < self._count else False
