"""Fuzzes what a client says, against h11: `python -m tests.fuzz.request SECONDS`.

The first two bytes say where the rest is cut, and whether it comes byte by byte as well; what it means must not depend
on it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from tests.fuzz.guided import PIECES, guide

WORDS: Final = [
    *PIECES,
    b"GET / HTTP/1.1\r\n",
    b"POST /mcp?a=%20 HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    b"HTTP/2.0",
    b"Host: h\r\n",
    b"transfer-encoding: identity\r\n",
    b"Connection: keep-alive, Upgrade\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: websocket\r\n",
    b"CONNECT h:1 HTTP/1.1\r\n",
    b"HEAD / HTTP/1.1\r\n",
    b"12GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
    b"56G / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcG / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n",
    b"34POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
]


def find() -> Callable[[bytes], object]:
    """The comparison, imported only now, for what guides must see it."""
    compare = importlib.import_module("tests.wire.support.conversations").compare

    def read(data: bytes) -> None:
        first, second = (data[0], data[1]) if len(data) > 2 else (0, 0)
        compare(data[2:], [first * 8 + second // 32, second], byte_by_byte=not second % 8)

    return read


if __name__ == "__main__":
    guide("request", find, WORDS)
