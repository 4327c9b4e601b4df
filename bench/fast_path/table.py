"""The figures as Markdown: a line for each, a column for each who was measured, ratios, and where others are better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.fast_path import others
from bench.fast_path.book import Book
from bench.fast_path.rows import ROWS
from bench.fast_path.subjects import OURS

NOTHING = "–"
LOSS = 1.0
MOST_TOLD = 120
"""Characters of a failure; the rest was told while it was measured."""


def table(book: Book, names: Sequence[str]) -> str:
    """Both tables, and what failed."""
    calls = [(row.key, row.title, 3) for row in ROWS]
    rest = [(key, title, digits) for key, (title, digits) in others.LINES.items()]
    parts = [
        _table(book, names, "CPU of the gateway per call, ms", calls),
        _table(book, names, "besides calls", rest),
        _losses(book, names, [*calls, *rest]),
        *(f"Not measured: {row} of {subject}: {why[:MOST_TOLD]}" for (row, subject), why in book.failures.items()),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(book: Book, names: Sequence[str], what: str, rows: Sequence[tuple[str, str, int]]) -> str:
    there = [row for row in rows if row[0] in book.figures]
    if not there:
        return ""
    shown = [name for name in names if any(name in book.figures[key] for key, _, _ in there)]
    rivals = [name for name in shown if name != OURS]
    lines = [
        " | ".join(["", what, *shown, "±", *(f"÷ {name}" for name in rivals), ""]).strip(),
        "|".join(["", "---", *("---:" for _ in [*shown, "±", *rivals]), ""]),
    ]
    for key, title, digits in there:
        figures = [_figure(book.median(key, name), digits) for name in shown]
        ratios = [_figure(book.ratio(key, OURS, name), 2) for name in rivals]
        lines.append(" | ".join(["", title, *figures, f"{book.spread(key, OURS):.0%}", *ratios, ""]).strip())
    return "\n".join(lines)


def _figure(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _losses(book: Book, names: Sequence[str], rows: Sequence[tuple[str, str, int]]) -> str:
    found = list(_lost(book, names, rows))
    return "Where another is better:\n\n" + "\n".join(found) if found else ""


def _lost(book: Book, names: Sequence[str], rows: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    for name in names:
        compared = [(ratio, title) for key, title, _ in rows if (ratio := book.ratio(key, OURS, name)) is not None]
        worse = [each for each in compared if round(each[0], 2) > LOSS]
        if worse and name != OURS:
            most, where = max(worse)
            yield f"- {name}: in {len(worse)} of {len(compared)} lines, the most in “{where}”, {most:.2f} times"
