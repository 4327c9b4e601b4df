"""What there is to tell of what a backend lists: remarks on single entries, gathered, and upheavals of whole lists.

A remark says what was mended of an entry, or why it is left out. An upheaval is a list that was halved or doubled from
one listing to the next, so that somebody should look.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sized
from typing import Final

import attrs

from argus_trio import Value

NAMES_SHOWN: Final = 5
"""How many of the entries that one remark fits are named: enough to know which they are, in one line."""
LONGEST_WHAT: Final = 200
"""The longest remark, in characters: a path in it is the backend's."""
WORTH: Final = 10
"""The number of entries that the longer list of an upheaval must have: short lists double every day."""


def _shortened(what: str) -> str:
    return what[:LONGEST_WHAT]


@attrs.frozen(kw_only=True)
class Remark(Value):
    """A remark on one entry of a backend, by its kind and its own name, which is empty where it has none."""

    backend: str
    kind: str
    name: str
    what: str = attrs.field(converter=_shortened)
    """What was done to it, or why it is left out."""


@attrs.frozen(kw_only=True)
class CommonRemark(Value):
    """The same remark on several entries of one kind."""

    backend: str
    kind: str
    what: str
    count: int
    names: tuple[str, ...]
    """Some of them."""


def gathered(remarks: Iterable[Remark], known: Container[Remark] = ()) -> list[CommonRemark]:
    """The remarks that are not `known`, in their order, each with the entries that it is on."""
    names: dict[tuple[str, str, str], list[str]] = {}
    for remark in remarks:
        if remark not in known:
            names.setdefault((remark.backend, remark.kind, remark.what), []).append(remark.name)
    return [
        CommonRemark(backend=backend, kind=kind, what=what, count=len(found), names=tuple(found[:NAMES_SHOWN]))
        for (backend, kind, what), found in names.items()
    ]


@attrs.frozen(kw_only=True)
class Upheaval(Value):
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
