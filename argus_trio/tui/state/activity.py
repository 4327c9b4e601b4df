"""Whether the gateway does anything, as its figures say: what is only looked at is asked for anew after that. Pure."""

from __future__ import annotations

from argus_trio.contract.events import FiguresEntry

FiguresHeard = tuple[int, int]
"""How many calls there have been, and how many are under way."""


def activity(figures: FiguresEntry | None) -> FiguresHeard:
    """What of them changes where anything is done."""
    if figures is None:
        return 0, 0
    return sum(each.calls for each in figures.figures if not each.tool), figures.in_flight
