"""Remarks on single entries that a backend lists: what was mended of one, or why it is left out; gathered to report."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

import attrs

NAMES_SHOWN: Final = 5
"""How many of the entries that one remark fits are named: enough to know which they are, in one line."""
LONGEST_WHAT: Final = 200
"""The longest remark, in characters: a path in it is the backend's."""


def _shortened(what: str) -> str:
    return what[:LONGEST_WHAT]


@attrs.frozen(kw_only=True)
class Remark:
    """A remark on one entry of a backend, by its kind and its own name, which is empty where it has none."""

    backend: str
    kind: str
    name: str
    what: str = attrs.field(converter=_shortened)
    """What was done to it, or why it is left out."""


@attrs.frozen(kw_only=True)
class CommonRemark:
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
