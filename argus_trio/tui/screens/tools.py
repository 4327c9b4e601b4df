"""The view of tools, resources and prompts."""

from __future__ import annotations

import urwid

from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.pages.tools import ToolsPage
from argus_trio.tui.state.world import World


def tools(page: ToolsPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The tools that are searched for."""
    shown = page.shown(world)

    def draw(at: int) -> Markup:
        entry = shown[at]
        return row((TextCell(entry.name, 30, "name"), TextCell(entry.description or "", max(columns - 31, 0), "dim")))

    cursor = page.cursor.within(len(shown))
    return Rows(len(shown), draw, top=cursor.top(len(shown), rows), cursor=cursor.at)
