"""A text is UTF-8 where a decoder of the whole has it so, wherever its blocks end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.passing.utf8 import first_fault

BLOCK = 64 * 1024


def of_the_whole(body: bytes) -> tuple[int, str] | None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start, error.reason
    return None


@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode), st.integers(-12, 2), st.binary(max_size=4))
def test_it_stops_where_a_decoder_of_the_whole_stops(piece: bytes, place: int, behind: bytes) -> None:
    for before in (b"", b"x" * (BLOCK + place), b"x" * (2 * BLOCK + place)):
        assert first_fault(before + piece + behind) == of_the_whole(before + piece + behind)


@pytest.mark.parametrize("text", ["é", "漢字", "a😀", "xé漢😀"])
def test_characters_may_stand_across_the_ends_of_blocks(text: str) -> None:
    for shift in range(5):
        body = b"x" * shift + text.encode() * (3 * BLOCK // len(text.encode()))
        assert first_fault(body) is None
        assert first_fault(body[:-1]) == of_the_whole(body[:-1])
        assert first_fault(body + b"\xc3") == (len(body), "unexpected end of data")
