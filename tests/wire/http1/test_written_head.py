"""Heads of answers: h11 reads what is written, and what would end a line early is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import h11
import pytest

from argus_trio.wire.http1.written_head import CHUNKED_END, CONTINUE, UnwritableHeader, WrittenHead, written_head

DATE: Final = b"date: now\r\n"


def written(
    status: int = 200,
    headers: Sequence[tuple[bytes, bytes]] = (),
    *,
    method: str = "POST",
    version: bytes = b"1.1",
    also: bytes = DATE,
) -> WrittenHead:
    return written_head(status, headers, method=method, version=version, also=also)


def answer_in(data: bytes, method: str = "POST") -> tuple[h11.Response, bytes, bool]:
    """What h11 makes of an answer: its head, its body, and whether it is whole."""
    asked = h11.Connection(h11.CLIENT)
    asked.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
    asked.send(h11.EndOfMessage())
    asked.receive_data(data)
    head, body = asked.next_event(), b""
    assert isinstance(head, h11.Response)
    while isinstance(event := asked.next_event(), h11.Data):
        body += bytes(event.data)
    return head, body, isinstance(event, h11.EndOfMessage)


def test_an_answer_of_a_length_has_its_lines_in_order() -> None:
    head = written(404, [(b"content-type", b"a/b"), (b"content-length", b"3")])
    assert head.data == b"HTTP/1.1 404 \r\ncontent-type: a/b\r\ncontent-length: 3\r\ndate: now\r\n\r\n"
    assert (head.length, head.is_chunked, head.has_body) == (3, False, True)
    answer, body, is_whole = answer_in(head.data + b"abc")
    assert (answer.status_code, body, is_whole) == (404, b"abc", True)


def test_an_answer_of_no_length_comes_in_chunks() -> None:
    head = written(200, [(b"content-type", b"a/b")])
    assert (head.length, head.is_chunked, head.has_body) == (None, True, True)
    answer, body, is_whole = answer_in(head.data + b"3\r\nabc\r\n" + CHUNKED_END)
    assert (b"transfer-encoding", b"chunked") in list(answer.headers)
    assert (body, is_whole) == (b"abc", True)


def test_an_answer_of_no_length_lasts_until_the_connection_ends_where_there_are_no_chunks() -> None:
    head = written(version=b"1.0")
    assert (head.length, head.is_chunked, head.has_body) == (None, False, True)
    assert b"transfer-encoding" not in head.data


@pytest.mark.parametrize(("status", "method"), [(204, "POST"), (304, "GET"), (200, "HEAD")])
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_an_answer_that_cannot_have_a_body_has_no_framing(status: int, method: str, version: bytes) -> None:
    head = written(status, method=method, version=version)
    assert (head.is_chunked, head.has_body) == (False, False)
    assert answer_in(head.data, method)[1:] == (b"", True)


def test_the_length_of_what_is_not_sent_may_be_told() -> None:
    head = written(headers=[(b"content-length", b"7")], method="HEAD")
    assert (head.length, head.has_body) == (7, False)
    assert answer_in(head.data, "HEAD")[1:] == (b"", True)


@pytest.mark.parametrize("bad", [b"a\r\nb: c", b"a\nb", b"a\rb", b"\n", b"\r", b"a\0b"])
def test_what_would_end_a_line_is_not_written(bad: bytes) -> None:
    for headers in ([(b"n", bad)], [(bad, b"v")], [(b"n", b"v"), (b"n", bad), (b"m", b"w")]):
        with pytest.raises(UnwritableHeader):
            written(headers=headers)


def test_a_client_that_waits_is_told_to_go_on_in_one_line() -> None:
    asked = h11.Connection(h11.CLIENT)
    asked.send(h11.Request(method="POST", target="/", headers=[("host", "h"), ("content-length", "1")]))
    asked.receive_data(CONTINUE)
    told = asked.next_event()
    assert isinstance(told, h11.InformationalResponse)
    assert told.status_code == 100
