"""What comes behind a request before its answer: within bounds, and entered like what it will be."""

from __future__ import annotations

from argus_trio.core.memory import COPIES, SMALL_BYTES, Bodies, Body, Memory
from argus_trio.frontend.server.ahead import Ahead

LIMIT = 4 * SMALL_BYTES


def test_what_comes_ahead_is_kept_up_to_the_limit_and_then_none_of_it() -> None:
    bodies = Bodies()
    ahead = Ahead(bodies, LIMIT)
    for _ in range(4):
        ahead.add(b"a" * SMALL_BYTES)
    assert ahead.take() == b"a" * LIMIT
    assert bodies.held == 3 * COPIES * SMALL_BYTES
    ahead.add(b"a")
    ahead.add(b"a")
    assert ahead.is_too_much
    assert ahead.take() == b""
    assert bodies.held == bodies.memory.size == 0


def test_what_comes_ahead_is_given_up_where_there_is_no_room() -> None:
    bodies = Bodies(Memory(lambda: 2 * COPIES * SMALL_BYTES))
    other = Body(bodies)
    other.take(SMALL_BYTES)
    ahead = Ahead(bodies, LIMIT)
    ahead.add(b"a" * SMALL_BYTES)
    before = ahead.is_too_much
    ahead.add(b"a")
    assert (before, ahead.is_too_much) == (False, True)
    assert ahead.take() == b""
    assert bodies.held == COPIES * SMALL_BYTES


def test_what_was_kept_ahead_is_not_entered_any_more_once_it_is_closed() -> None:
    bodies = Bodies()
    ahead = Ahead(bodies, LIMIT)
    ahead.add(b"a" * 2 * SMALL_BYTES)
    assert bodies.held
    ahead.close()
    assert bodies.held == bodies.memory.size == 0
