"""The latest figures of each backend, for sparklines. Bounded: the last minute, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.contract.events import FiguresEntry

KEPT: Final = 60
"""How many figures of a backend are kept: those of the last minute."""


def with_latest(latencies: Mapping[str, tuple[float, ...]], figures: FiguresEntry) -> Mapping[str, tuple[float, ...]]:
    """The p50 of each backend with those of one moment more; where there is none it is 0."""
    return {
        each.backend: (*latencies.get(each.backend, ()), each.p50_ms or 0.0)[-KEPT:]
        for each in figures.figures
        if not each.tool
    }
