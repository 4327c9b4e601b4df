"""The head of an answer as it is written: status line, header fields, and what says where the answer ends; sans I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from argus_trio.per_call import PerCallValue

_BODYLESS: Final = frozenset({204, 304})
_LENGTH: Final = b"content-length"

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED_END: Final = b"0\r\n\r\n"


class UnwritableHeader(ValueError):
    """A header field that no head may hold: it would end its line, or the head."""


class WrittenHead(PerCallValue, frozen=True, kw_only=True):
    """The head as bytes, and how the body follows it."""

    data: bytes
    length: int | None
    """How long the body must be; None where nothing has said so before."""
    is_chunked: bool
    has_body: bool
    """Whether any byte of a body may follow."""


def written_head(
    status: int, headers: Sequence[tuple[bytes, bytes]], *, method: str, version: bytes, also: bytes
) -> WrittenHead:
    """The head of an answer to a request of this method and HTTP version. `also` are further lines, each with its end;
    what neither says its length nor comes in chunks lasts until the connection ends.

    Raises:
        UnwritableHeader: a name or a value holds what ends a line.
    """
    length: int | None = None
    data = b"".join([b"%b: %b\r\n" % header for header in headers])
    if data.count(b"\n") != len(headers) or data.count(b"\r") != len(headers) or data.find(b"\0") >= 0:
        raise UnwritableHeader("a header field holds what ends a line")
    for name, value in headers:
        if name == _LENGTH:
            length = int(value)
    has_body = method != "HEAD" and status not in _BODYLESS
    is_chunked = has_body and length is None and version == b"1.1"
    framing = b"transfer-encoding: chunked\r\n" if is_chunked else b""
    return WrittenHead(
        data=b"HTTP/1.1 %d \r\n%b%b%b\r\n" % (status, data, framing, also),
        length=length,
        is_chunked=is_chunked,
        has_body=has_body,
    )
