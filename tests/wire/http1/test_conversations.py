"""What clients say, cut in every way, beside h11: what h11 refuses is refused, and what both take means the same."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.support.conversations import (
    MAX_HEAD_BYTES,
    STRICTER_BODIES,
    STRICTER_HEADS,
    Conversation,
    End,
    as_h11_reads,
    as_we_read,
    compare,
    reasons,
)
from tests.wire.support.said import CUTS, PLAIN, STREAMS


@given(STREAMS, CUTS)
def test_requests_that_are_nearly_right_mean_what_they_mean_to_h11(whole: bytes, places: list[int]) -> None:
    compare(whole, places)


@given(st.integers(0, len(PLAIN)), st.integers(0, 4), st.binary(max_size=3), CUTS)
def test_requests_with_one_change_mean_what_they_mean_to_h11(
    place: int, gone: int, put: bytes, places: list[int]
) -> None:
    compare(PLAIN[:place] + put + PLAIN[place + gone :], places)


@given(st.binary(max_size=60), CUTS)
def test_bytes_of_any_kind_are_refused_where_h11_refuses_them(whole: bytes, places: list[int]) -> None:
    compare(whole, places)


@pytest.mark.parametrize("where", [b"G%bT / HTTP/1.1", b"GET /%b HTTP/1.1", b"GET / HTTP/1.1%b", b"n%b: v", b"n: v%bw"])
def test_each_byte_at_each_kind_of_place_means_what_it_means_to_h11(where: bytes) -> None:
    for byte in range(256):
        line = where.replace(b"%b", bytes([byte]))
        first, further = (line, b"") if b"HTTP" in line else (b"GET / HTTP/1.1", line + b"\r\n")
        compare(first + b"\r\nHost: h\r\n" + further + b"\r\n", [len(first), len(first) + 1])


STRICTER_BY_NAME: Final = {
    "a line ends in a line feed alone": b"GET / HTTP/1.1\nHost: h\n\n",
    "a line is folded": b"GET / HTTP/1.1\r\nHost: h\r\nn: a\r\n b\r\n\r\n",
    "a control character in a value": b"GET / HTTP/1.1\r\nHost: h\r\nn: a\x7fb\r\n\r\n",
    "a version that is not spoken": b"GET / HTTP/1.2\r\nHost: h\r\n\r\n",
    "too large, but it came at once": b"GET / HTTP/1.1\r\nHost: h\r\nn: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n",
    "a carriage return in a line of a chunk": (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a\rb\r\na\r\n0\r\n\r\n"
    ),
    "a trailer that says where the body ends": (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n"
    ),
}


@pytest.mark.parametrize("reason", [*STRICTER_HEADS, *STRICTER_BODIES])
def test_what_h11_takes_and_we_do_not_is_this(reason: str) -> None:
    whole = STRICTER_BY_NAME[reason]
    assert len(as_h11_reads(whole).asked) == 1
    assert reasons(whole) == [reason]
    assert as_we_read([whole]) == Conversation(asked=[], end=End.REFUSED)


def test_nothing_is_read_behind_a_request_of_two_lengths() -> None:
    whole = PLAIN.replace(b"Expect: 100-continue", b"Content-Length: 4")
    assert [asked.is_last for asked in compare(whole, []).asked] == [False, True]


def test_both_take_what_is_plain_and_it_is_all_there() -> None:
    found = compare(PLAIN, [])
    assert found.end is End.LAST
    assert [(asked.method, asked.body) for asked in found.asked] == [("POST", b"abc"), ("POST", b"abc"), ("GET", b"")]
    assert [asked.waits_to_continue for asked in found.asked] == [False, True, False]
