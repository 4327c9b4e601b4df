"""What a client asks with: the request line and the header fields (RFC 9112, 3 and 5), sans I/O.

Stricter than h11 where two servers on one way could read one head in two ways: lines end in CRLF and nothing else, no
line is folded, no control character stands in a value.
"""

from __future__ import annotations

import re
from typing import Final

from argus_trio.per_call import PerCallValue
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import Fields

_HEAD_END: Final = b"\r\n\r\n"
_LINE_END: Final = b"\r\n"
_BLANKS: Final = b" \t"

_NAME: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+").fullmatch
_REQUEST_LINE: Final = re.compile(rb"([-!#$%&'*+.^_`|~0-9a-zA-Z]+) ([\x21-\x7e]+) HTTP/([0-9]\.[0-9])\r\n").match
_NO_CONTROLS: Final = bytes(sorted({*range(256)} - {*range(0x20), 0x7F} | {0x09}))
_BARE_END: Final = re.compile(rb"\n\r?\n").search
_BEGINNING: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+(?:\Z| (?:\Z|[\x21-\x7e]))").match
"""How a request line begins, as far as it is there."""
_BEGINNING_BYTES: Final = 1024
"""How much of the beginning is looked at each time that something comes."""

_SAYING: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"})
"""The header fields that say something of the message itself."""
_VERSIONS: Final = frozenset({b"1.1", b"1.0"})
MAX_DIGITS: Final = 20
"""Of a length: as many as h11 takes."""

_NAMES: Final[dict[bytes, bytes]] = {}
"""Names as they were written, each with its lower case; bounded, for clients choose them."""
_MOST_NAMES: Final = 512


class RequestHead(PerCallValue, frozen=True, kw_only=True):
    """A request without its body. `target` is as it was written."""

    method: str
    target: bytes
    version: bytes
    """`1.1` or `1.0`, the only ones that there are."""
    headers: Fields
    length: int | None
    """How many bytes the body has; None where it comes in chunks."""
    is_chunked: bool
    is_last: bool
    """Whether nothing may follow on the connection: the client says so, or another server on the way may see the
    request end elsewhere, for it has two lengths (RFC 9112, 6.1 and 9.6)."""
    waits_to_continue: bool
    """Whether the client sends its body only when it is told to."""


def find_head_end(data: bytes, seen: int, limit: int) -> int:
    """Where the head ends with which `data` begins, behind its empty line; 0 as long as it does not. Of `seen` bytes it
    was asked before: each is searched once, however they come.

    Raises:
        HttpFault: it cannot become a request, whatever comes, and need not be waited for; 431 if it is longer than
            `limit`.
    """
    end = data.find(_HEAD_END, max(seen - 3, 0)) + 4
    if 4 <= end <= limit:
        return end
    if _BEGINNING(data, 0, _BEGINNING_BYTES) is None:
        raise HttpFault("the request line is malformed")
    if _BARE_END(data, max(seen - 2, 0), limit) is not None:
        raise HttpFault("a line of the head ends in a line feed alone")
    if len(data) > limit:
        raise HttpFault("the head is too large", status=431)
    return 0


def read_request_head(head: bytes) -> RequestHead:
    """The request in `head`, which ends with its empty line.

    Raises:
        HttpFault: it is none, or can be understood in two ways; 505 where its version is not spoken, 501 where its body
            is coded in an unknown way.
    """
    line = _REQUEST_LINE(head)
    if line is None:
        raise HttpFault("the request line is malformed")
    method, target, version = line.groups()
    if version not in _VERSIONS:
        raise HttpFault("only HTTP/1.1 and HTTP/1.0 are spoken", status=505)
    headers: Fields = []
    if len(head) > line.end() + 2:
        names, lines = _NAMES, head[line.end() : -4].split(_LINE_END)
        if head.translate(None, _NO_CONTROLS) != _LINE_END * (len(lines) + 2):
            raise HttpFault("a header field is malformed")
        for each in lines:
            written, colon, value = each.partition(b":")
            name = names.get(written)
            if name is None:
                name = _read_name(written)
            if not colon:
                raise HttpFault("a header field is malformed")
            headers.append((name, value.strip(_BLANKS)))
    return _framed(method, target, version, headers)


def _read_name(written: bytes) -> bytes:
    if _NAME(written) is None:
        raise HttpFault("the name of a header field is malformed")
    name = written.lower()
    if len(written) <= 64:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        _NAMES[written] = name
    return name


def _framed(method: bytes, target: bytes, version: bytes, headers: Fields) -> RequestHead:
    """The request, once what says where it ends has been found and is clear."""
    hosts, length, is_chunked, waits = 0, b"", False, False
    is_said_again = False
    is_last = version == b"1.0"
    for at, (name, value) in enumerate(headers):
        if name not in _SAYING:
            continue
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            given = value if value.isdigit() else _of_equals(value)
            if (length and given != length) or len(given) > MAX_DIGITS:
                raise HttpFault("the length of the body is malformed")
            is_said_again = is_said_again or bool(length)
            length, headers[at] = given, (name, given)
        elif name == b"transfer-encoding":
            if is_chunked or value.lower() != b"chunked":
                raise HttpFault("the only transfer coding that is known is chunked", status=501)
            is_chunked, headers[at] = True, (name, b"chunked")
        elif name == b"connection":
            is_last = is_last or b"close" in _tokens(value)
        elif name == b"expect":
            waits = waits or b"100-continue" in _tokens(value)
    if hosts > 1 or (not hosts and version == b"1.1"):
        raise HttpFault("a request has one Host header field")
    if is_said_again:  # once is enough: whoever joined the two would read a list
        behind = headers.index((b"content-length", length)) + 1
        headers[behind:] = [each for each in headers[behind:] if each[0] != b"content-length"]
    return RequestHead(
        method=method.decode("ascii").upper(),
        target=target,
        version=version,
        headers=headers,
        length=None if is_chunked else int(length or b"0"),
        is_chunked=is_chunked,
        is_last=is_last or (is_chunked and bool(length)),
        waits_to_continue=waits and version == b"1.1",
    )


def _of_equals(value: bytes) -> bytes:
    """The one length of a Content-Length in which equal ones were joined (RFC 9110, 8.6)."""
    given = {each.strip() for each in value.split(b",")}
    only = given.pop()
    if given or not only.isdigit():
        raise HttpFault("the length of the body is malformed")
    return only


def _tokens(value: bytes) -> list[bytes]:
    return [each.strip() for each in value.lower().split(b",")]
