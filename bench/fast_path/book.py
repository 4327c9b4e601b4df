"""The figures that were taken: of each row and subject one a round, their medians, and ratios of equal rounds."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from bench.fast_path.generator import LoadFailed

Rounds = dict[int, float]


@attrs.define(eq=False)
class Book:
    """All figures of a run, and what could not be measured."""

    figures: dict[str, dict[str, Rounds]] = attrs.field(factory=dict)
    failures: dict[tuple[str, str], str] = attrs.field(factory=dict)

    def add(self, row: str, subject: str, number: int, value: float) -> None:
        """Write down what a round gave."""
        self.figures.setdefault(row, {}).setdefault(subject, {})[number] = value

    def median(self, row: str, subject: str) -> float | None:
        """The median of all rounds, if there was any."""
        rounds = self.figures.get(row, {}).get(subject)
        return statistics.median(rounds.values()) if rounds else None

    def ratio(self, row: str, subject: str, other: str) -> float | None:
        """The median of the ratios to another in the same rounds: what slows the machine in one of them slows both."""
        ours, theirs = (self.figures.get(row, {}).get(name, {}) for name in (subject, other))
        ratios = [ours[number] / theirs[number] for number in ours.keys() & theirs.keys() if theirs[number]]
        return statistics.median(ratios) if ratios else None

    def spread(self, row: str, subject: str) -> float:
        """How far the rounds are apart: half of the middle half's width, as a part of the median."""
        values = sorted(self.figures.get(row, {}).get(subject, {}).values())
        if len(values) < 3:
            return 0.0
        low, middle, high = statistics.quantiles(values, n=4)
        return (high - low) / 2 / middle

    def has_failed(self, row: str, subject: str) -> bool:
        return (row, subject) in self.failures

    @contextmanager
    def attempt(self, row: str, subject: str) -> Iterator[None]:
        """What fails within loses this row of this subject, and nothing else."""
        try:
            yield
        except (LoadFailed, OSError, RuntimeError, LookupError) as error:
            self.failures[row, subject] = f"{type(error).__name__}: {error}"
            print(f"not measured: {row} of {subject}: {error}", file=sys.stderr, flush=True)
