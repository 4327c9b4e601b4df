"""The accounts of what is held for clients: their sum, what goes first, and who is refused."""

from __future__ import annotations

from functools import partial

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.memory import ALWAYS_BYTES, COPIES, DELIVERED_BYTES, Bodies, Body, Memory
from argus_trio.errors import Overloaded

LIMIT = 80_000


@attrs.define(eq=False)
class Holder:
    """Holds pieces, of which all but the newest can go."""

    memory: Memory
    pieces: list[int] = attrs.field(factory=list)

    def take(self, size: int) -> None:
        self.pieces.append(size)
        self.memory.hold(self, size)

    def spare(self, wanted: int) -> None:
        while wanted > 0 and len(self.pieces) > 1:
            size = self.pieces.pop(0)
            wanted -= size
            self.memory.hold(self, -size)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, LIMIT // 4)), max_size=60))
def test_the_sum_is_that_of_all_holders_and_beyond_the_bound_only_what_cannot_go_is_left(
    takes: list[tuple[int, int]],
) -> None:
    memory = Memory(lambda: LIMIT)
    holders = [Holder(memory) for _ in range(5)]
    for which, size in takes:
        holders[which].take(size)
        assert memory.size == sum(sum(holder.pieces) for holder in holders)
        can_go = any(len(holder.pieces) > 1 for holder in holders)
        assert memory.size <= LIMIT * 7 // 8 * 65 // 64 or not can_go
        assert memory.is_full == (memory.size > LIMIT * 7 // 8)
    for holder in holders:
        memory.release(holder)
        memory.release(holder)
    assert (memory.size, memory.is_full) == (0, False)


def test_who_holds_most_makes_room_and_who_holds_little_keeps_it() -> None:
    memory = Memory(lambda: LIMIT)
    large, small = Holder(memory), Holder(memory)
    small.take(1000)
    small.take(1000)
    for _ in range(20):
        large.take(LIMIT // 10)
    assert small.pieces == [1000, 1000]
    assert memory.size <= LIMIT


def test_what_was_delivered_goes_before_everything_else_and_the_oldest_first() -> None:
    memory, gone = Memory(lambda: LIMIT), list[str]()
    kept, read = Holder(memory), Holder(memory)
    kept.take(LIMIT // 4)
    kept.take(LIMIT // 4)
    for name in ("first", "second"):
        read.take(LIMIT // 5)

        def forget(name: str = name) -> None:
            gone.append(name)
            memory.hold(read, -LIMIT // 5)

        memory.delivered(name, LIMIT // 5, forget)
    assert gone == ["first"]
    assert len(kept.pieces) == 2


def test_of_what_was_delivered_little_is_kept_however_much_room_there_is() -> None:
    memory, gone = Memory(), list[int]()
    for number in range(100):
        memory.delivered(number, DELIVERED_BYTES // 10, partial(gone.append, number))
    assert gone == list(range(90))
    memory.forgotten(95)
    memory.delivered(100, DELIVERED_BYTES // 10, partial(gone.append, 100))
    assert len(gone) == 90


def test_the_full_refuse_with_a_time_to_come_back_and_tell_it_once() -> None:
    told: list[tuple[int, int]] = []
    limit = [LIMIT]
    memory = Memory(lambda: limit[0], on_full=lambda held, most: told.append((held, most)))
    holder = Holder(memory)
    memory.require_room()
    holder.take(LIMIT - 1)
    holder.memory.hold(holder, 1)
    with pytest.raises(Overloaded, match=r"server\.limits\.memory") as refused:
        memory.require_room()
    assert refused.value.data == {"retryAfter": 5.0}
    assert told == [(LIMIT - 1, LIMIT)]
    assert not memory.has_room(ALWAYS_BYTES + 1)
    assert memory.has_room(ALWAYS_BYTES)
    limit[0] = 2 * LIMIT
    memory.hold(holder, -1)
    memory.require_room()


def test_where_nothing_can_go_the_holders_are_not_asked_each_time() -> None:
    memory, asked = Memory(lambda: LIMIT), list[int]()

    class Stubborn:
        def spare(self, wanted: int) -> None:
            asked.append(wanted)

    holder = Stubborn()
    memory.hold(holder, LIMIT)
    for _ in range(1000):
        memory.hold(holder, 1)
    assert len(asked) == 1
    memory.hold(holder, LIMIT)
    assert len(asked) == 2
    memory.release(holder)
    memory.hold(holder, LIMIT)
    assert len(asked) == 3


def test_what_is_delivered_while_it_is_full_goes_at_once() -> None:
    memory, gone = Memory(lambda: LIMIT), list[str]()
    holder = Holder(memory)
    holder.take(LIMIT)

    def forget() -> None:
        gone.append("read")
        memory.hold(holder, -LIMIT // 2)

    memory.delivered("read", LIMIT // 2, forget)
    assert gone == ["read"]
    memory.require_room()


def test_nobody_gives_back_more_than_it_holds() -> None:
    memory = Memory()
    one, other = Holder(memory), Holder(memory)
    one.take(10)
    other.take(10)
    memory.release(one)
    memory.hold(one, -10)
    assert memory.size == 10


def test_bodies_of_requests_take_half_at_most_and_one_that_is_alone_any_size() -> None:
    memory = Memory(lambda: LIMIT)
    bodies = Bodies(memory)
    alone, other = Body(bodies), Body(bodies)
    alone.take(LIMIT // COPIES)
    assert memory.size == bodies.held == LIMIT // COPIES * COPIES
    with pytest.raises(Overloaded, match=r"server\.limits\.memory") as refused:
        other.take(1)
    assert refused.value.data == {"retryAfter": 5.0}
    with pytest.raises(Overloaded):
        bodies.announced(1)
    alone.release()
    alone.release()
    assert (memory.size, bodies.held) == (0, 0)
    other.take(LIMIT // 2 // COPIES)
    with pytest.raises(Overloaded):
        alone.take(1)


def test_a_body_makes_only_what_was_delivered_go() -> None:
    memory, gone = Memory(lambda: LIMIT), list[str]()
    bodies, holder = Bodies(memory), Holder(memory)
    for _ in range(8):
        holder.take(LIMIT // 10)
    Body(bodies).take(1)

    def forget() -> None:
        gone.append("read")
        memory.hold(holder, -LIMIT // 10)

    memory.delivered("read", LIMIT // 10, forget)
    body = Body(bodies)
    body.take(LIMIT // 10 // COPIES)
    assert gone == ["read"]
    with pytest.raises(Overloaded):
        body.take(LIMIT // 10 // COPIES)
    assert len(holder.pieces) == 8
    assert not memory.is_full


def test_refused_bodies_are_told_once_for_each_crowd() -> None:
    told: list[tuple[int, int]] = []
    bodies = Bodies(Memory(lambda: LIMIT), on_refused=lambda held, most: told.append((held, most)))
    one = Body(bodies)
    for _ in range(2):
        one.take(LIMIT // 2 // COPIES)
        for _ in range(10):
            with pytest.raises(Overloaded):
                bodies.announced(1)
        one.release()
    assert told == [(LIMIT // 2 // COPIES * COPIES, LIMIT // 2)] * 2
