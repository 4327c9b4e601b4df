"""Figures of calls: quantiles, the latest minute, and how many names are kept."""

from __future__ import annotations

import random

import attrs
import pytest

from argus_trio.core.figures import MOST_SERIES, OTHER, Figures, Series


@attrs.define
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def series_of(figures: Figures) -> dict[tuple[str, str], Series]:
    return {(backend, tool): series for backend, tool, series in figures}


def test_a_call_counts_for_its_tool_and_for_its_backend() -> None:
    figures = Figures(now=Clock())
    figures.record("files", "read", "ok", 0.01)
    figures.record("files", "read", "tool_error", 0.02)
    figures.record("files", "write", "error", 0.03)
    figures.record("files", "", "cancelled", 0.04)
    found = series_of(figures)
    assert [(key, each.calls, each.errors) for key, each in found.items()] == [
        (("files", ""), 1, 0),
        (("files", "read"), 2, 1),
        (("files", "write"), 1, 1),
    ]
    assert found["files", "read"].outcomes == {"ok": 1, "tool_error": 1, "error": 0, "cancelled": 0}
    assert figures.backends["files"].calls == 4
    assert figures.backends["files"].seconds == pytest.approx(0.1)


def test_the_latest_minute_forgets_what_is_older() -> None:
    clock = Clock()
    figures = Figures(now=clock)
    for _ in range(100):
        figures.record("a", "t", "ok", 0.1)
    series = series_of(figures)["a", "t"]
    latest = series.last_minute(clock.now)
    assert (latest.calls, latest.errors) == (100, 0)
    assert latest.per_second == pytest.approx(10)
    clock.now += 30
    assert series.last_minute(clock.now).calls == 100
    assert series.last_minute(clock.now).per_second == 0
    clock.now += 31
    assert series.last_minute(clock.now) == attrs.evolve(latest, calls=0, errors=0, per_second=0.0, p50=None, p99=None)
    figures.record("a", "t", "error", 0.1)
    assert series.last_minute(clock.now).calls == 1, "a slot that is used again begins anew"
    assert series.calls == 101


@pytest.mark.parametrize("scale", [0.0005, 0.02, 1.0, 60.0])
def test_quantiles_are_right_within_a_fifth_whatever_the_size(scale: float) -> None:
    clock, chance = Clock(), random.Random(7)
    figures = Figures(now=clock)
    durations = sorted(scale * chance.lognormvariate(0, 0.7) for _ in range(5000))
    for duration in durations:
        figures.record("a", "t", "ok", duration)
    latest = figures.backends["a"].last_minute(clock.now)
    assert latest.p50 == pytest.approx(durations[2500], rel=0.2, abs=0.0005)
    assert latest.p99 == pytest.approx(durations[4950], rel=0.2, abs=0.0005)


def test_what_takes_longer_than_all_bounds_is_counted_all_the_same() -> None:
    figures = Figures(now=Clock())
    figures.record("a", "t", "ok", 1e6)
    series = figures.backends["a"]
    assert series.durations[-1] == 1
    assert series.last_minute(1000.0).p99 == pytest.approx(740, rel=0.01)


def test_beyond_the_bound_the_tools_that_were_called_longest_ago_are_among_others() -> None:
    clock = Clock()
    figures = Figures(now=clock)
    for number in range(MOST_SERIES + 1):
        clock.now += 1
        figures.record("a", f"t{number}", "ok", 0.1)
    found = series_of(figures)
    assert len(found) <= MOST_SERIES
    assert ("a", "t0") not in found
    assert ("a", f"t{MOST_SERIES}") in found
    assert sum(each.calls for each in found.values()) == MOST_SERIES + 1, "none is lost"
    assert found["a", OTHER].calls > 1
    assert found["a", OTHER].last_minute(clock.now).calls == 0
    assert figures.backends["a"].calls == MOST_SERIES + 1


def test_series_stay_bounded_however_many_backends_there_are() -> None:
    figures = Figures(now=Clock())
    for number in range(5000):
        figures.record(f"b{number}", "t", "ok", 0.1)
    assert len(figures) <= MOST_SERIES + 16
    assert sum(each.calls for _, _, each in figures) == 5000


def test_the_minute_of_what_is_added_together_is_that_of_both() -> None:
    first, second = Series(), Series()
    first.record(1000.0, "ok", 0.1)
    second.record(1000.0, "error", 0.1)
    second.record(1020.0, "ok", 0.1)
    first.add(second)
    assert (first.calls, first.errors, first.latest) == (3, 1, 1020.0)
    latest = first.last_minute(1020.0)
    assert (latest.calls, latest.errors) == (3, 1)


def test_what_a_reload_removed_is_forgotten() -> None:
    figures = Figures(now=Clock())
    for backend in ("a", "b", ""):
        figures.record(backend, "t", "ok", 0.1)
    figures.keep_backends({"b"})
    assert [backend for backend, _, _ in figures] == ["", "b"]
    assert sorted(figures.backends) == ["", "b"]
