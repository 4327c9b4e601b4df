"""Heads that come again: read as if each were the first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.repeated_head import RepeatedHead
from argus_trio.wire.http1.request_head import RequestHead, read_request_head


def head(*lines: bytes, first: bytes = b"POST /mcp HTTP/1.1") -> bytes:
    return b"\r\n".join((first, *lines, b"", b""))


def fields_of(read: RequestHead) -> dict[str, object]:
    return {name: getattr(read, name) for name in read.__struct_fields__}


def what_is_read(read: object, text: bytes) -> object:
    assert callable(read)
    try:
        found = read(text)
    except HttpFault as fault:
        return (str(fault), fault.status)
    assert isinstance(found, RequestHead)
    return fields_of(found)


USUAL = (b"Host: h", b"Accept: a/b", b"Content-Length: 12", b"X-More: y")


def test_a_head_with_another_length_is_read_like_the_first() -> None:
    heads = RepeatedHead()
    first = heads.read(head(*USUAL))
    again = heads.read(head(b"Host: h", b"Accept: a/b", b"Content-Length: 3456", b"X-More: y"))
    assert (first.length, again.length) == (12, 3456)
    assert dict(again.headers)[b"content-length"] == b"3456"
    assert dict(first.headers)[b"content-length"] == b"12"
    assert fields_of(again) == fields_of(
        read_request_head(head(b"Host: h", b"Accept: a/b", b"Content-Length: 3456", b"X-More: y"))
    )


LENGTHS = st.sampled_from(
    [
        *(b"Content-Length: 5", b"Content-Length: 77", b"content-length:5", b"Content-Length: 5 "),
        *(b"Content-Length:\t5", b"Content-Length: 5, 5", b"Content-Length: -5", b"Content-Length: +5"),
        *(b"Content-Length: ", b"Content-Length", b"Content-Length: 5\x00", b"Content-Length: 0"),
        *(b"Content-Length: 000000000000000000005", b"X: Content-Length: 5", b"Content-Length: \xb2"),
        *(b"Content-Length: 99999999999999999999", b"Content-Length: 999999999999999999999"),
    ]
)
OTHERS = st.sampled_from(
    [
        *(b"Host: h", b"Host: g", b"Transfer-Encoding: chunked", b"Connection: close", b"Expect: 100-continue"),
        *(b"Accept: a/b", b"X-Content-Length: 5", b"A: b\rContent-Length: 5", b" folded"),
    ]
)
HEADS = st.builds(
    lambda first, before, length, after: head(*before, *length, *after, first=first),
    st.sampled_from([b"POST /mcp HTTP/1.1", b"POST /mcp HTTP/1.0", b"GET / HTTP/1.1", b"POST /mcp HTTP/2.0"]),
    st.lists(OTHERS, max_size=2).map(lambda others: [b"Host: h", *others]),
    st.lists(LENGTHS, max_size=2),
    st.lists(OTHERS, max_size=2),
)


@given(st.lists(HEADS, min_size=1, max_size=3), st.lists(st.integers(0, 2), max_size=6))
def test_each_head_of_a_connection_is_read_as_if_it_were_the_first(made: list[bytes], order: list[int]) -> None:
    heads = RepeatedHead()
    for text in [*made, *(made[each % len(made)] for each in order)]:
        assert what_is_read(heads.read, text) == what_is_read(read_request_head, text)


@given(HEADS, st.data())
def test_a_head_that_differs_a_little_is_read_as_if_it_were_the_first(text: bytes, data: st.DataObject) -> None:
    heads = RepeatedHead()
    what_is_read(heads.read, text)
    at = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(st.sampled_from([b"", b"0", b"9", b" ", b"\r", b"\n", b"\r\n", b"x", b":"]))
    gone = data.draw(st.integers(0, 3))
    changed = text[:at] + piece + text[at + gone :]
    if changed.endswith(b"\r\n\r\n") and changed.find(b"\r\n\r\n") == len(changed) - 4:  # as it is cut out
        assert what_is_read(heads.read, changed) == what_is_read(read_request_head, changed)


def test_a_head_that_is_refused_leaves_nothing_behind_that_would_let_it_pass() -> None:
    heads = RepeatedHead()
    heads.read(head(*USUAL))
    for wrong in (b"Content-Length: x", b"Content-Length: ", b"Content-Length: 1\r\nContent-Length: 2"):
        with pytest.raises(HttpFault):
            heads.read(head(b"Host: h", b"Accept: a/b", wrong, b"X-More: y"))
    assert heads.read(head(*USUAL)).length == 12
