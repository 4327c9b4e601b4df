"""Who comes back too often is told of once."""

from __future__ import annotations

from argus_trio.core.health.flapping import OFTEN, WINDOW_SECONDS, Flapping


def test_a_few_returns_are_no_flapping() -> None:
    flapping = Flapping()
    assert not any(flapping.returned(float(number)) for number in range(OFTEN - 1))


def test_flapping_is_news_once_for_as_long_as_it_goes_on() -> None:
    flapping = Flapping()
    news = [flapping.returned(number * 10.0) for number in range(40)]
    assert news.count(True) == 1
    assert news[OFTEN - 1]
    assert flapping.within(390.0) == (OFTEN - 1) * 10


def test_returns_that_are_far_apart_are_no_flapping() -> None:
    flapping = Flapping()
    assert not any(flapping.returned(number * WINDOW_SECONDS / 2) for number in range(40))


def test_after_a_quiet_time_flapping_is_news_again() -> None:
    flapping = Flapping()
    assert [flapping.returned(float(number)) for number in range(OFTEN)][-1]
    again = WINDOW_SECONDS * 3
    assert not flapping.returned(again)
    assert any(flapping.returned(again + number) for number in range(1, OFTEN))
