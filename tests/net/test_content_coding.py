"""What servers compressed unasked, whole and in pieces, and what says that it is and is not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import AnswerInvalid
from argus_trio.net.content_coding import PIECE_BYTES, ContentDecoder, coding_of


def raw_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate, raw": raw_deflate,
}


def decoded(coding: str, *chunks: bytes) -> bytes:
    decoder, whole = ContentDecoder(coding), b""
    for chunk in chunks:
        decoder.feed(chunk)
        while piece := decoder.next_piece():
            assert len(piece) <= PIECE_BYTES
            whole += piece
    decoder.finish()
    return whole


@pytest.mark.parametrize("kind", ENCODERS)
@given(data=st.binary(max_size=300), at=st.integers(1, 20))
def test_a_body_is_what_it_was_before_however_it_is_cut(kind: str, data: bytes, at: int) -> None:
    encoded = ENCODERS[kind](data)
    chunks = [encoded[start : start + at] for start in range(0, len(encoded), at)]
    assert decoded(kind.partition(",")[0], *chunks) == data


@pytest.mark.parametrize("kind", ENCODERS)
def test_little_that_stands_for_much_comes_in_bounded_pieces(kind: str) -> None:
    data = b"x" * (50 * PIECE_BYTES + 7)
    assert decoded(kind.partition(",")[0], ENCODERS[kind](data)) == data


@pytest.mark.parametrize("window", [zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_what_was_flushed_is_there_at_once(window: int) -> None:
    decoder, deflater = ContentDecoder("gzip" if window > zlib.MAX_WBITS else "deflate"), zlib.compressobj(wbits=window)
    for number in range(5):
        event = b"data: %d\n\n" % number
        decoder.feed(deflater.compress(event) + deflater.flush(zlib.Z_SYNC_FLUSH))
        assert decoder.next_piece() == event
        assert decoder.next_piece() == b""


def test_a_gzip_body_may_have_members_and_what_follows_is_dropped() -> None:
    two = gzip.compress(b"one ") + gzip.compress(b"two")
    assert decoded("gzip", two) == b"one two"
    assert decoded("gzip", *(two[at : at + 1] for at in range(len(two)))) == b"one two"
    for rest in (b"\0" * 9, b"\x1f", b"\x1fx", b"garbage"):
        assert decoded("gzip", gzip.compress(b"one") + rest) == b"one"
        assert decoded("gzip", gzip.compress(b"one"), rest, rest) == b"one"
    assert decoded("deflate", zlib.compress(b"one") + b"\x1f\x8b") == b"one"


def test_a_body_that_ends_early_is_what_came_of_it() -> None:
    deflater = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    assert decoded("gzip", deflater.compress(b"flushed") + deflater.flush(zlib.Z_SYNC_FLUSH)) == b"flushed"
    assert decoded("gzip") == b""


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"{}"),
        ("gzip", b"\x1f"),
        ("deflate", b"{"),
        ("deflate", b"\xff\xff\xff"),
        ("gzip", gzip.compress(b"")[:9]),
    ],
)
def test_a_body_that_is_not_what_it_should_be_is_named(coding: str, body: bytes) -> None:
    with pytest.raises(AnswerInvalid, match=f"should be compressed with {coding}, and is not"):
        decoded(coding, body)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "gzip, gzip"])
def test_any_other_coding_is_named(coding: str) -> None:
    with pytest.raises(AnswerInvalid, match=f"compressed with {coding},"):
        ContentDecoder(coding)
    with pytest.raises(AnswerInvalid) as caught:
        ContentDecoder("\x1b[31m" + "x" * 1000)
    assert caught.value.reason.isprintable()
    assert len(caught.value.reason) < 120


@pytest.mark.parametrize(
    ("header", "coding"),
    [("", ""), ("identity", ""), ("GZip", "gzip"), ("x-gzip", "gzip"), (" gzip , identity", "gzip"), ("a,,B", "a, b")],
)
def test_a_content_encoding_is_one_coding_or_none(header: str, coding: str) -> None:
    assert coding_of(header) == coding
