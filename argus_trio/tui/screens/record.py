"""The view of one thing of a list, in full."""

from __future__ import annotations

import urwid

from argus_trio.manage_client.clean import one_line
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.filtered import typed_filter
from argus_trio.tui.kit.scrolled import ScrolledText
from argus_trio.tui.pages.record import HEAD_ROWS, RecordPage
from argus_trio.tui.state.world import World


def record(page: RecordPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The text from where it is scrolled to, and how much of it is seen."""
    seen = page.place.percent(page.text, columns, rows - HEAD_ROWS)
    whole = not page.place.at and seen >= 100
    head: list[str | tuple[str, str]] = [("title", f" {one_line(page.title)} ")]
    if not whole:
        head.append(("dim", f" {seen} % "))
    head += typed_filter(page.search)
    line: Markup = head
    return urwid.Frame(
        ScrolledText(page.text, page.place, match=page.search.text),
        urwid.Text(line, wrap="clip"),
    )
