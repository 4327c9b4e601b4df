"""A table: columns as wide as they have to be, and on a terminal no wider than it is. Sans I/O but for its writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from argus_trio.verbs.show.clean import cut, one_line, padded, width
from argus_trio.verbs.show.terminal import Terminal

GAP: Final = 2
"""Columns between two columns."""
LEAST_COLUMN: Final = 8
"""How narrow a column is cut at most."""


@attrs.frozen
class Cell:
    """One cell, in a colour."""

    text: str
    colour: str | None = None


def write_table(terminal: Terminal, head: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> None:
    """Write a table. Its cells may hold what others wrote."""
    cells = [[each if isinstance(each, Cell) else Cell(each) for each in row] for row in rows]
    cells = [[Cell(one_line(cell.text) or "-", cell.colour) for cell in row] for row in cells]
    widths = [max(width(text) for text in (name, *(row[at].text for row in cells))) for at, name in enumerate(head)]
    widths = fitted(widths, terminal.width)
    _write(terminal, [Cell(name, "bold") for name in head], widths)
    for row in cells:
        _write(terminal, row, widths)


def fitted(widths: Sequence[int], room: int | None) -> list[int]:
    """The widths of columns, the widest ones made narrower until all fit into a room."""
    fitting = list(widths)
    if room is None:
        return fitting
    excess = sum(fitting) + GAP * (len(fitting) - 1) - room
    while excess > 0 and max(fitting) > LEAST_COLUMN:
        widest = max(fitting)
        second = max([each for each in fitting if each < widest], default=LEAST_COLUMN)
        alike = [at for at, each in enumerate(fitting) if each == widest]
        less = max(1, min(widest - max(second, LEAST_COLUMN), -(-excess // len(alike))))
        for at in alike:
            fitting[at] -= less
        excess = sum(fitting) + GAP * (len(fitting) - 1) - room
    return fitting


def _write(terminal: Terminal, row: Sequence[Cell], widths: Sequence[int]) -> None:
    parts = []
    for at, (cell, columns) in enumerate(zip(row, widths, strict=True)):
        shown = cut(cell.text, columns)
        filled = shown if at == len(row) - 1 else padded(shown, columns + GAP)
        parts.append(terminal.painted(filled, cell.colour))
    terminal.line("".join(parts))
