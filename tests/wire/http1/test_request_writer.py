"""Requests as bytes: what h11 would not send is not sent, and what is sent is what h11 sends."""

from __future__ import annotations

from typing import Final

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import Fields
from argus_trio.wire.http1.request_writer import RequestWriter

HOST: Final = (b"host", b"h")
ALPHABET: Final = st.sampled_from(
    [b"a", b"Z", b"-", b":", b" ", b"\t", b"\r", b"\n", b"\x00", b"\x0b", b"\x01", b"\x7f", b"\xe9", b"("]
)
WORD: Final = st.lists(ALPHABET, max_size=4).map(b"".join)


def of_h11(method: str, target: str, headers: Fields, body: bytes) -> bytes:
    """What h11 sends; empty if it does not."""
    http = h11.Connection(h11.CLIENT)
    try:
        sent = [http.send(h11.Request(method=method, target=target, headers=headers)), http.send(h11.Data(data=body))]
        return b"".join(part or b"" for part in [*sent, http.send(h11.EndOfMessage())])
    except (h11.LocalProtocolError, UnicodeEncodeError):
        return b""


def ours(method: str, target: str, headers: Fields, body: bytes) -> bytes:
    writer = RequestWriter()
    try:
        first = writer.write(method, target, headers, body)
        assert writer.write(method, target, headers, body) == first  # by what is remembered now
    except HttpFault:
        return b""
    return first


@given(
    st.sampled_from(["GET", "P(", "", "A B"]),
    st.text("a/?%é\n \x7f#", max_size=3),
    st.lists(st.tuples(WORD, WORD), max_size=3),
)
def test_a_request_is_what_h11_sends_or_is_refused_as_by_it(method: str, target: str, headers: Fields) -> None:
    for fields in (headers, [HOST, *headers]):
        assert ours(method, target, fields, b"") == of_h11(method, target, fields, b"")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [HOST, HOST],
        [HOST, (b"Host", b"x")],
        [HOST],
        [HOST, (b"content-length", b"1")],
        [HOST, (b"content-length", b"x")],
        [HOST, (b"content-length", b"2"), (b"Content-Length", b"3")],
        [HOST, (b"transfer-encoding", b"gzip")],
    ],
)
def test_a_request_that_does_not_say_rightly_what_it_is_is_refused(headers: Fields) -> None:
    assert ours("POST", "/", headers, b"{}") == of_h11("POST", "/", headers, b"{}") == b""


def test_a_request_has_its_body_behind_its_head() -> None:
    headers = [HOST, (b"X-Y", b"a b"), (b"Content-Length", b"2")]
    wanted = b"POST /x?y HTTP/1.1\r\nhost: h\r\nX-Y: a b\r\nContent-Length: 2\r\n\r\n{}"
    assert ours("POST", "/x?y", headers, b"{}") == wanted


def test_what_is_remembered_of_headers_is_bounded() -> None:
    writer = RequestWriter()
    for at in range(1000):
        assert b"x: %d\r\n" % at in writer.write("GET", "/", [HOST, (b"x", b"%d" % at), (b"y", b"z" * at)], b"")
    assert len(writer._lines) <= 64
    assert max(map(len, writer._lines.values())) <= 512
    assert len(writer._heads) <= 64
    assert max(map(len, writer._heads.values())) <= 1024


def test_a_remembered_head_is_that_of_a_body_of_its_length_alone() -> None:
    writer = RequestWriter()
    headers = [HOST, (b"content-length", b"2")]
    for _ in range(2):
        assert writer.write("POST", "/", headers, b"ab").endswith(b"content-length: 2\r\n\r\nab")
    with pytest.raises(HttpFault):
        writer.write("POST", "/", headers, b"abc")


def test_a_fault_quotes_nothing() -> None:
    with pytest.raises(HttpFault) as caught:
        RequestWriter().write("GET", "/", [HOST, (b"authorization", b"secret\n")], b"")
    assert "secret" not in str(caught.value)
