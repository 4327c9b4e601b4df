"""What a widget shows, as lines of text."""

from __future__ import annotations

import urwid


def drawn(widget: urwid.Widget, columns: int, rows: int | None = None) -> list[str]:
    """Its lines, without what is empty at their ends."""
    size = (columns,) if rows is None else (columns, rows)
    return [line.decode().rstrip() for line in widget.render(size, focus=True).text]


def attributes(widget: urwid.Widget, columns: int, rows: int) -> set[object]:
    """Those that are used."""
    content = widget.render((columns, rows)).content()
    return {attribute for row in content for attribute, _, _ in row}
