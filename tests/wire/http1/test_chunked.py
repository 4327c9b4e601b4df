"""Bodies in chunks, cut in every way: what h11 refuses is refused, and what both take means the same."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import attrs
import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.http1.chunked import MAX_LINE_BYTES, Chunked
from argus_trio.wire.http1.fault import HttpFault

STRICTER: Final = re.compile(rb"\r[^\n]|\r\r|(?i:content-length|transfer-encoding)")
"""What h11 takes within an extension, or as a trailer, and we do not."""


@attrs.frozen
class Read:
    """What was made of a body: `pieces` joined, and either a fault or where it ended."""

    body: bytes
    is_refused: bool = False
    is_complete: bool = False
    rest: bytes = b""


def ours(pieces: list[bytes]) -> Read:
    chunked, body = Chunked(), b""
    try:
        for piece in pieces:
            body += b"".join(chunked.feed(piece))
        if chunked.fault:
            chunked.feed(b"")
    except HttpFault:
        return Read(body, is_refused=True)
    return Read(body, is_complete=chunked.is_complete, rest=chunked.rest)


def of_h11(whole: bytes) -> Read:
    asked = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_LINE_BYTES)
    asked.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    asked.send(h11.EndOfMessage())
    asked.receive_data(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + whole)
    body, is_complete = b"", False
    try:
        while (event := asked.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            body += bytes(event.data) if isinstance(event, h11.Data) else b""
            if isinstance(event, h11.EndOfMessage):
                is_complete = True
                break
    except h11.RemoteProtocolError:
        return Read(body, is_refused=True)
    return Read(body, is_complete=is_complete, rest=asked.trailing_data[0] if is_complete else b"")


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    at = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(at)]


def agree(whole: bytes, places: list[int]) -> Read:
    """Compare the two, fed at once, in pieces and by single bytes; what we made of it."""
    theirs = of_h11(whole)
    found = ours([whole])
    assert found == ours(cut(whole, places)) == ours([whole[at : at + 1] for at in range(len(whole))])
    assert found == theirs or (found.is_refused and STRICTER.search(whole))
    return found


WORDS: Final = [
    b"0",
    b"1",
    b"3",
    b"a",
    b"0" * 20,
    b"1" + b"0" * 20,
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b";",
    b";a=b",
    b"=",
    b"-1",
    b"+1",
    b"0x2",
    b"_",
    b"abc",
    b"x",
    b"\x00",
    b"\x0b",
    b"\xff",
    b":",
    b"t: v",
    b"t",
    b"Content-Length: 1",
    b"0\r\n\r\n",
    b"3\r\nabc\r\n",
]
MIXED: Final = st.lists(st.sampled_from(WORDS), max_size=14).map(b"".join)
CHUNK: Final = st.builds(
    lambda data, extension, padding: b"%X%b%b\r\n%b\r\n" % (len(data), extension, padding, data),
    st.binary(min_size=1, max_size=40),
    st.sampled_from([b"", b";", b";a", b'; q="x;y"', b";\x01\xff"]),
    st.sampled_from([b"", b" ", b"\t "]),
)
TRAILERS: Final = st.lists(
    st.sampled_from(
        [b"a: b\r\n", b"A:\r\n", b"x: 1\n", b"x: y\r\n z\r\n", b" z\r\n", b"bad name: x\r\n", b"n: \x00\r\n"]
    ),
    max_size=3,
).map(b"".join)
CUTS: Final = st.lists(st.integers(0, 2000), max_size=6)


@given(MIXED, CUTS)
def test_bytes_of_every_kind_mean_what_they_mean_to_h11(whole: bytes, places: list[int]) -> None:
    agree(whole, places)


@given(st.lists(CHUNK, max_size=5), TRAILERS, st.binary(max_size=5), CUTS)
def test_a_body_that_is_nearly_right_means_what_it_means_to_h11(
    chunks: list[bytes], trailers: bytes, behind: bytes, places: list[int]
) -> None:
    agree(b"".join(chunks) + b"0\r\n" + trailers + b"\r\n" + behind, places)


@given(st.lists(CHUNK, min_size=1, max_size=4), st.integers(0, 200), st.sampled_from(WORDS), CUTS)
def test_a_body_with_one_change_means_what_it_means_to_h11(
    chunks: list[bytes], place: int, word: bytes, places: list[int]
) -> None:
    whole = b"".join(chunks) + b"0\r\n\r\n"
    agree(whole[: place % len(whole)] + word + whole[place % len(whole) + 1 :], places)


def test_a_body_is_given_in_slices_of_what_came() -> None:
    chunked = Chunked()
    assert chunked.feed(b"3\r\nabc\r\n2;x=y \r\nde\r\n5\r\nfg") == [b"abc", b"de", b"fg"]
    within = b"hij"
    assert chunked.feed(within)[0] is within
    assert chunked.feed(b"\r\n0\r\nTrailer: t\r\n\r\nnext") == []
    assert chunked.is_complete
    assert chunked.feed(b" one") == []
    assert chunked.rest == b"next one"


def test_what_came_before_a_fault_is_given_before_it_is_raised() -> None:
    chunked = Chunked()
    assert chunked.feed(b"3\r\nabc\r\nzz\r\n") == [b"abc"]
    assert chunked.fault is not None
    for _ in range(2):
        with pytest.raises(HttpFault, match="size is malformed"):
            chunked.feed(b"")


@pytest.mark.parametrize(
    "said",
    [
        b"\r\n",
        b"g\r\n",
        b"-1\r\n",
        b"0x1\r\n",
        b" 1\r\n",
        b"1 ;x\r\n",
        b"1\n2\r\n",
        b"1;a\nb\r\n",
        b"1;a\rb\r\n",
        b"1" * 21 + b"\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"1\r\na\r\r",
        b"0\r\n a: b\r\n\r\n",
        b"0\r\na b: c\r\n\r\n",
        b"0\r\na: \x00\r\n\r\n",
        b"0\r\nContent-Length: 1\r\n\r\n",
        b"0\r\ntransfer-encoding: chunked\r\n\r\n",
        b"1;" + b"x" * MAX_LINE_BYTES,
        b"1;" + b"x" * MAX_LINE_BYTES + b"\r\n",
        b"0\r\na: " + b"x" * MAX_LINE_BYTES,
        b"0\r\n" + b"a: b\r\n" * MAX_LINE_BYTES + b"\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_no_chunk_is_refused_however_it_is_cut(said: bytes, size: int) -> None:
    assert ours([said[at : at + size] for at in range(0, len(said), size)]).is_refused


@pytest.mark.parametrize(
    "line", [b"1;" + b" " * 16_000 + b"\x00", b"1" + b" " * 16_000 + b"x", b"0\r\na:" + b" " * 16_000 + b"\x00"]
)
def test_a_long_line_of_spaces_is_read_as_quickly_as_any_other(line: bytes) -> None:
    for _ in range(100):  # each of which takes seconds where spaces are tried in two ways
        ours([line, b"\r\n\r\n"])
