"""Heads of answers, cut in every way: what h11 refuses is refused, and what both take means the same."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import attrs
import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.http1.answer_head import AnswerHead, AnswerHeadReader
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import Fields

LIMIT: Final = 2000


@attrs.frozen
class Meant:
    """What was made of the bytes of an answer: refused, or (without a status) not whole yet."""

    is_refused: bool = False
    status: int = 0
    fields: Fields = attrs.field(factory=list)
    body: str = ""
    is_kept: bool = False
    rest: bytes = b""


def ours(pieces: list[bytes]) -> Meant:
    reader = AnswerHeadReader(LIMIT)
    try:
        for at, piece in enumerate(pieces):
            if (head := reader.feed(piece)) is not None:
                rest = reader.rest + b"".join(pieces[at + 1 :])
                return Meant(False, head.status, head.fields, body_of(head), head.is_kept, rest)
    except HttpFault:
        return Meant(is_refused=True)
    return Meant()


def body_of(head: AnswerHead) -> str:
    if head.is_chunked:
        return "chunked"
    return "until close" if head.length is None else str(head.length)


def of_h11(whole: bytes) -> Meant:
    asked = h11.Connection(h11.CLIENT, max_incomplete_event_size=LIMIT)
    asked.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    asked.send(h11.EndOfMessage())
    if whole:
        asked.receive_data(whole)
    try:
        while isinstance(event := asked.next_event(), h11.InformationalResponse):
            pass
    except h11.RemoteProtocolError:
        return Meant(is_refused=True)
    if not isinstance(event, h11.Response):
        return Meant()
    fields = list(event.headers)
    known = dict(fields)
    if event.status_code in {204, 304}:
        body = "0"
    elif b"transfer-encoding" in known:
        body = "chunked"
    else:
        body = str(int(known[b"content-length"])) if b"content-length" in known else "until close"
    is_kept = asked.our_state is h11.DONE and body != "until close"
    is_kept = is_kept and not (body == "chunked" and b"content-length" in known)
    fields = [(name, bytes(value)) for name, value in fields]
    return Meant(False, event.status_code, fields, body, is_kept, asked.trailing_data[0])


def agree(whole: bytes, places: list[int]) -> Meant:
    """Compare the two, fed at once, in pieces and by single bytes; what we made of it."""
    at = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    found = ours([whole])
    assert found == ours([whole[start:end] for start, end in pairwise(at)])
    assert found == ours([whole[at : at + 1] for at in range(len(whole))])
    lowered = [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in found.fields]
    assert attrs.evolve(found, fields=lowered) == of_h11(whole)
    return found


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
BEHIND: Final = st.sampled_from([b"", b"x", b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
CUTS: Final = st.lists(st.integers(0, 2000), max_size=6)


@given(FIRST, ENDS, OTHERS, BEHIND, CUTS)
def test_a_head_of_every_kind_of_line_means_what_it_means_to_h11(
    first: bytes, end: bytes, others: list[tuple[bytes, bytes]], behind: bytes, places: list[int]
) -> None:
    agree(first + end + b"".join(line + end for line, end in others) + b"\r\n" + behind, places)


@given(st.lists(st.sampled_from(LINES[17:]), max_size=5), st.integers(0, 400), st.binary(max_size=2), CUTS)
def test_a_plain_head_with_one_change_means_what_it_means_to_h11(
    lines: list[bytes], place: int, change: bytes, places: list[int]
) -> None:
    whole = b"HTTP/1.1 200 OK\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\nbody"
    place %= len(whole)
    agree(whole[:place] + change + whole[place + 1 :], places)


@given(st.binary(max_size=60), CUTS)
def test_what_is_no_answer_means_what_it_means_to_h11(whole: bytes, places: list[int]) -> None:
    agree(whole, places)


@pytest.mark.parametrize("first", LINES[:17])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_every_line_behind_each_first_one_means_what_it_means_to_h11(first: bytes, end: bytes) -> None:
    for other in LINES:
        agree(first + end + b"x: y" + end + other + end + end + b"rest", [])


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
    assert ours([said[at : at + size] for at in range(0, len(said), size)]).is_refused


@pytest.mark.parametrize(
    "line", [b"a:" + b" " * 60_000 + b"\x00", b"a: b" + b" " * 60_000 + b"\r", b"a" * 60_000, b"a:\r\n" * 15_000]
)
def test_a_large_head_takes_no_longer_than_its_length(line: bytes) -> None:
    for _ in range(50):  # each of which takes seconds where spaces are tried in two ways
        try:
            AnswerHeadReader(1 << 17).feed(b"HTTP/1.1 200 OK\r\n" + line + b"\r\nx\r\n\r\n")
        except HttpFault:
            continue
