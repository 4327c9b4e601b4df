"""Bodies of a known length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.http1.counted import CountedBody
from tests.wire.support.conversations import cut


def test_a_body_without_a_byte_is_complete_before_anything_comes() -> None:
    body = CountedBody.of(0)
    assert body.is_complete
    assert body.feed(b"next") == []
    assert body.rest == b"next"


def test_what_comes_is_given_as_it_came() -> None:
    body, data = CountedBody.of(4), b"abcd"
    assert body.feed(data)[0] is data
    assert body.feed(b"") == []
    assert (body.is_complete, body.rest) == (True, b"")


@given(st.binary(max_size=40), st.integers(0, 40), st.lists(st.integers(0, 50), max_size=5))
def test_all_of_it_is_given_and_what_comes_behind_it_is_kept_however_it_is_cut(
    whole: bytes, length: int, places: list[int]
) -> None:
    body, given_so_far = CountedBody.of(length), b""
    for piece in cut(whole, places):
        given_so_far += b"".join(body.feed(piece))
    assert given_so_far == whole[:length]
    assert body.is_complete == (len(whole) >= length)
    assert body.rest == whole[length:]
