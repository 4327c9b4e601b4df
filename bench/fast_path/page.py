"""docs/performance.md: what a run measured stands between two marks, and the plot beside it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from bench.fast_path.book import Book
from bench.fast_path.plot import plot
from bench.fast_path.table import table
from bench.gateways import ROOT

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "performance.svg"
BEGIN = "<!-- figures: written by `python -m bench --update` -->"
END = "<!-- end of figures -->"


def update(book: Book, names: Sequence[str]) -> None:
    """Write the figures anew, and nothing else of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    rounds = max((len(each) for row in book.figures.values() for each in row.values()), default=0)
    told = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, medians of {rounds} rounds in one run."
    )
    picture = plot(book, names)
    if picture:
        PICTURE.write_text(picture)
        told += f"\n\n![CPU of the gateway per call, for each load](pictures/{PICTURE.name})"
    PAGE.write_text(f"{before}{BEGIN}\n\n{told}\n\n{table(book, names)}\n\n{END}{after}")
