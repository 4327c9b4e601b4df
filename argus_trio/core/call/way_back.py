"""The words of servers of both eras that cannot ask their client: their tool asks as legacy servers do.

Revision 2026-07-28 has no requests of a server; one that wants something says so in its result. A tool that was written
for the revisions before fails there, and works for a client that opens with `initialize`.
"""

from __future__ import annotations

from typing import Final

from argus_trio.wire.passing.known_result import own_words

NO_WAY_BACK: Final = {
    b"no back-channel for server-initiated requests": "Python SDK 2.0 to 2.3, an error",
    b"via server-initiated requests is unavailable on 2026-07-28 connections": "FastMCP 4.0 to 4.2, a failed tool",
    b"Server-to-client requests are not available on protocol revision": "TypeScript SDK 2.0 to 2.4, a failed tool",
}
"""What they say, and whose words they are."""

_FAILED: Final = (b'"isError":true', b'"isError": true')


def has_no_way_back(encoded: bytes, *, is_error: bool) -> bool:
    """Whether a JSON-RPC error object, or a result that says that its tool failed, is such a server's."""
    if not is_error and not any(mark in own_words(encoded) for mark in _FAILED):
        return False
    return any(words in encoded for words in NO_WAY_BACK)
