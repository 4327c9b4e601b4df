"""The words by which a server says that it has forgotten a client: the session, or that it was ever greeted; sans I/O.

The specification has one way to say so, HTTP 404 (2025-11-25, Session Management), and servers have many. What follows
from a doubt is up to `backends/connection`: it asks again with a request of its own, which no tool has a part in.
"""

from __future__ import annotations

import re
from typing import Final

from argus_trio.wire.envelope import Raw
from argus_trio.wire.error_objects import INVALID_PARAMS, METHOD_UNKNOWN, code_of
from argus_trio.wire.members import object_or_none, string_member

FORGOTTEN: Final = {
    b"server not initialized": "TypeScript SDK, HTTP 400: a new process, asked with an old session",
    b"server not yet initialized": "servers that speak as language servers do, -32002",
    b"session not found": "TypeScript, Python, C#, Go, Java and Rust SDKs, HTTP 404; Rust SDK to 0.8, HTTP 401",
    b"mcp-session-id header is required": "TypeScript and C# SDKs, HTTP 400",
    b"no valid session id": "the TypeScript SDK's examples, FastMCP for TypeScript, Python SDK to 1.8, HTTP 400",
    b"no active session": "mcp-go, HTTP 404",
    b"missing session id": "Python SDK, HTTP 400",
    b"invalid or missing session id": "servers made after the TypeScript SDK's examples, HTTP 400, in plain text",
    b"invalid or expired session id": "Python SDK, HTTP 404",
    b"invalid session id": "mcp-go, HTTP 404; Python SDK on HTTP+SSE, HTTP 400",
    b"could not find session": "Python SDK on HTTP+SSE, HTTP 404",
    b"session has been terminated": "Python SDK, HTTP 404",
    b"session terminated": "mcp-go, HTTP 404",
    b"session is closing": "Go SDK, HTTP 404",
    b"session id not found": "C# SDK on HTTP+SSE, HTTP 400",
    b"session id missing": "Java SDK and Spring AI, HTTP 400",
    b"session id required": "Java SDK and Spring AI, HTTP 400",
    b"session id is required": "Rust SDK, HTTP 400",
    b"session not properly initialized": "mcp-go",
    b"a new session can only be created by an initialize request": "C# SDK, HTTP 400",
    b"expect initialize request": "Rust SDK, HTTP 422",
    b"no transport found for sessionid": "the TypeScript SDK's examples on HTTP+SSE, HTTP 400",
    b"is invalid during session initialization": "Go SDK, an error with code 0, on every transport",
    b"received request before initialization": "Python SDK 1, where it does not say 'Invalid request parameters'",
}
"""What they say of a session that they do not know, in lower case, and whose words they are."""

EXPIRED: Final = "the session has expired"
"""Why a link is at its end whose server does not know its session any more."""
NOT_GREETED: Final = "it does not know that it was greeted: it must have started anew behind its connection"
"""Why a connection is at its end whose server answers, but refuses everything that a greeting comes before."""
OTHER_REVISION: Final = "it refuses the protocol version that it had agreed to: it must have become another server"
"""Why a connection is at its end whose server was exchanged for one of the other era, or of other revisions."""
NOT_MODERN: Final = "it refuses server/discover, which it answered before: it has become a legacy server"

_SPEAKS_OF_VERSIONS: Final = re.compile(rb"protocol[ _-]?version", re.IGNORECASE)
_SPEAKS_OF_SESSIONS: Final = re.compile(rb"session|initiali[sz]|protocol[ _-]?version", re.IGNORECASE)
_UNSPECIFIC: Final = "Invalid request parameters"
"""What the Python SDK 1 says to any request that comes before `initialize`, and to one whose params are not valid."""
_UNSUPPORTED_REVISION: Final = b"-32022"
_OTHER_REASONS: Final = frozenset({405, 409, 413, 415, 429, 503})
"""HTTP statuses that say why a request is refused, and it is not the session: 409 is a second stream of a known one."""


def says_forgotten(text: bytes) -> bool:
    """Whether a refusal that says `text` says in known words that the session is gone."""
    lower = text.lower()
    return any(words in lower for words in FORGOTTEN)


def status_doubts_session(status: int, body: bytes) -> bool:
    """Whether an HTTP refusal may mean that the session is gone: it speaks of sessions, or of the protocol version, and
    is no page for people."""
    if status in _OTHER_REASONS or body.lstrip()[:1] == b"<":
        return False
    return _SPEAKS_OF_SESSIONS.search(body) is not None


def error_doubts_session(error: bytes | Raw) -> bool:
    """Whether a JSON-RPC error object may mean that the server has not been greeted, or has forgotten it."""
    message = string_member(object_or_none(error) or {}, "message") or ""
    if _SPEAKS_OF_SESSIONS.search(message.encode("utf-8", "replace")):
        return True
    code = code_of(error)
    return code == _UNSUPPORTED_REVISION or (message == _UNSPECIFIC and code == INVALID_PARAMS)


def greeting_lost(error: bytes | Raw, *, is_modern: bool) -> str:
    """Why a server that refuses a plain question with `error` has to be greeted anew; empty if it need not be."""
    if is_modern and code_of(error) == METHOD_UNKNOWN:
        return NOT_MODERN
    if not error_doubts_session(error):
        return ""
    message = string_member(object_or_none(error) or {}, "message") or ""
    is_of_version = _SPEAKS_OF_VERSIONS.search(message.encode("utf-8", "replace"))
    if not is_of_version and code_of(error) != _UNSUPPORTED_REVISION:
        return NOT_GREETED
    return NOT_MODERN if is_modern else OTHER_REVISION
