"""The problems found in one file so far: each is put on its line, and what only follows from another one is dropped."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from argus_trio.config.read.key_path import KeyPath, dotted
from argus_trio.errors import Problem


@attrs.define(eq=False)
class Findings:
    """Collects the problems of one file. `lines` says on which line each place of the file stands."""

    lines: Mapping[KeyPath, int]
    faulty: set[KeyPath] = attrs.field(factory=set)
    _found: list[tuple[int, int, Problem]] = attrs.field(factory=list)

    def add(self, place: KeyPath, message: str, hint: str = "", *, given: tuple[KeyPath, ...] = ()) -> None:
        """Report `place`, unless it, or a place in `given` that the finding rests on, is already known to be faulty."""
        if any(self.is_faulty(each) for each in (place, *given)):
            return
        self.faulty.add(place)
        self.note(place, message, hint)

    def note(self, place: KeyPath, message: str, hint: str = "", *, line: int | None = None) -> None:
        """Report `place` whatever else is known of it, and leave it in good standing."""
        number = self.line(place) if line is None else line
        problem = Problem(path=dotted(place), message=message, hint=hint, line=number or None)
        self._found.append((number, len(self._found), problem))

    def is_faulty(self, place: KeyPath) -> bool:
        """Whether this place, or one that it is part of, has been reported by `add`."""
        return any(place[:end] in self.faulty for end in range(1, len(place) + 1))

    def line(self, place: KeyPath) -> int:
        """The line of the place, or of the nearest thing around it that is in the file; 0 if there is none."""
        for end in range(len(place), -1, -1):
            if (number := self.lines.get(place[:end])) is not None:
                return number
        return 0

    def in_file_order(self) -> tuple[Problem, ...]:
        """Every problem, by line, then by when it was found."""
        return tuple(problem for _, _, problem in sorted(self._found, key=lambda found: found[:2]))
