"""Prometheus' text format, version 0.0.4: families of samples to lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isinf, isnan
from typing import Final, Literal

import attrs

from argus_trio import Value

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_ESCAPED_HELP: Final = str.maketrans({"\\": "\\\\", "\n": "\\n"})

Labels = Mapping[str, str]


@attrs.frozen(kw_only=True)
class Sample(Value):
    """One value, with the labels that tell it from the others of its family."""

    value: float
    labels: Labels = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Distribution(Value):
    """The values of a histogram: how many fell below each bound, those below smaller ones included."""

    labels: Labels
    bounds: Sequence[float]
    cumulated: Sequence[int]
    count: int
    sum: float


@attrs.frozen(kw_only=True)
class Family(Value):
    """One metric: its name, what it is, and its samples."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Iterable[Sample | Distribution]


def family_lines(family: Family) -> Iterator[str]:
    """The lines of one metric; those of each sample come in one piece, each line with its end."""
    yield f"# HELP {family.name} {family.help.translate(_ESCAPED_HELP)}\n# TYPE {family.name} {family.kind}\n"
    for sample in family.samples:
        labels = _labels(sample.labels)
        if isinstance(sample, Distribution):
            yield _distribution_lines(family.name, labels, sample)
        else:
            yield f"{family.name}{_braced(labels)} {_number(sample.value)}\n"


def _distribution_lines(name: str, labels: str, sample: Distribution) -> str:
    comma = "," if labels else ""
    pairs = zip((*sample.bounds, inf), (*sample.cumulated, sample.count), strict=True)
    buckets = [f'{name}_bucket{{{labels}{comma}le="{_number(bound)}"}} {count}\n' for bound, count in pairs]
    braced = _braced(labels)
    return f"{''.join(buckets)}{name}_sum{braced} {_number(sample.sum)}\n{name}_count{braced} {sample.count}\n"


def _labels(labels: Labels) -> str:
    return ",".join(f'{key}="{value.translate(_ESCAPED)}"' for key, value in labels.items())


def _braced(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)
