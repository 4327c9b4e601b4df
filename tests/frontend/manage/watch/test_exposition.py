"""Prometheus' text format as it is written."""

from __future__ import annotations

from math import inf, nan

import pytest

from argus_trio.frontend.manage.watch.exposition import Distribution, Family, Sample, family_lines
from tests.frontend.manage.watch.exposition_reader import read_exposition

ODD = 'a\\b"c\nd é {},='


def written(*families: Family) -> str:
    return "".join(line for family in families for line in family_lines(family))


def test_labels_and_help_are_escaped() -> None:
    samples = (Sample(value=1, labels={"backend": ODD}), Sample(value=2.5, labels={"backend": ""}))
    text = written(Family(name="x_total", kind="counter", help="one\ntwo \\ three", samples=samples))
    read = read_exposition(text)["x_total"]
    assert read.help == "one\\ntwo \\\\ three"
    assert read.value(backend=ODD) == 1
    assert read.value(backend="") == 2.5


def test_a_histogram_has_every_bucket_and_the_last_is_the_count() -> None:
    one = Distribution(labels={"tool": "t"}, bounds=(0.002, 0.5), cumulated=(1, 3), count=4, sum=7.25)
    bare = Distribution(labels={}, bounds=(1.0,), cumulated=(0,), count=0, sum=0.0)
    text = written(Family(name="d", kind="histogram", help="x", samples=(one, bare)))
    assert text.splitlines()[2:] == [
        'd_bucket{tool="t",le="0.002"} 1',
        'd_bucket{tool="t",le="0.5"} 3',
        'd_bucket{tool="t",le="+Inf"} 4',
        'd_sum{tool="t"} 7.25',
        'd_count{tool="t"} 4',
        'd_bucket{le="1"} 0',
        'd_bucket{le="+Inf"} 0',
        "d_sum 0",
        "d_count 0",
    ]
    read_exposition(text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(True, "1"), (0.0, "0"), (1e20, "1e+20"), (0.1, "0.1"), (inf, "+Inf"), (-inf, "-Inf"), (nan, "NaN")],
)
def test_numbers_are_those_of_the_format(value: float, shown: str) -> None:
    text = written(Family(name="g", kind="gauge", help="x", samples=(Sample(value=value),)))
    assert text.splitlines()[-1] == f"g {shown}"
