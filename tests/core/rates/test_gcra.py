"""One bucket, against the simplest model of it: a number of calls that grows evenly up to the burst."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.rates.gcra import NANOSECONDS, BucketRule

RULES = st.builds(
    BucketRule.of, st.integers(1, 500), st.floats(0.001, 31_536_000), st.one_of(st.none(), st.integers(1, 500))
)


class Model:
    """What is left in a bucket, as an exact fraction of calls."""

    def __init__(self, rule: BucketRule, now_ns: int) -> None:
        self.rule, self.left, self.at = rule, Fraction(rule.burst), now_ns

    def takes(self, now_ns: int) -> bool:
        refilled = Fraction((now_ns - self.at) * self.rule.calls, self.rule.per_ns)
        self.left, self.at = min(Fraction(self.rule.burst), self.left + refilled), now_ns
        if self.left < 1:
            return False
        self.left -= 1
        return True


@given(RULES, st.integers(0, 10**18), st.lists(st.integers(0, 2 * 10**9), max_size=200))
def test_it_grants_exactly_what_a_bucket_that_refills_evenly_would(
    rule: BucketRule, now_ns: int, gaps: list[int]
) -> None:
    model, full_at = Model(rule, now_ns), 0
    for gap in gaps:
        now_ns += gap
        may = rule.wait_ns(full_at, now_ns) == 0
        assert may == model.takes(now_ns)
        if may:
            full_at = rule.charged(full_at, now_ns)
        assert (full_at <= rule.ticks(now_ns)) == (model.left == rule.burst)


@given(RULES, st.integers(0, 10**18))
def test_a_refused_call_may_come_after_the_wait_and_not_a_nanosecond_before(rule: BucketRule, now_ns: int) -> None:
    full_at = 0
    for _ in range(rule.burst):
        assert rule.wait_ns(full_at, now_ns) == 0
        full_at = rule.charged(full_at, now_ns)
    wait = rule.wait_ns(full_at, now_ns)
    assert wait > 0
    assert rule.wait_ns(full_at, now_ns + wait) == 0
    assert rule.wait_ns(full_at, now_ns + wait - 1) == 1


def test_calls_is_how_many_come_at_once_where_burst_does_not_say_otherwise() -> None:
    assert BucketRule.of(120, 60) == BucketRule(calls=120, per_ns=60 * NANOSECONDS, burst=120)
    assert BucketRule.of(120, 60, 5).burst == 5


def test_nothing_is_lost_to_rounding_in_hours() -> None:
    rule, full_at, now_ns = BucketRule.of(7, 1.0, 1), 0, 0
    granted = 0
    while (
        now_ns < 31_536 * NANOSECONDS
    ):  # a call is due each 142857142.857… ns; who comes at once is granted 7 a second
        full_at = rule.charged(full_at, now_ns)
        granted += 1
        now_ns += rule.wait_ns(full_at, now_ns)
    assert granted == 7 * 31_536
