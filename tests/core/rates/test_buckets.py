"""The buckets of limits: all or nothing, bounds, and what a crowd is granted over a day."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.core.rates.buckets import SWEEP_NS, Buckets, Charge, take
from argus_trio.core.rates.gcra import NANOSECONDS, BucketRule

DAY_NS = 86_400 * NANOSECONDS


def granted(buckets: Buckets, caller: str, now_ns: int) -> bool:
    return take([buckets], [Charge(0, caller)], now_ns) is None


def test_a_thousand_callers_over_a_day_are_granted_exactly_what_they_should_be() -> None:
    rule = BucketRule.of(3, 3600.0, 5)
    buckets = Buckets(rule)
    random = Random(12)
    asked = sorted((random.randrange(DAY_NS), random.randrange(1000)) for _ in range(120_000))
    left = dict.fromkeys(range(1000), 5 * rule.per_ns)  # in ticks of which a call takes `per_ns`
    at = dict.fromkeys(range(1000), 0)
    for now_ns, caller in asked:
        left[caller] = min(5 * rule.per_ns, left[caller] + (now_ns - at[caller]) * rule.calls)
        at[caller] = now_ns
        may = left[caller] >= rule.per_ns
        left[caller] -= rule.per_ns if may else 0
        assert granted(buckets, f"p:{caller}", now_ns) == may


def test_callers_who_never_cease_to_ask_are_granted_the_burst_and_the_refill_and_no_call_more() -> None:
    buckets = Buckets(BucketRule.of(1, 600.0, 10))
    counts = dict.fromkeys((f"p:{number}" for number in range(1000)), 0)
    for now_ns in range(0, DAY_NS, 600 * NANOSECONDS):
        for caller in counts:
            while granted(buckets, caller, now_ns):
                counts[caller] += 1
    assert set(counts.values()) == {10 + 143}


@settings(deadline=None)  # a busy machine is no fault of the core's
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**9)), max_size=60))
def test_when_one_limit_refuses_no_other_is_charged(steps: list[tuple[int, int]]) -> None:
    narrow, wide = Buckets(BucketRule.of(2, 1.0)), Buckets(BucketRule.of(5, 2.0))
    alone_narrow, alone_wide = Buckets(narrow.rule), Buckets(wide.rule)
    now_ns = 0
    for caller, gap in steps:
        now_ns += gap
        name = f"p:{caller}"
        may = not alone_narrow.wait_ns(name, now_ns) and not alone_wide.wait_ns("", now_ns)
        assert (take([narrow, wide], [Charge(0, name), Charge(1, "")], now_ns) is None) == may
        if may:
            alone_narrow.charge(name, now_ns)
            alone_wide.charge("", now_ns)


def test_of_several_limits_that_refuse_the_one_that_does_so_longest_is_told() -> None:
    limits = [Buckets(BucketRule.of(1, 1.0)), Buckets(BucketRule.of(1, 60.0)), Buckets(BucketRule.of(9, 1.0))]
    charges = [Charge(number, "p:a") for number in range(3)]
    assert take(limits, charges, 0) is None
    shortage = take(limits, charges, NANOSECONDS // 2)
    assert shortage is not None
    assert (shortage.limit, shortage.wait_ns) == (1, 59_500_000_000)


def test_full_buckets_are_forgotten_as_new_callers_come() -> None:
    buckets = Buckets(BucketRule.of(60, 60.0))
    for number in range(5000):
        assert granted(buckets, f"p:{number}", SWEEP_NS)
    assert len(buckets) == 5000
    for number in range(200):
        assert granted(buckets, f"p:later {number}", 3 * SWEEP_NS)
    assert len(buckets) == 200


def test_callers_who_come_once_leave_nothing_behind() -> None:
    buckets, most = Buckets(BucketRule.of(60, 60.0)), 0
    for number in range(100_000):
        assert granted(buckets, f"p:{number}", number * NANOSECONDS)
        most = max(most, len(buckets))
    assert most < 200


def test_at_the_bound_new_names_bring_nobody_a_fresh_bucket_and_those_known_keep_theirs() -> None:
    buckets = Buckets(BucketRule.of(2, 3600.0), 100)
    assert granted(buckets, "a:198.51.100.7", 0)
    flood = [f"a:2001:db8:0:{number:x}::" for number in range(1000)]
    assert sum(granted(buckets, name, 0) for name in flood) == 99 + 2
    assert not granted(buckets, "a:2001:db8:7::", NANOSECONDS)
    assert granted(buckets, "a:203.0.113.1", NANOSECONDS)  # of another network
    assert [granted(buckets, "a:198.51.100.7", NANOSECONDS) for _ in range(2)] == [True, False]
    assert len(buckets) == 100 + 2


def test_room_at_the_bound_is_found_again_once_buckets_are_full() -> None:
    buckets = Buckets(BucketRule.of(1, 1.0), 10)
    assert all(granted(buckets, f"p:{number}", 0) for number in range(10))
    assert granted(buckets, "p:x", 0)  # of the crowd
    assert not granted(buckets, "p:y", 0)
    assert granted(buckets, "p:y", NANOSECONDS)
    assert granted(buckets, "p:z", NANOSECONDS)
