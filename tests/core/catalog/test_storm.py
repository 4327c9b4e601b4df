"""The pace of looking again at what keeps changing."""

from __future__ import annotations

import pytest

from argus_trio.core.catalog.storm import CALM_SECONDS, FIRST_SECONDS, LONGEST_SECONDS, STORM_LOOKS, Storm


def test_a_first_change_is_looked_at_soon() -> None:
    assert Storm().next_look(100.0) == 100 + FIRST_SECONDS


def test_the_looks_at_what_goes_on_changing_come_ever_later_up_to_a_limit() -> None:
    storm, now, gaps = Storm(), 0.0, []
    for _ in range(12):
        at = storm.next_look(now)
        gaps.append(at - now)
        storm.looked(at)
        now = at
    assert gaps[:4] == pytest.approx([0.05, 0.1, 0.2, 0.4])
    assert gaps[-1] == pytest.approx(LONGEST_SECONDS)


def test_a_storm_is_news_once_in_an_episode() -> None:
    storm = Storm()
    news = [storm.looked(storm.next_look(number * 0.01)) for number in range(20)]
    assert news.count(True) == 1
    assert news.index(True) == STORM_LOOKS - 1
    assert storm.is_storm


def test_after_a_calm_a_change_is_looked_at_soon_again() -> None:
    storm, now = Storm(), 0.0
    for _ in range(12):
        now = storm.next_look(now)
        storm.looked(now)
    assert storm.calm_at == pytest.approx(now + LONGEST_SECONDS)
    later = storm.calm_at + 0.001
    assert storm.next_look(later) == pytest.approx(later + FIRST_SECONDS)
    assert not storm.is_storm


def test_changes_that_come_slowly_are_never_held_back() -> None:
    storm, now = Storm(), 0.0
    for _ in range(50):
        at = storm.next_look(now)
        assert at - now == pytest.approx(FIRST_SECONDS)
        storm.looked(at)
        now = at + CALM_SECONDS + 0.1


def test_one_that_comes_late_in_an_interval_waits_for_the_rest_of_it_only() -> None:
    storm, now = Storm(), 0.0
    for _ in range(12):
        now = storm.next_look(now)
        storm.looked(now)
    assert storm.next_look(now + 4) == pytest.approx(now + LONGEST_SECONDS)
    assert storm.next_look(now + LONGEST_SECONDS) == pytest.approx(now + LONGEST_SECONDS + FIRST_SECONDS)
