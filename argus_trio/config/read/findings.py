"""What was found in one file so far: its problems and its warnings, each on its line.

A problem that only follows from another one is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from argus_trio.config.read.key_path import KeyPath, dotted
from argus_trio.errors import Problem


@attrs.define(eq=False, repr=False)
class Findings:
    """Collects the problems of one file, and its warnings, which do not keep it from being used."""

    lines: Mapping[KeyPath, int]
    """The line on which each key path of the file stands."""
    faulty: set[KeyPath] = attrs.field(factory=set, init=False)
    """The key paths whose values must not be relied on."""
    left: Mapping[KeyPath, tuple[int, ...]] = attrs.field(factory=dict, init=False)
    """Of each list that entries were cut out of: where those that are left stand in the file. Checks count without."""
    _found: list[tuple[int, int, Problem]] = attrs.field(factory=list, init=False)
    """Each problem behind its line and its number."""
    _warnings: list[tuple[int, int, Problem]] = attrs.field(factory=list, init=False)
    """Each warning, just so."""

    def add(self, key_path: KeyPath, message: str, hint: str = "", *, given: tuple[KeyPath, ...] = ()) -> None:
        """Report the value at `key_path` as faulty.

        Nothing is reported if it, or a key path in `given` on which the finding rests, is known to be faulty already.
        """
        if any(self.is_faulty(each) for each in (key_path, *given)):
            return
        self.faulty.add(self._in_file(key_path))
        self.note(key_path, message, hint)

    def note(self, key_path: KeyPath, message: str, hint: str = "", *, line: int | None = None) -> None:
        """Report something about `key_path`, whatever else is known of it, and do not count it as faulty."""
        number = self.line(key_path) if line is None else line
        self._found.append((number, len(self._found), _problem(self._in_file(key_path), message, hint, number)))

    def warn(self, key_path: KeyPath, message: str, hint: str = "") -> None:
        """Warn about the value at `key_path`, which can be used all the same; not if it is known to be faulty."""
        if not self.is_faulty(key_path):
            number = self.line(key_path)
            problem = _problem(self._in_file(key_path), message, hint, number)
            self._warnings.append((number, len(self._warnings), problem))

    def is_faulty(self, key_path: KeyPath) -> bool:
        """Whether this key path, or one above it, is known to be faulty."""
        key_path = self._in_file(key_path)
        return any(key_path[:end] in self.faulty for end in range(1, len(key_path) + 1))

    def line(self, key_path: KeyPath) -> int:
        """The line of the key path, or of the nearest one above it that is in the file; 0 if there is none."""
        key_path = self._in_file(key_path)
        for end in range(len(key_path), -1, -1):
            if (number := self.lines.get(key_path[:end])) is not None:
                return number
        return 0

    def _in_file(self, key_path: KeyPath) -> KeyPath:
        if not self.left:
            return key_path
        found: KeyPath = ()
        for part in key_path:
            places = self.left.get(found, ())
            found = (*found, places[part] if isinstance(part, int) and part < len(places) else part)
        return found

    def in_file_order(self) -> tuple[Problem, ...]:
        """Every problem, by its line, then by when it was found."""
        return _sorted(self._found)

    def warnings_in_file_order(self) -> tuple[Problem, ...]:
        """Every warning, by its line, then by when it was given."""
        return _sorted(self._warnings)


def _problem(key_path: KeyPath, message: str, hint: str, line: int) -> Problem:
    return Problem(path=dotted(key_path), message=message, hint=hint, line=line or None)


def _sorted(found: list[tuple[int, int, Problem]]) -> tuple[Problem, ...]:
    return tuple(problem for _, _, problem in sorted(found, key=lambda each: each[:2]))
