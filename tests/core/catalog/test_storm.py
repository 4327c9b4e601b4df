"""The pace of looking again at what keeps changing."""

from __future__ import annotations

import pytest

from argus_trio.core.catalog.storm import (
    CALM_SECONDS,
    FIRST_SECONDS,
    LONGEST_CALM_SECONDS,
    LONGEST_SECONDS,
    LONGEST_VAIN_SECONDS,
    STORM_LOOKS,
    VAIN_LOOKS,
    Storm,
    StormNews,
)


def test_a_first_change_is_looked_at_soon() -> None:
    assert Storm().next_look(100.0) == 100 + FIRST_SECONDS


def test_the_looks_at_what_goes_on_changing_come_ever_later_up_to_a_limit() -> None:
    storm, now, gaps = Storm(), 0.0, []
    for _ in range(12):
        at = storm.next_look(now)
        gaps.append(at - now)
        storm.looked(at, found_news=True)
        now = at
    assert gaps[:4] == pytest.approx([0.05, 0.1, 0.2, 0.4])
    assert gaps[-1] == pytest.approx(LONGEST_SECONDS)


def test_a_storm_is_news_once_in_an_episode() -> None:
    storm = Storm()
    news = [storm.looked(storm.next_look(number * 0.01), found_news=True) for number in range(20)]
    assert [each for each in news if each] == [StormNews.BEGAN]
    assert news.index(StormNews.BEGAN) == STORM_LOOKS - 1
    assert storm.is_storm


def test_after_a_calm_a_change_is_looked_at_soon_again() -> None:
    storm, now = Storm(), 0.0
    for _ in range(12):
        now = storm.next_look(now)
        storm.looked(now, found_news=True)
    assert storm.calm_at == pytest.approx(now + LONGEST_SECONDS)
    later = storm.calm_at + 0.001
    assert storm.next_look(later) == pytest.approx(later + FIRST_SECONDS)
    assert not storm.is_storm


def test_changes_that_come_slowly_are_never_held_back() -> None:
    storm, now = Storm(), 0.0
    for _ in range(50):
        at = storm.next_look(now)
        assert at - now == pytest.approx(FIRST_SECONDS)
        storm.looked(at, found_news=True)
        now = at + CALM_SECONDS + 0.1


def test_one_that_comes_late_in_an_interval_waits_for_the_rest_of_it_only() -> None:
    storm, now = Storm(), 0.0
    for _ in range(12):
        now = storm.next_look(now)
        storm.looked(now, found_news=True)
    assert storm.next_look(now + 4) == pytest.approx(now + LONGEST_SECONDS)
    assert storm.next_look(now + LONGEST_SECONDS) == pytest.approx(now + LONGEST_SECONDS + FIRST_SECONDS)


def slow(storm: Storm) -> float:
    """When the storm became slow."""
    now = 0.0
    while not storm.is_slow:
        now = storm.next_look(now)
        storm.looked(now, found_news=False)
    return now


def test_looks_that_find_nothing_new_come_ever_later_up_to_minutes() -> None:
    storm = Storm()
    now, gaps = slow(storm), []
    assert now < 40
    for _ in range(8):
        at = storm.next_look(now)
        gaps.append(at - now)
        storm.looked(at, found_news=False)
        now = at
    assert gaps == pytest.approx([10, 20, 40, 80, 160, 300, 300, 300])
    assert gaps[-1] == pytest.approx(LONGEST_VAIN_SECONDS)


def test_a_look_that_finds_something_new_makes_the_next_one_soon_again() -> None:
    storm = Storm()
    now = slow(storm)
    now = storm.next_look(now)
    assert storm.looked(now, found_news=True) is StormNews.RESUMED
    assert storm.next_look(now) - now == pytest.approx(LONGEST_SECONDS)
    assert [storm.looked(now, found_news=False) for _ in range(VAIN_LOOKS)] == [None] * (VAIN_LOOKS - 1) + [
        StormNews.SLOWED
    ]


def test_a_slow_storm_is_over_after_a_while_in_which_nothing_was_heard() -> None:
    storm = Storm()
    now = slow(storm)
    for _ in range(8):
        now = storm.next_look(now)
        storm.looked(now, found_news=False)
    assert storm.calm_at == pytest.approx(now + LONGEST_CALM_SECONDS)
    later = storm.calm_at + 0.001
    assert storm.next_look(later) == pytest.approx(later + FIRST_SECONDS)
    assert not storm.is_slow
