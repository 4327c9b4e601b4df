"""A table: columns as wide as they have to be, and on a terminal no wider than it is: what matters least is left out
there, and what stands last is cut or goes on in lines of its own. Sans I/O but for its writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.manage_client.clean import cut, one_line, padded, width, wrapped
from argus_trio.verbs.show.terminal import Terminal

GAP: Final = 2
"""Columns between two columns."""
LEAST_COLUMN: Final = 8
"""How narrow a column is cut at most."""
USEFUL_COLUMN: Final = 24
"""How wide a column has to be for what is long: narrower, columns that matter less make room for it."""


@attrs.frozen
class Cell(Value):
    """One cell, in a colour."""

    text: str
    colour: str | None = None


def write_table(
    terminal: Terminal,
    head: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    none: str,
    spare: Sequence[str] = (),
    is_whole: bool = False,
) -> None:
    """Write a table, whose cells may hold what others wrote, or tell that there is `none`.

    The first column is what other commands are given, and is cut last; those of `spare` are left out where the terminal
    is too narrow, the first of them first. `is_whole` has what stands last go on in lines of its own.
    """
    if not rows:
        terminal.note(none)
        return
    cells = [[each if isinstance(each, Cell) else Cell(each) for each in row] for row in rows]
    cells = [[Cell(one_line(cell.text) or "-", cell.colour) for cell in row] for row in cells]
    widths = [max(width(text) for text in (name, *(row[at].text for row in cells))) for at, name in enumerate(head)]
    kept = kept_columns(head, widths, spare, terminal.width)
    fitting = fitted([widths[at] for at in kept], terminal.width)
    _write(terminal, [Cell(head[at], "bold") for at in kept], fitting)
    for row in cells:
        _write(terminal, [row[at] for at in kept], fitting, is_whole=is_whole)


def kept_columns(head: Sequence[str], widths: Sequence[int], spare: Sequence[str], room: int | None) -> list[int]:
    """Which columns there is room for."""
    kept = list(range(len(head)))
    for name in spare:
        needed = sum(widths[at] if at == 0 else min(widths[at], USEFUL_COLUMN) for at in kept)
        if room is None or needed + GAP * (len(kept) - 1) <= room:
            break
        kept.remove(head.index(name))
    return kept


def fitted(widths: Sequence[int], room: int | None) -> list[int]:
    """The widths of columns, the widest ones made narrower until all fit into a room; the first one only where the
    others are as narrow as they may be."""
    fitting = list(widths)
    if room is not None:
        room -= GAP * (len(fitting) - 1)
        _narrow(fitting, range(1, len(fitting)), room)
        _narrow(fitting, range(len(fitting)), room)
    return fitting


def _narrow(fitting: list[int], columns: Sequence[int], room: int) -> None:
    excess = sum(fitting) - room
    while excess > 0 and (widest := max((fitting[at] for at in columns), default=0)) > LEAST_COLUMN:
        second = max((fitting[at] for at in columns if fitting[at] < widest), default=LEAST_COLUMN)
        alike = [at for at in columns if fitting[at] == widest]
        less = max(1, min(widest - max(second, LEAST_COLUMN), -(-excess // len(alike))))
        for at in alike:
            fitting[at] -= less
        excess = sum(fitting) - room


def _write(terminal: Terminal, row: Sequence[Cell], widths: Sequence[int], *, is_whole: bool = False) -> None:
    *before, last = row
    parts = [
        terminal.painted(padded(cut(cell.text, columns), columns + GAP), cell.colour)
        for cell, columns in zip(before, widths, strict=False)
    ]
    is_whole = is_whole and widths[-1] >= USEFUL_COLUMN
    first, *more = wrapped(last.text, widths[-1]) if is_whole else [cut(last.text, widths[-1])]
    terminal.line("".join((*parts, terminal.painted(first, last.colour))))
    for text in more:
        terminal.line(" " * (sum(widths[:-1]) + GAP * len(before)) + text)
