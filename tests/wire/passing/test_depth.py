"""The depth of a text is that which a parser finds, whatever stands in its strings."""

from __future__ import annotations

import json
import re
import time
from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.passing.depth import is_deeper
from tests.wire.support.json_texts import raw_values

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))


def depth_of(text: bytes) -> int:
    """The depth by a regular expression, which takes twenty times as long."""
    steps = _STRING.sub(b"", text).translate(None, _NOT_BRACKETS).translate(_STEPS)
    return max(0, *accumulate(array("b", steps)), 0)


class Object:
    """A JSON object with its duplicate keys."""

    __match_args__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs


def parsed_depth(found: object) -> int:
    match found:
        case Object(pairs):
            return 1 + max((parsed_depth(inner) for _, inner in pairs), default=0)
        case list():
            return 1 + max(map(parsed_depth, found), default=0)
        case _:
            return 0


def is_exactly(text: bytes, depth: int) -> bool:
    return not is_deeper(text, depth) and (depth == 0 or is_deeper(text, depth - 1))


quoted = st.text(st.sampled_from('[]{}"\\/nbu \n')).map(json.dumps)
"""Strings of what is hard to tell from structure."""
hard_values = st.recursive(
    quoted | st.just("1"),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda found: "[" + ",".join(found) + "]")
        | st.lists(st.tuples(quoted, inner), max_size=3).map(
            lambda found: "{" + ",".join(f"{key}:{value}" for key, value in found) + "}"
        )
    ),
    max_leaves=40,
)


@given(raw_values | hard_values)
def test_the_depth_is_what_a_parser_finds(value: str) -> None:
    depth = parsed_depth(json.loads(value, object_pairs_hook=Object))
    assert depth_of(value.encode()) == depth
    assert is_exactly(value.encode(), depth)


@given(st.lists(st.tuples(hard_values, st.integers(1, 140)), min_size=1, max_size=4), st.integers(0, 9))
def test_a_depth_near_the_bound_is_exact(parts: list[tuple[str, int]], before: int) -> None:
    nested = ("[" * depth + value + "]" * depth for value, depth in parts)
    text = ("[" + ",".join(["[]"] * before + list(nested)) + "]").encode()
    for limit in (120, 124, 125, 126, 127, 128, 129, 130, 140):
        assert is_deeper(text, limit) is (depth_of(text) > limit)


@given(st.binary() | st.text(st.sampled_from('[]{}"\\n')).map(str.encode), st.integers(0, 5))
def test_any_bytes_are_measured(text: bytes, limit: int) -> None:
    assert is_deeper(text, limit) in (True, False)


@given(st.text(st.sampled_from('[]{}" ')).map(str.encode), st.integers(0, 5))
def test_what_is_no_json_is_measured_alike_where_it_has_no_backslash(text: bytes, limit: int) -> None:
    assert is_deeper(text, limit) is (depth_of(text) > limit)


PIECES = [b'"', b'"[', b"\\", b'\\"', b"[", b'{"', b'"\\', b"[]", b'"[]",', b'{"a":', b"[[]],", b'"\\\\[",']


@pytest.mark.parametrize("piece", PIECES)
def test_it_takes_time_in_proportion_whatever_the_text(piece: bytes) -> None:
    def seconds(size: int) -> float:
        text = b"[" * 126 + piece * (size // len(piece))
        began = time.process_time()
        is_deeper(text, 128)
        return time.process_time() - began

    # Were it quadratic, 16 times the text would take 256 times the time; the allowance is for a noisy machine.
    assert seconds(1_600_000) < 80 * max(seconds(100_000), 0.002)
