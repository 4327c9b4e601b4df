"""The view of the overview."""

from __future__ import annotations

import urwid

from argus_trio.tui.kit.bars import sparkline
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.pages.overview import OverviewPage
from argus_trio.tui.state.world import World


def overview(page: OverviewPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The backends and how they stand."""
    backends = tuple(world.backends.values())

    def draw(at: int) -> Markup:
        entry = backends[at]
        figure = world.figure(entry.name)
        line = sparkline(world.latencies.get(entry.name, ()), 12, is_unicode=world.look.is_unicode)
        return row(
            (
                TextCell(entry.name, 20, "name"),
                TextCell(entry.state, 14, "good" if entry.state == "ready" else "warn"),
                TextCell(entry.type, 8, "dim"),
                TextCell(str(entry.capabilities.tools), 5, align="right"),
                TextCell(f"{figure.per_second:.1f}/s" if figure else "", 8, align="right"),
                TextCell(line, 12, "bar"),
            )
        )

    cursor = page.cursor.within(len(backends))
    return Rows(len(backends), draw, top=cursor.top(len(backends), rows), cursor=cursor.at)
