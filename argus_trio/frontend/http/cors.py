"""What a browser must be told before it lets a page of another origin talk to an MCP endpoint (Fetch, CORS protocol).

Only origins that `server.allowed_origins` lists are told anything: a page on loopback may come in, as a program there
may, but a browser keeps the answers from it. No cookies exist, so credentials in the browser's sense are not allowed.
"""

from __future__ import annotations

import re
from typing import Final

from argus_trio.frontend.http.receive_queue import AsgiMessage
from argus_trio.frontend.http.request import AsgiSend, Header, IncomingRequest

METHODS: Final = b"GET, POST, DELETE"
READABLE: Final = b"Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate, Retry-After"
"""The headers of an answer that a page may read, beside those that every page may."""
MAX_AGE_SECONDS: Final = 7200
"""How long a browser may remember the answer: as long as Chromium does at most."""

_LONGEST: Final = 4096
_NAMES: Final = re.compile(rb"[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


def is_preflight(http: IncomingRequest) -> bool:
    """Whether the browser asks on its own what the page may do."""
    return http.method == "OPTIONS" and b"access-control-request-method" in http.fields


async def answer_preflight(http: IncomingRequest) -> None:
    """Allow what an MCP client needs. Any header may be sent: `Mcp-Param-*` and tokens have names of their own."""
    headers: list[Header] = [
        (b"access-control-allow-methods", METHODS),
        (b"access-control-max-age", b"%d" % MAX_AGE_SECONDS),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    asked = http.fields.get(b"access-control-request-headers", b"")
    if len(asked) <= _LONGEST and _NAMES.fullmatch(asked):
        headers.append((b"access-control-allow-headers", asked))
    await http.answer_unread(204, b"", headers)


def readable_by(origin: bytes, send: AsgiSend) -> AsgiSend:
    """A `send` whose answer a page of `origin` may read."""
    added: list[Header] = [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", READABLE),
        (b"vary", b"Origin"),
    ]

    async def send_readable(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            message = {**message, "headers": [*headers, *added] if isinstance(headers, list | tuple) else added}
        await send(message)

    return send_readable
