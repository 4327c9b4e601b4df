"""The breaker: hours of failing attempts, what is forgotten and when, and sessions that are renewed once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.health.backoff import Backoff
from argus_trio.core.health.breaker import Breaker


def breaker(**changes: float) -> Breaker:
    usual: dict[str, float] = {"stable_after": 30, "cooldown": 60} | changes
    return Breaker(backoff=Backoff(first=1, longest=30), threshold=4, **usual)


def test_it_opens_after_so_many_failures_in_a_row_and_tries_once_a_cooldown() -> None:
    one, now, waits = breaker(), 0.0, []
    for _ in range(6):
        waits.append(one.failed(now, 0.5))
        now += waits[-1]
    assert waits == [0.5, 1, 2, 60, 60, 60]
    assert one.is_open
    assert one.failures == 6


def test_half_a_day_of_failures_is_a_bounded_number_of_attempts() -> None:
    one, now, attempts = breaker(), 0.0, 0
    while now < 12 * 3600:
        now += one.failed(now, (attempts * 7 % 10) / 10)
        attempts += 1
    assert 12 * 60 * 0.9 <= attempts <= 12 * 60 * 1.2


@given(st.floats(0, 1, exclude_max=True))
def test_a_cooldown_is_spread_a_little(chance: float) -> None:
    one = breaker()
    for _ in range(10):
        wait = one.failed(0, chance)
    assert 54 <= wait <= 66


def test_what_failed_is_forgotten_only_after_a_stable_time() -> None:
    one = breaker()
    for _ in range(5):
        one.failed(0, 0.5)
    one.connected(100)
    assert one.is_open
    assert one.failed(129.9, 0.5) == 60
    one.connected(200)
    assert one.failed(230, 0.5) == 0.5
    assert one.failures == 1


def test_a_backend_that_flaps_is_not_hammered() -> None:
    one, now, attempts = breaker(), 0.0, 0
    while now < 3600:
        one.connected(now)
        now += 1  # it lives for a second
        now += one.failed(now, 0.5)
        attempts += 1
    assert attempts < 70


def test_no_wait_is_longer_than_the_longest() -> None:
    one = breaker(longest_wait=20)
    assert max(one.failed(0, 0.99) for _ in range(50)) == 20


@pytest.mark.parametrize(("again_at", "may"), [(10, False), (39.9, False), (40, True)])
def test_a_session_is_renewed_at_once_only_if_the_last_time_was_long_enough_ago(again_at: float, may: bool) -> None:
    one = breaker()
    assert one.may_renew(10)
    assert one.may_renew(again_at) is may
