"""What it costs to judge by a schema that a server wrote: it can be made to take for ever, so the effort is counted,
and given up where it is too much. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import attrs
import jsonschema  # type: ignore[import-untyped]  # it ships no types

MOST_EFFORT: Final = 50_000
"""How many keywords are judged in all: some tenths of a second."""
DEEPEST_JUDGED: Final = 64
"""How many keywords are judged inside each other: at the end of the stack the library does not fail, it panics."""
_STEPS: Final = 100
"""How many steps of a pattern, or comparisons of two items, count as one keyword, at the least."""
_PATTERN_EFFORT: Final = 10_000
"""The most that one pattern may cost, in keywords: a dearer one is left to the server."""
_ATOMS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|\||[*+?]|\{(\d*)(,?)(\d*)\}|.", re.DOTALL)

JudgedBy = Callable[[object, object, object, object], Iterator[jsonschema.ValidationError] | None]
"""A keyword of the library: its checker, value, the instance, and the schema."""


class TooMuchEffort(Exception):  # no error: the server judges then
    """Judging goes on for too long."""


@attrs.define(eq=False)
class Effort:
    """What is left of it."""

    left: int = MOST_EFFORT
    depth: int = 0
    """How many keywords are judged inside each other now."""

    def spend(self, keywords: int) -> None:
        """Count some. Raises: TooMuchEffort."""
        self.left -= keywords
        if self.left < 0:
            raise TooMuchEffort

    def counted(self, word: str, judge: JudgedBy) -> JudgedBy:
        """A keyword of the library that counts; what is too dear finds nothing wrong."""

        def counting(
            checker: object, value: object, instance: object, schema: object
        ) -> Iterator[jsonschema.ValidationError]:
            cost = _cost(word, value, instance)
            if cost > _PATTERN_EFFORT:
                return
            self.spend(cost)
            self.depth += 1
            try:
                if self.depth > DEEPEST_JUDGED:
                    raise TooMuchEffort
                yield from judge(checker, value, instance, schema) or ()
            finally:
                self.depth -= 1

        return counting


def _cost(word: str, value: object, instance: object) -> int:
    if word == "pattern" and isinstance(value, str) and isinstance(instance, str):
        return 1 + pattern_steps(value, len(instance)) // _STEPS
    if word == "uniqueItems" and isinstance(instance, list):
        # plain ones are sorted; others are compared each with each, with all that is in them
        is_plain = all(isinstance(each, str) for each in instance)
        return 1 + (len(instance) if is_plain else len(instance) ** 2) // (_STEPS // 10)
    return 1


def is_cheap(pattern: str, characters: int) -> bool:
    """Whether a pattern is worth to be tried on a text of so many characters, many times."""
    return pattern_steps(pattern, characters) <= _STEPS * _STEPS * 10


def pattern_steps(pattern: str, characters: int) -> int:
    """At most so many steps the search for it takes: each repetition may try as often as it may repeat, and what
    repeats a choice or another repetition tries all ways of doing so, which is told as more than any bound."""
    most, room = 1 << 62, characters + 1
    steps = 1 if pattern.startswith("^") else room
    choices, had_choice = [0], False
    before = ""
    for found in _ATOMS.finditer(pattern):
        atom = found[0]
        if atom == "(":
            choices.append(0)
        elif atom == ")" and len(choices) > 1:
            had_choice = choices.pop() > 0
            choices[-1] += had_choice
        elif atom == "|":
            choices[-1] += 1
            steps *= 2
        elif (times := _times(found, room)) and before not in ("", "(", "|"):
            # a sign behind a repetition makes it lazy or possessive, and `(?` begins a group of some kind
            if before == ")" and had_choice and atom != "?":
                return most
            choices[-1] += 1
            steps = min(steps * max(times, 2), most)
        before = atom
    return steps * room


def _times(found: re.Match[str], room: int) -> int:
    """How many ways a repetition has; 0 for what is none, or has but one way."""
    atom = found[0]
    if atom in ("*", "+"):
        return room
    if atom == "?":
        return 2
    if found[2] is None or not (found[1] or found[3]):
        return 0
    least = int(found[1] or 0)
    if not found[2]:
        return 1 if least > 1 else 0
    return min(int(found[3]) - least + 1, room) if found[3] else room
