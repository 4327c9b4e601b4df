"""The last moment of a stop: farewells that must not be cut short end by then all the same, however many add up.

A farewell is shielded and bounded by itself: a cancellation is told, a session is ended, a process gets its time. One
may follow the other, though, and a stop has one limit for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

import attrs
import trio


@attrs.define(eq=False, repr=False)
class _LastMoment:
    """When everything must be over in one run of trio, and the farewells that go on."""

    at: float = inf
    farewells: set[trio.CancelScope] = attrs.field(factory=set)


_OF_RUN: Final[trio.lowlevel.RunVar[_LastMoment]] = trio.lowlevel.RunVar("last moment")


def end_farewells_at(moment: float) -> None:
    """Have every farewell, those that go on and those to come, end by `moment` at the latest, on trio's clock."""
    last = _last_moment()
    last.at = min(last.at, moment)
    for farewell in last.farewells:
        farewell.deadline = min(farewell.deadline, last.at)


@contextmanager
def farewell(seconds: float) -> Iterator[trio.CancelScope]:
    """A block that no cancellation reaches, for `seconds` at most, and not beyond the last moment of a stop."""
    last = _last_moment()
    with trio.CancelScope(shield=True, deadline=min(trio.current_time() + seconds, last.at)) as scope:
        last.farewells.add(scope)
        try:
            yield scope
        finally:
            last.farewells.discard(scope)


def _last_moment() -> _LastMoment:
    try:
        return _OF_RUN.get()
    except LookupError:
        last = _LastMoment()
        _OF_RUN.set(last)
        return last
