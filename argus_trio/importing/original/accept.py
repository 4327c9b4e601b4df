"""Sees to it that what was converted is accepted: what alone cannot stay is left out and told, the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio.config.load import parse
from argus_trio.config.read.key_path import KeyPath, dotted
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.importing.emit import emit
from argus_trio.importing.original.file.source import OriginalSource

MOST_ROUNDS: Final = 8
"""How often what cannot stay is taken out: what is left out may leave another thing without sense."""
STAND_IN: Final = "https://stands.in.example"
"""What a variable that is not set is taken to hold: a text that fits wherever a text does."""
NUMBER: Final = "9000"
"""The same where a number belongs."""
_WHOLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OPTIONAL: Final = ("container", "timeouts", "restart", "tool_overrides")
"""The keys of a backend without parts of which it still is what it was, and lets nobody do more."""
_SECTIONS: Final = {"authentication": "incoming_auth", "rbac": "authorization", "rate_limit": "rate_limits"} | {
    "logging": "audit",
    "telemetry": "telemetry",
}


@attrs.define(eq=False, repr=False, kw_only=True)
class OriginalAcceptance:
    """Checks the tree of one file."""

    source: OriginalSource
    folder: Path
    environ: Mapping[str, str]
    needed: Collection[str]
    """The variables that have no value yet."""
    names: Mapping[str, str]
    """The name of each backend there, by its name here."""

    def accepted(self, tree: dict[str, object]) -> dict[str, object]:
        """The tree without what cannot stay. What has to be refused is a problem of the source."""
        for _ in range(MOST_ROUNDS):
            problems = self._known(tree)
            places = {dotted(each): each for each in _paths(tree, ())}
            found = [(each, _place(places, each)) for each in problems]
            removable = {_part(place): each for each, place in found if _is_optional(place)}
            if not removable:
                break
            for place in sorted(removable, key=lambda each: (len(each), str(each)), reverse=True):
                self.source.note("left out", self._origin(place), f"{dotted(place)}: {_said(removable[place])}")
                _remove(tree, place)
        else:
            problems = self._known(tree)
        places = {dotted(each): each for each in _paths(tree, ())}
        for problem in problems:
            place = _place(places, problem)
            self.source.fault(self._origin(place), f"as {problem.path}: {_said(problem)}" if place else _said(problem))
        return tree

    def _known(self, tree: dict[str, object]) -> tuple[Problem, ...]:
        """The problems but those of texts that nobody knows yet: of what a variable without a value stands in."""
        places = {dotted(each): each for each in _paths(tree, ())}
        found = self._problems(tree)
        return tuple(each for each in found if not self._is_unknown_yet(tree, _place(places, each)))

    def _is_unknown_yet(self, tree: object, place: KeyPath) -> bool:
        if place[-2:-1] in (("env",), ("headers",)):
            return False  # any text will do there: it is the name that is wrong
        for part in place:
            tree = tree.get(part) if isinstance(tree, dict) else tree[part] if isinstance(tree, list) else None  # type: ignore[index]
        return isinstance(tree, str) and any(f"${{{name}}}" in tree for name in self.needed)

    def _problems(self, tree: dict[str, object]) -> tuple[Problem, ...]:
        numeric = set(_numeric(tree))
        stand_ins = {
            name: NUMBER if name in numeric else f"{STAND_IN}/{number}" for number, name in enumerate(self.needed)
        }
        try:
            parse(emit(tree), source=self.source.path, folder=self.folder, environ=stand_ins | dict(self.environ))
        except ConfigInvalid as invalid:
            return invalid.problems
        return ()

    def _origin(self, place: KeyPath) -> KeyPath:
        """Where the original says what stands at a place here."""
        if place[:1] == ("backends",) and len(place) > 1:
            there: KeyPath = ("backends", self.names.get(str(place[1]), str(place[1])), *place[2:])
            return there
        if place[:1] == ("middleware",):
            return (self._section(place),)
        return place

    def _section(self, place: KeyPath) -> str:
        return self.sections[place[1]] if len(place) > 1 and isinstance(place[1], int) else "middleware"

    sections: list[str] = attrs.field(factory=list, init=False)
    """The section of the original that each middleware comes of."""


def section_of(middleware: Mapping[str, object]) -> str:
    """The section of the original that a middleware comes of."""
    return _SECTIONS[str(middleware["type"])]


def _said(problem: Problem) -> str:
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message


def _place(places: Mapping[str, KeyPath], problem: Problem) -> KeyPath:
    """Where a problem stands in the tree; the nearest place above, where it has none of its own."""
    path = problem.path
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return places.get(path, ())


def _is_optional(place: KeyPath) -> bool:
    return place[:1] == ("backends",) and len(place) > 3 and place[2] in _OPTIONAL


def _part(place: KeyPath) -> KeyPath:
    """What is taken out as a whole: an entry of a list, of which a part alone would be another one."""
    index = next((at for at, part in enumerate(place) if isinstance(part, int)), len(place) - 1)
    return place[: index + 1]


def _paths(tree: object, key_path: KeyPath) -> Iterator[KeyPath]:
    yield key_path
    if isinstance(tree, dict):
        for key, each in tree.items():
            yield from _paths(each, (*key_path, str(key)))
    elif isinstance(tree, list):
        for index, each in enumerate(tree):
            yield from _paths(each, (*key_path, index))


def _numeric(tree: object) -> Iterator[str]:
    """The variables that stand where a number does."""
    if isinstance(tree, dict):
        for key, each in tree.items():
            if key in ("port", "memory", "cpus", "max_body_bytes") and isinstance(each, str):
                yield from _WHOLE.findall(each)
            yield from _numeric(each)


def _remove(tree: object, place: KeyPath) -> None:
    for part in place[:-1]:
        tree = tree[part] if isinstance(tree, dict) else tree[int(part)] if isinstance(tree, list) else None
    if isinstance(tree, dict):
        tree.pop(str(place[-1]), None)
    elif isinstance(tree, list) and isinstance(place[-1], int):
        del tree[place[-1]]
