"""Tables: columns with headings that share the room; where it is too little, the least needed are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import attrs
import urwid

from argus_trio import Value
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.parts.cursor import Cursor

TableText = str | tuple[str, str]
"""A text, or an attribute and a text, as in urwid's markup."""


@attrs.frozen(kw_only=True)
class TableColumn(Value):
    """A column: at least so wide, and what it gets of the room that is left."""

    title: str
    columns: int
    share: int = 0
    """Its part of what is left; 0 where it is never wider."""
    drop: int = 0
    """Columns of a higher number are left out first where there is too little room; one of 0 stays."""
    align: Literal["left", "right"] = "left"
    attribute: str = ""
    """That of its texts which name none."""


@attrs.frozen
class TableLayout(Value):
    """Columns and how wide they are here; 0 for one that is left out."""

    columns: tuple[TableColumn, ...]
    widths: tuple[int, ...]

    def heading(self) -> Markup:
        """The line of titles."""
        return self.row(*[("label", column.title) for column in self.columns])

    def row(self, *texts: TableText) -> Markup:
        """One row; a text for each column, those that are left out too."""
        cells = []
        for column, columns, text in zip(self.columns, self.widths, texts, strict=True):
            attribute, said = (column.attribute, text) if isinstance(text, str) else text
            cells.append(TextCell(said, columns, attribute, align=column.align))
        return row(tuple(cells))


def laid_out(columns: Sequence[TableColumn], room: int) -> TableLayout:
    """How wide the columns are in so much room, with one column between each two."""
    left = list(columns)
    while len(left) > 1 and _needed(left) > room:
        least = max(left, key=lambda column: column.drop)
        if not least.drop:
            break
        left.remove(least)
    spare = max(room - _needed(left), 0)
    shares = sum(column.share for column in left)
    widths = []
    for column in columns:
        if not any(each is column for each in left):
            widths.append(0)
            continue
        more = spare * column.share // shares if shares else 0
        spare, shares = spare - more, shares - column.share
        widths.append(column.columns + more)
    return TableLayout(tuple(columns), tuple(widths))


def _needed(columns: Sequence[TableColumn]) -> int:
    return sum(column.columns + 1 for column in columns) - 1


def table(
    layout: TableLayout,
    texts: Callable[[int], Sequence[TableText]],
    count: int,
    *,
    rows: int,
    cursor: Cursor | None = None,
    zone: str = "rows",
) -> urwid.Widget:
    """The headings and so many rows of a list, those around the cursor. A click tells the zone and the number."""
    shown = max(rows - 1, 1)
    place = (cursor or Cursor()).within(count)
    body = Rows(
        count,
        lambda at: layout.row(*texts(at)),
        top=place.top(count, shown),
        cursor=place.at if cursor is not None else None,
        zone=zone,
    )
    return urwid.Frame(body, header=urwid.Text(layout.heading(), wrap="clip"))
