"""Backoff: it grows, it stops growing, it is never immediate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.health.backoff import Backoff


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(first=1, longest=10)
    assert [backoff.delay(n, 1.0) for n in (1, 2, 3, 4, 5, 500)] == [1, 2, 4, 8, 10, 10]


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_a_delay_is_anything_up_to_its_ceiling_but_never_nothing(failures: int, chance: float) -> None:
    backoff = Backoff(first=1, longest=60)
    ceiling = backoff.delay(failures, 1.0)
    assert 0.1 <= backoff.delay(failures, chance) <= ceiling <= 60
    assert backoff.delay(failures, chance) == max(0.1, ceiling * chance)
