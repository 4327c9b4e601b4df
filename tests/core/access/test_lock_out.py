"""Which refusals are held back, and for how long."""

from __future__ import annotations

from argus_trio.core.access.lock_out import MOST_ADDRESSES, MOST_WRONG, LockOut


def test_ten_in_a_minute_are_not_held_back_and_the_next_ones_longer_and_longer() -> None:
    lock_out = LockOut()
    assert [lock_out.note("a", 5.9 * each) for each in range(10)] == [0] * 10
    assert [lock_out.note("a", 59) for _ in range(7)] == [0.0625, 0.125, 0.25, 0.5, 1, 1, 1]
    assert lock_out.note("b", 59) == 0


def test_a_slow_one_is_never_held_back() -> None:
    lock_out = LockOut()
    assert {lock_out.note("a", 7 * each) for each in range(100)} == {0}


def test_after_a_quiet_minute_counting_begins_anew() -> None:
    lock_out = LockOut()
    for _ in range(15):
        lock_out.note("a", 0)
    assert [lock_out.note("a", 61) for _ in range(12)] == [0] * 10 + [0.0625, 0.125]


def test_no_more_addresses_are_remembered_than_there_is_room_for() -> None:
    lock_out = LockOut()
    for _ in range(MOST_WRONG + 1):
        lock_out.note("a", 0)
    for number in range(MOST_ADDRESSES):
        lock_out.note(f"b{number}", 0)
    assert lock_out.note("a", 0) == 0
