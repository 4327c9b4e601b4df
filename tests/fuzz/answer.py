"""Fuzzes what a server says: an answer against h11, a stream of events against a plain reading of the standard.

`python -m tests.fuzz.answer SECONDS`. The first two bytes say which of the two the rest is, where it is cut, and
whether it comes byte by byte as well; what it means must not depend on it. A `LONG` byte stands for many, so that
bounds are reached.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from tests.fuzz.guided import PIECES, guide

LONG: Final = b"\xfe"
MANY: Final = b"a" * 3000
MOST_LONG: Final = 7
LIMITS: Final = (16, 100, 5000, 20_000)
"""Bounds on one event."""

WORDS: Final = [
    *PIECES,
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 200\r\n",
    b"HTTP/1.1 204 \r\n",
    b"HTTP/1.1 304 Same\n",
    b"HTTP/1.1 100 Go on\r\n\r\n",
    b"HTTP/1.1 101 Switch\r\n\r\n",
    b"Content-Length: ",
    b"transfer-encoding: Chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: keep-alive, Close\r\n",
    b"\n\n",
    LONG,
    b"data: ",
    b"data",
    b"event: e\n",
    b"id: 1\n",
    b"retry: 10\n",
    b": comment\n",
    b"\xef\xbb\xbf",
    b"\x02\x11HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc",
    b"\x02\x11HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\na: b\r\n\r\n",
    b"\x02\x11HTTP/1.0 200 OK\nConnection: close\n\nabc",
    b"\x03\x11\xef\xbb\xbfevent: e\r\nid: 7\r\ndata: a\ndata: b\r\n\r\n:c\rretry: 9\rdata\r\rdata:x\n\n",
    b"\x03\x10data: \xfe\xfe\n\nid: 1\ndata: x\ndata: \xfe\n\n",
]


def find() -> Callable[[bytes], object]:
    """The comparisons, imported only now, for what guides must see them."""
    compare_answer = importlib.import_module("tests.wire.support.answers").compare
    compare_stream = importlib.import_module("tests.wire.support.plain_event_stream").compare

    def read(data: bytes) -> None:
        first, second = (data[0], data[1]) if len(data) > 2 else (0, 0)
        whole = data[2:].replace(LONG, MANY, MOST_LONG)
        places = [first * 8 + second // 32, second, second * len(whole) // 255]
        byte_by_byte = not second % 8 and len(whole) < 2 * len(MANY)
        if first % 2:
            compare_stream(whole, places, limit=LIMITS[first // 2 % len(LIMITS)], byte_by_byte=byte_by_byte)
        else:
            compare_answer(whole, places, byte_by_byte=byte_by_byte)

    return read


if __name__ == "__main__":
    guide("answer", find, WORDS)
