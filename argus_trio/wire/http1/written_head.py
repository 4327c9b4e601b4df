"""The head of an answer as it is written: status line, header fields, and what says where the answer ends; sans I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from argus_trio.per_call import PerCallValue

_BODYLESS: Final = frozenset({204, 304})
_LENGTH: Final = b"content-length"
_NO_ENDS: Final = bytes(sorted({*range(256)} - {*b"\r\n\0"}))
"""What ends no line, and no text either."""

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
    lines: list[bytes] = []
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
        if name == _LENGTH:
            length = int(value)
    data = b"".join(lines)
    if data.translate(None, _NO_ENDS) != b"\r\n" * len(headers):
        raise UnwritableHeader("a header field holds what ends a line")
    has_body = method != "HEAD" and status not in _BODYLESS
    is_chunked = has_body and length is None and version == b"1.1"
    framing = b"transfer-encoding: chunked\r\n" if is_chunked else b""
    return WrittenHead(
        data=b"".join((b"HTTP/1.1 %d \r\n" % status, data, framing, also, b"\r\n")),
        length=length,
        is_chunked=is_chunked,
        has_body=has_body,
    )
