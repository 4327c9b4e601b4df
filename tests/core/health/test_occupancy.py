"""How long serving takes: the recent mean, and what is still under way."""

from __future__ import annotations

import pytest

from argus_trio.core.health.occupancy import Occupancy


def test_nobody_has_been_served_in_no_time() -> None:
    assert Occupancy().service_time(100.0) == 0


def test_the_mean_follows_what_serving_takes_now() -> None:
    occupancy = Occupancy()
    for start in range(100):
        occupancy.begin(start)
        occupancy.end(start, start + 0.5)
    assert occupancy.service_time(200) == pytest.approx(0.5)
    for start in range(100, 200):
        occupancy.begin(start)
        occupancy.end(start, start + 2)
    assert occupancy.service_time(300) == pytest.approx(2, rel=0.01)


def test_what_takes_longer_than_ever_counts_by_its_age() -> None:
    occupancy = Occupancy()
    occupancy.begin(0)
    occupancy.end(0, 1)
    occupancy.begin(10)
    occupancy.begin(20)
    assert occupancy.count == 2
    assert occupancy.service_time(30) == pytest.approx(15)
    occupancy.end(10, 30)
    assert occupancy.service_time(120) == pytest.approx(100)
