"""The figures of calls as a picture: a line for each load, a dot for each who was measured, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from bench.fast_path.book import Book
from bench.fast_path.rows import ROWS
from bench.fast_path.subjects import OURS

WIDTH: Final = 900
LEFT: Final = 316
RIGHT: Final = 40
TOP: Final = 74
LINE: Final = 26
BACKGROUND: Final = "#14161b"
TEXT: Final = "#c8ccd4"
FAINT: Final = "#2c313c"
QUIET: Final = "#8b93a1"
COLOURS: Final = ("#6fbf73", "#8b93a1", "#d7b45a", "#5a8fd7", "#b57edc", "#d46a6a")
"""Ours first, then the others in their order."""
STEPS: Final = (1.0, 2.0, 5.0)


def plot(book: Book, names: Sequence[str]) -> str:
    """An SVG; empty without any figure."""
    rows = [row for row in ROWS if book.median(row.key, OURS) is not None]
    values = [value for row in rows for name in names if (value := book.median(row.key, name)) is not None]
    if not values:
        return ""
    low, high = math.log10(min(values) * 0.85), math.log10(max(values) * 1.15)
    height = TOP + LINE * len(rows) + 20

    def across(value: float) -> float:
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    ordered = [*(name for name in names if name != OURS), OURS]  # ours is drawn last, on top
    parts = [*_legend(names), *_grid([(value, across(value)) for value in _marks(low, high)], height)]
    for number, row in enumerate(rows):
        y = TOP + LINE * number + LINE / 2
        parts.append(_text(LEFT - 14, y + 4, row.title, "end"))
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="{FAINT}"/>')
        for name in ordered:
            if (value := book.median(row.key, name)) is not None:
                size = 6 if name == OURS else 4.5
                parts.append(
                    f'<circle cx="{across(value):.1f}" cy="{y}" r="{size}" fill="{_colour(names, name)}">'
                    f"<title>{escape(name)}: {value:.3f} ms</title></circle>"
                )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="system-ui, Helvetica, Arial, sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _colour(names: Sequence[str], name: str) -> str:
    return COLOURS[list(names).index(name) % len(COLOURS)]


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'


def _legend(names: Sequence[str]) -> Iterator[str]:
    yield _text(16, 26, "CPU of the gateway per call, ms; further left is better")
    x = float(LEFT)
    for name in names:
        yield f'<circle cx="{x + 5:.1f}" cy="46" r="5" fill="{_colour(names, name)}"/>'
        yield _text(x + 16, 50, name)
        x += 40 + 7.2 * len(name)


def _marks(low: float, high: float) -> Iterator[float]:
    """Round values between the ends."""
    for power in range(math.floor(low), math.ceil(high) + 1):
        for step in STEPS:
            if low <= math.log10(step * 10**power) <= high:
                yield step * 10**power


def _grid(marks: Sequence[tuple[float, float]], height: float) -> Iterator[str]:
    for value, x in marks:
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - 20}" stroke="{FAINT}" stroke-dasharray="2 3"/>'
        yield _text(x, height - 5, f"{value:g}", "middle", QUIET)
