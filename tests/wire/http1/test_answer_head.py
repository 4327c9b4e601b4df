"""Answers, cut in every way: what h11 refuses is refused, and what both take means the same."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.http1.answer_head import AnswerHead, AnswerHeadReader
from argus_trio.wire.http1.chunked import MAX_LINE_BYTES
from argus_trio.wire.http1.fault import HttpFault
from tests.wire.support.answers import LIMIT, STRICTER, OfH11, Outcome, as_we_read, compare, reasons

LINES: Final = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200",
    b"HTTP/1.1 200 ",
    b"HTTP/1.0 200 OK",
    b"HTTP/2.0 404 No",
    b"HTTP/1.1 204 None",
    b"HTTP/1.1 304 Same",
    b"HTTP/1.1 100 Go on",
    b"HTTP/1.1 101 Switch",
    b"HTTP/1.1 099 Odd",
    b"HTTP/1.1 999 \xe9\x01\t",
    b"HTTP/1.1  200 OK",
    b"http/1.1 200 OK",
    b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 200 O\x00K",
    b"HTTP/1.1\t200 OK",
    b"HTTP/1.1 200\tOK",
    b"A: b",
    b"a:",
    b"a: \t b c \t",
    b"a:b:c",
    b"a : b",
    b" a: b",
    b"\t folded",
    b": x",
    b"a",
    b"",
    b"a\xe9: b",
    b"a: \xe9\x01\x7f",
    b"a: \x00",
    b"a: \x0b",
    b"a: b\rc",
    b"a: b\x0c",
    b"a: b\r",
    b"\r",
    b"a(: b",
    b"Content-Length: 5",
    b"content-length:  5 ",
    b"Content-Length: 6",
    b"Content-Length: 5, 5",
    b"Content-Length: 5,6",
    b"Content-Length: +5",
    b"Content-Length: -1",
    b"Content-Length: 0x5",
    b"Content-Length:",
    b"Content-Length: 5,",
    b"Content-Length: " + b"1" * 20,
    b"Content-Length: " + b"1" * 21,
    b"Content-Length: 05",
    b"Content-Length: 5 5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding:",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked,",
    b"Connection: close",
    b"Connection: Keep-Alive, CLOSE",
    b"Connection: closed",
    b"Connection: close;x",
    b"Connection:",
]
ENDS: Final = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r", b"\n\r\n", b"\n\n"])
FIRST: Final = st.sampled_from(LINES[:1] * 6 + LINES[:17])
OTHERS: Final = st.lists(st.tuples(st.sampled_from(LINES), ENDS), max_size=6)
BEHIND: Final = st.sampled_from(
    [
        b"",
        b"x",
        b"\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"5\r\nabcde\r\n0\r\n\r\n",
        b"1;x\r\na\r\n0\r\nt: v\r\n\r\nz",
        b"5\r\nab",
    ]
)
CUTS: Final = st.lists(st.integers(0, 2000), max_size=6)


@given(FIRST, ENDS, OTHERS, BEHIND, CUTS)
def test_a_head_of_every_kind_of_line_means_what_it_means_to_h11(
    first: bytes, end: bytes, others: list[tuple[bytes, bytes]], behind: bytes, places: list[int]
) -> None:
    compare(first + end + b"".join(line + end for line, end in others) + b"\r\n" + behind, places)


@given(st.lists(st.sampled_from(LINES[17:]), max_size=5), st.integers(0, 400), st.binary(max_size=2), CUTS)
def test_a_plain_head_with_one_change_means_what_it_means_to_h11(
    lines: list[bytes], place: int, change: bytes, places: list[int]
) -> None:
    whole = b"HTTP/1.1 200 OK\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\nbody"
    place %= len(whole)
    compare(whole[:place] + change + whole[place + 1 :], places)


@given(st.binary(max_size=60), CUTS)
def test_what_is_no_answer_means_what_it_means_to_h11(whole: bytes, places: list[int]) -> None:
    compare(whole, places)


@pytest.mark.parametrize("first", LINES[:17])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_every_line_behind_each_first_one_means_what_it_means_to_h11(first: bytes, end: bytes) -> None:
    for other in LINES:
        compare(first + end + b"x: y" + end + other + end + end + b"rest", [])


STRICTER_BY_NAME: Final = {
    "a carriage return in a line of a chunk": b"1;a\rb\r\na\r\n0\r\n\r\n",
    "a trailer that says where the body ends": b"0\r\nContent-Length: 3\r\n\r\n",
    "a line of a chunk, or trailers, too long": b"0\r\nt: " + b"v" * MAX_LINE_BYTES + b"\r\n\r\n",
}


@pytest.mark.parametrize("reason", STRICTER)
def test_what_h11_takes_in_an_answer_and_we_do_not_is_this(reason: str) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + STRICTER_BY_NAME[reason]
    assert OfH11(whole).answered().outcome is Outcome.WHOLE
    assert reasons(whole) == [reason]
    assert compare(whole, [], byte_by_byte=False).outcome is Outcome.REFUSED


def test_a_plain_head_is_taken_apart() -> None:
    reader = AnswerHeadReader(LIMIT)
    said = b"HTTP/1.1 200 OK\r\nContent-Type: a/b \r\nX:\r\nContent-Length: 4\r\nX: \t1: 2\r\n\r\nbody"
    fields = [(b"content-type", b"a/b"), (b"x", b""), (b"content-length", b"4"), (b"x", b"1: 2")]
    wanted = AnswerHead(status=200, fields=fields, length=4, is_chunked=False, is_kept=True)
    assert reader.feed(said) == wanted
    assert reader.rest == b"body"


def test_an_answer_that_says_a_length_and_chunks_is_the_last_of_its_connection() -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    head = AnswerHeadReader(LIMIT).feed(said)
    assert head is not None
    assert (head.length, head.is_chunked, head.is_kept) == (None, True, False)


@pytest.mark.parametrize("size", [1, 100, 1 << 20])
@pytest.mark.parametrize("end", [b"", b"\r\n\r\n", b"\n\n"])
def test_a_head_beyond_the_bound_is_refused_whole_or_not(size: int, end: bytes) -> None:
    said = b"HTTP/1.1 200 OK\r\nx: " + b"y" * LIMIT + end
    assert as_we_read([said[at : at + size] for at in range(0, len(said), size)]).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "line", [b"a:" + b" " * 60_000 + b"\x00", b"a: b" + b" " * 60_000 + b"\r", b"a" * 60_000, b"a:\r\n" * 15_000]
)
def test_a_large_head_takes_no_longer_than_its_length(line: bytes) -> None:
    for _ in range(50):  # each of which takes seconds where spaces are tried in two ways
        try:
            AnswerHeadReader(1 << 17).feed(b"HTTP/1.1 200 OK\r\n" + line + b"\r\nx\r\n\r\n")
        except HttpFault:
            continue


def test_what_only_informs_is_no_longer_in_all_than_a_head_may_be() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    reader, some = AnswerHeadReader(LIMIT), LIMIT // len(early) - 1
    for _ in range(some):
        assert reader.feed(early) is None
    head = reader.feed(b"HTTP/1.1 204 None\r\n\r\n")
    assert head is not None
    assert head.status == 204
    with pytest.raises(HttpFault, match="too long"):
        AnswerHeadReader(LIMIT).feed(early * (some + 2))
