"""The first use of a name."""

from __future__ import annotations

from argus_trio.core.rates.first_uses import MOST_NAMES, FirstUses


def test_a_name_is_used_for_the_first_time_once_as_long_as_it_is_good() -> None:
    uses = FirstUses(100)
    assert [uses.is_first("a", now) for now in (1000, 1000, 1099, 1150)] == [True, False, False, False]
    assert uses.is_first("b", 1150)
    assert uses.is_first("a", 1400)


def test_beyond_the_bound_a_first_use_passes_for_a_further_one_until_there_is_room() -> None:
    uses = FirstUses(100)
    assert all(uses.is_first(str(number), 1000) for number in range(MOST_NAMES))
    assert not uses.is_first("late", 1000)
    assert uses.is_first("later", 1100)
