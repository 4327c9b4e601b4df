"""Which refusal is told."""

from __future__ import annotations

from argus_trio.core.refusals import CALM_SECONDS, Refusals


def test_the_first_of_a_crowd_is_news_and_none_that_follows_it_soon() -> None:
    refusals = Refusals()
    times = [0.0, 1.0, CALM_SECONDS, 2 * CALM_SECONDS, 3 * CALM_SECONDS + 1]
    assert [refusals.is_news(now) for now in times] == [True, False, False, False, True]
    assert refusals.count == len(times)
