"""What happens again and again is told ever more rarely."""

from __future__ import annotations

from argus_trio.core.health.repetition import Repetition


def test_the_first_time_is_new_and_what_follows_is_worth_telling_ever_more_rarely() -> None:
    repetition, told = Repetition(), []
    for number in range(1, 101):
        assert repetition.happened("x") == (number == 1)
        if repetition.is_worth_telling:
            told.append(repetition.times)
    assert told == [1, 2, 4, 8, 16, 32, 64]


def test_something_else_is_new() -> None:
    repetition = Repetition()
    assert [repetition.happened(what) for what in "aabba"] == [True, False, True, False, True]


def test_what_comes_again_after_an_end_is_new() -> None:
    repetition = Repetition()
    repetition.happened(None)
    repetition.end()
    assert repetition.happened(None)
    assert repetition.times == 1
