"""Cutting a stream into lines: exact, linear and bounded."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.lines import BoundedLines, Lines, LineTooLong
from argus_trio.wire.outline import Oversized

chunks = st.lists(st.binary(max_size=12).map(lambda data: data.replace(b"a", b"\n").replace(b"b", b"\r")), max_size=12)


def test_lines_leave_without_their_ends_and_the_rest_stays() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntwo\r\n\nthr") == [b"one", b"two", b""]
    assert lines.feed(b"ee\r") == []
    assert lines.feed(b"\nfour") == [b"three"]
    assert lines.rest() == b"four"
    assert lines.rest() == b""


def test_a_lone_carriage_return_is_an_ordinary_byte() -> None:
    assert Lines().feed(b"a\rb\r\r\n") == [b"a\rb\r"]


@given(chunks)
def test_the_chunking_changes_nothing(pieces: list[bytes]) -> None:
    lines = Lines()
    cut = [line for piece in pieces for line in lines.feed(piece)]
    *expected, rest = b"".join(pieces).split(b"\n")
    assert cut == [line.removesuffix(b"\r") for line in expected]
    assert lines.rest() == rest


@given(st.lists(st.sampled_from((b"\n", b"\r\n", b"x", b"y" * 300, b"z" * 4096, b"w" * 5000)), max_size=40))
def test_long_lines_are_cut_as_short_ones(parts: list[bytes]) -> None:
    for lines in (Lines(), BoundedLines(limit=1_000_000)):
        *expected, rest = b"".join(parts).split(b"\n")
        assert lines.feed(b"".join(parts)) == [line.removesuffix(b"\r") for line in expected]
        assert lines.rest() == rest


@given(st.integers(1, 40), st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_the_limit_is_exact_whatever_the_chunking(length: int, sizes: list[int]) -> None:
    lines = Lines(limit=20)
    data = b"x" * length + b"\n"
    cut: list[bytes] = []

    def feed_all() -> None:
        position = 0
        while position < len(data):
            size = sizes[position % len(sizes)]
            cut.extend(lines.feed(data[position : position + size]))
            position += size

    if length > 20:
        with pytest.raises(LineTooLong):
            feed_all()
        assert lines.rest() == b""
    else:
        feed_all()
        assert cut == [b"x" * length]


def test_what_came_before_a_line_that_is_too_long_is_not_lost() -> None:
    lines = Lines(limit=4)
    assert lines.feed(b"on") == []
    with pytest.raises(LineTooLong, match="longer than 4 bytes") as caught:
        lines.feed(b"e\ntwo\n12345")
    assert caught.value.before == [b"one", b"two"]
    assert caught.value.limit == 4


def test_time_grows_with_the_bytes_and_not_with_their_square() -> None:
    def seconds(total: int) -> float:
        lines = Lines()
        began = time.process_time()
        for _ in range(total // 1024):
            lines.feed(b"x" * 1024)
        assert len(lines.feed(b"\n")[0]) == total
        return time.process_time() - began

    # Sixteen times the bytes would cost 256 times the time, were it quadratic; the allowance is for a noisy machine.
    assert seconds(16 * 1024 * 1024) < 80 * max(seconds(1024 * 1024), 0.002)


@given(chunks, st.integers(1, 9))
def test_a_line_beyond_the_bound_is_passed_over_and_all_others_are_there(pieces: list[bytes], limit: int) -> None:
    lines = BoundedLines(limit)
    cut = [line for piece in pieces for line in lines.feed(piece)]
    *expected, rest = b"".join(pieces).split(b"\n")
    assert cut == [
        line.removesuffix(b"\r") if len(line) <= limit else Oversized(head=line, tail=line, size=len(line))
        for line in expected
    ]
    assert lines.rest() == (rest if len(rest) <= limit else b"")


def test_no_more_than_the_bound_is_held_of_a_line_that_never_ends() -> None:
    lines = BoundedLines(100_000)
    tracemalloc.start()
    try:
        for _ in range(1000):
            assert lines.feed(b"x" * 65536) == []
        assert tracemalloc.get_traced_memory()[1] < 600_000
    finally:
        tracemalloc.stop()
    (cut, after) = lines.feed(b"\nnext\n")
    assert isinstance(cut, Oversized)
    assert (cut.size, after) == (65_536_000, b"next")
