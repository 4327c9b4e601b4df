"""Heads of requests: what each part of them says, and what is no head. `test_conversations` asks h11 about more."""

from __future__ import annotations

from typing import Final

import pytest

from argus_trio.wire.http1 import request_head
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.request_head import RequestHead, find_head_end, read_request_head

HOST: Final = b"Host: h\r\n"


def read(*lines: bytes, first: bytes = b"POST /mcp HTTP/1.1", host: bytes = HOST) -> RequestHead:
    return read_request_head(first + b"\r\n" + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n")


def fault_of(*lines: bytes, first: bytes = b"POST /mcp HTTP/1.1", host: bytes = HOST) -> HttpFault:
    with pytest.raises(HttpFault) as raised:
        read(*lines, first=first, host=host)
    return raised.value


def test_a_head_is_a_method_a_target_a_version_and_fields_in_order() -> None:
    found = read(b"X-One:\t a  b \t", b"empty:", b"x-one: c", first=b"post /a%20b?c=d HTTP/1.1")
    assert (found.method, found.target, found.version) == ("POST", b"/a%20b?c=d", b"1.1")
    assert found.headers == [(b"host", b"h"), (b"x-one", b"a  b"), (b"empty", b""), (b"x-one", b"c")]
    assert (found.length, found.is_chunked, found.is_last, found.waits_to_continue) == (0, False, False, False)


def test_a_request_of_the_older_version_needs_no_field_at_all_and_is_the_last_one() -> None:
    found = read_request_head(b"GET / HTTP/1.0\r\n\r\n")
    assert (found.version, found.headers, found.is_last) == (b"1.0", [], True)


@pytest.mark.parametrize("said", [b"3", b"3, 3", b"3 ,\t3,3"])
def test_a_length_that_was_joined_of_equal_ones_is_that_length(said: bytes) -> None:
    found = read(b"Content-Length: " + said)
    assert found.length == 3
    assert found.headers[-1] == (b"content-length", b"3")


def test_equal_lengths_in_fields_of_their_own_are_shown_as_one() -> None:
    found = read(b"a: b", b"Content-Length: 3", b"content-length: 3,3", b"c: d", b"Content-Length: 3")
    assert found.length == 3
    assert found.headers[1:] == [(b"a", b"b"), (b"content-length", b"3"), (b"c", b"d")]


@pytest.mark.parametrize(
    "said", [b"", b"-1", b"+3", b"3 3", b"3,4", b"3,", b",3", b"0x3", b"3.0", b"1_0", b"\xb2", b"1" * 21]
)
def test_what_is_no_length_is_refused(said: bytes) -> None:
    assert fault_of(b"Content-Length: " + said).status == 400


@pytest.mark.parametrize("second", [b"4", b"03", b"3,4"])
def test_two_lengths_that_are_not_the_same_are_refused(second: bytes) -> None:
    fault_of(b"Content-Length: 3", b"Content-Length: " + second)


def test_a_body_in_chunks_has_no_length() -> None:
    found = read(b"Transfer-Encoding: Chunked")
    assert (found.length, found.is_chunked, found.is_last) == (None, True, False)
    assert found.headers[-1] == (b"transfer-encoding", b"chunked")


@pytest.mark.parametrize("length", [b"Content-Length: 3", b"Content-Length: 0"])
def test_nothing_follows_a_body_in_chunks_of_which_a_length_was_said(length: bytes) -> None:
    for lines in ((length, b"Transfer-Encoding: chunked"), (b"Transfer-Encoding: chunked", length)):
        found = read(*lines)
        assert (found.length, found.is_chunked, found.is_last) == (None, True, True)


@pytest.mark.parametrize("coding", [b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity", b"chunked;a", b""])
def test_a_coding_of_the_body_that_is_unknown_is_told_so(coding: bytes) -> None:
    assert fault_of(b"Transfer-Encoding: " + coding).status == 501


def test_a_coding_that_is_said_twice_is_refused() -> None:
    assert fault_of(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked").status == 501


@pytest.mark.parametrize("version", [b"0.9", b"1.2", b"2.0", b"3.0", b"9.9"])
def test_a_version_that_is_not_spoken_is_told_so(version: bytes) -> None:
    assert fault_of(first=b"GET / HTTP/" + version).status == 505


@pytest.mark.parametrize("hosts", [b"", HOST * 2, HOST + b"HOST: other\r\n"])
def test_a_request_has_one_host(hosts: bytes) -> None:
    assert fault_of(host=hosts).status == 400


@pytest.mark.parametrize(
    ("said", "is_last"),
    [(b"close", True), (b"CLOSE", True), (b"a, Close ,b", True), (b"keep-alive", False), (b"closed", False)],
)
def test_a_client_says_that_nothing_follows(said: bytes, *, is_last: bool) -> None:
    assert read(b"Connection: " + said).is_last is is_last
    assert read(b"Connection: " + said, b"Connection: keep-alive").is_last is is_last


@pytest.mark.parametrize(
    ("said", "first", "waits"),
    [
        (b"100-continue", b"POST / HTTP/1.1", True),
        (b"100-Continue", b"POST / HTTP/1.1", True),
        (b"other", b"POST / HTTP/1.1", False),
        (b"100-continue", b"POST / HTTP/1.0", False),
    ],
)
def test_a_client_of_the_newer_version_may_wait_to_be_told_to_go_on(said: bytes, first: bytes, *, waits: bool) -> None:
    assert read(b"Expect: " + said, first=first).waits_to_continue is waits


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET /",
        b"GET  / HTTP/1.1",
        b"GET /  HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/1.10",
        b"GET / HTTP/11",
        b"GET /a b HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"G(T / HTTP/1.1",
        b"GET / HTTP/1.1\n",
        b"GET / HTTP/1.1\r",
    ],
)
def test_what_is_no_request_line_is_refused(first: bytes) -> None:
    assert fault_of(first=first).status == 400


@pytest.mark.parametrize("byte", [*range(0x20), 0x7F])
def test_no_control_character_stands_in_a_value_except_a_tab(byte: int) -> None:
    line = b"n: a%bb" % bytes([byte])
    if byte == 9:
        assert read(line).headers[-1] == (b"n", b"a\tb")
    else:
        fault_of(line)


@pytest.mark.parametrize(
    "line", [b" folded: x", b"\tfolded", b"no colon", b": x", b"a b: x", b"a : x", b"\xe4: x", b""]
)
def test_a_line_that_is_no_field_is_refused(line: bytes) -> None:
    fault_of(b"a: b", line, b"c: d")


def test_names_are_told_apart_however_many_there_were_before() -> None:
    for number in range(2 * request_head._MOST_NAMES):
        name = b"Name-%d" % number
        assert read(name + b": x").headers[-1] == (name.lower(), b"x")
        fault_of(name + b" : x")
        fault_of(name)
    assert len(request_head._NAMES) <= request_head._MOST_NAMES
    assert read(b"N" * 10_000 + b": x").headers[-1] == (b"n" * 10_000, b"x")


@pytest.mark.parametrize(
    "whole", [b"GET /mcp HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n", b"GET / HTTP/2.0\r\nno field\r\n\r\n"]
)
def test_a_head_may_be_cut_anywhere(whole: bytes) -> None:
    for end in range(1, len(whole)):
        assert find_head_end(whole[:end], end - 1, 100) == 0
    for seen in range(len(whole)):
        assert find_head_end(whole + b"next\r\n\r\n", seen, 100) == len(whole)


@pytest.mark.parametrize(
    "begun", [b"\x16\x03\x01", b" GET", b"(", b"GET  ", b"GET /\n\n", b"GET / HTTP/1.1\r\na: b\n\r\n"]
)
def test_what_cannot_become_a_head_is_not_waited_for(begun: bytes) -> None:
    for seen in range(len(begun)):
        with pytest.raises(HttpFault):
            find_head_end(begun, seen, 100)


def test_a_head_has_a_largest_size() -> None:
    head = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    assert find_head_end(head + b"x", 0, len(head)) == len(head)
    for data, seen in ((head, 0), (head[:-1], 5), (head + head, 0), (head[:-1], len(head) - 2)):
        with pytest.raises(HttpFault) as raised:
            find_head_end(data, seen, len(head) - 2)
        assert raised.value.status == 431


def test_what_was_searched_is_not_searched_again() -> None:
    searched = b"GET / HTTP/1.1\n\n"
    assert find_head_end(searched + b"a", len(searched) + 1, 100) == 0
    for seen in range(len(searched)):
        with pytest.raises(HttpFault):
            find_head_end(searched + b"a", seen, 100)


def test_a_fault_quotes_nothing_of_what_was_said() -> None:
    for lines in ((b"secret",), (b"secret: \0",), (b"Content-Length: secret",), (b"Transfer-Encoding: secret",)):
        assert "secret" not in str(fault_of(*lines))
