"""Upheavals: lists that were halved or doubled from one listing to the next, so that somebody should look."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Final

import attrs

WORTH: Final = 10
"""The number of entries that the longer of the two lists must have: short lists double every day."""


@attrs.frozen(kw_only=True)
class Upheaval:
    """The length of one kind's list before and after a change, in entries."""

    kind: str
    before: int
    after: int


def upheavals(before: Mapping[str, Sized], now: Mapping[str, Sized]) -> tuple[Upheaval, ...]:
    """The kinds of `before` whose lists shrank below half or grew beyond double; a kind not in `now` is empty."""
    counts = ((kind, len(entries), len(now.get(kind, ()))) for kind, entries in before.items())
    return tuple(Upheaval(kind=kind, before=old, after=new) for kind, old, new in counts if _is_upheaval(old, new))


def _is_upheaval(before: int, after: int) -> bool:
    return max(before, after) >= WORTH and (after * 2 < before or after > before * 2)
