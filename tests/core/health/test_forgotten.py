"""What servers say of a session that they do not know, and what only sounds like it."""

from __future__ import annotations

import pytest

from argus_trio.core.health.forgotten import (
    FORGOTTEN,
    NOT_GREETED,
    NOT_MODERN,
    OTHER_REVISION,
    error_doubts_session,
    greeting_lost,
    says_forgotten,
    status_doubts_session,
)
from argus_trio.wire.envelope import encode_error

SAID = {
    "TypeScript SDK, new process": (400, b"Bad Request: Server not initialized"),
    "TypeScript SDK, no header": (400, b"Bad Request: Mcp-Session-Id header is required"),
    "TypeScript SDK, another session": (404, b"Session not found"),
    "TypeScript SDK, example": (400, b"Bad Request: No valid session ID provided"),
    "TypeScript SDK, example in plain text": (400, b"Invalid or missing session ID"),
    "TypeScript SDK, example on HTTP+SSE": (400, b"No transport found for sessionId"),
    "Python SDK": (404, b"Session not found"),
    "Python SDK, no header": (400, b"Bad Request: Missing session ID"),
    "Python SDK, another session": (404, b"Not Found: Invalid or expired session ID"),
    "Python SDK, ended": (404, b"Not Found: Session has been terminated"),
    "Python SDK on HTTP+SSE": (404, b"Could not find session"),
    "Go SDK": (404, b"session not found"),
    "Go SDK, closing": (404, b"session is closing"),
    "C# SDK": (400, b"Bad Request: A new session can only be created by an initialize request. Include a valid"),
    "C# SDK on HTTP+SSE": (400, b'"Session ID not found."'),
    "Java SDK": (404, b"Session not found: 9f2c"),
    "Java SDK, no header": (400, b"Session ID required in mcp-session-id header"),
    "Spring AI on HTTP+SSE": (400, b"Session ID missing in message endpoint"),
    "Rust SDK": (404, b"Not Found: Session not found"),
    "Rust SDK to 0.8": (401, b"Unauthorized: Session not found"),
    "Rust SDK, no header": (422, b"Unexpected message, expect initialize request"),
    "mcp-go": (404, b"Invalid session ID"),
    "mcp-go, ended": (404, b"Session terminated"),
}


@pytest.mark.parametrize("whose", SAID)
def test_the_words_of_each_library_are_known(whose: str) -> None:
    status, text = SAID[whose]
    assert says_forgotten(text)
    assert status_doubts_session(status, text)


@pytest.mark.parametrize("words", FORGOTTEN)
def test_the_table_is_in_lower_case_and_speaks_of_what_is_doubted(words: bytes) -> None:
    assert words == words.lower()
    assert says_forgotten(b"Error: " + words.title())
    assert status_doubts_session(400, words)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, b"Conflict: Only one SSE stream is allowed per session"),
        (503, b"Too many open sessions"),
        (429, b"Too many requests in this session"),
        (400, b"Invalid JSON"),
        (403, b"<html><script>var session = 1</script></html>"),
        (502, b"\n <html>session</html>"),
    ],
)
def test_what_speaks_of_another_reason_is_no_doubt(status: int, body: bytes) -> None:
    assert not status_doubts_session(status, body)


@pytest.mark.parametrize(
    ("code", "message", "doubts"),
    [
        (0, 'method "tools/call" is invalid during session initialization', True),
        (-32002, "Server not initialized", True),
        (-32602, "Received request before initialization was complete", True),
        (-32602, "Invalid request parameters", True),
        (-32603, "Invalid request parameters", False),
        (-32602, "Unknown tool: x", False),
        (-32002, "Resource not found", False),
    ],
)
def test_a_json_rpc_error_is_doubted_by_its_words(code: int, message: str, doubts: bool) -> None:
    assert error_doubts_session(encode_error(code, message)) is doubts


def test_what_is_no_error_object_is_not_doubted() -> None:
    assert not error_doubts_session(b'"session"')


@pytest.mark.parametrize(("code", "is_other"), [(-32601, True), (-32022, True), (-32603, False)])
def test_a_modern_server_that_does_not_know_its_own_method_is_modern_no_more(code: int, is_other: bool) -> None:
    assert bool(greeting_lost(encode_error(code, "no"), is_modern=True)) is is_other


@pytest.mark.parametrize(
    ("code", "message", "is_modern", "reason"),
    [
        (-32022, "no", False, OTHER_REVISION),
        (-32000, "Bad Request: Unsupported protocol version (supported versions: 2025-11-25)", True, NOT_MODERN),
        (-32000, "Bad Request: Unsupported protocol version", False, OTHER_REVISION),
        (-32002, "Server not initialized", False, NOT_GREETED),
        (-32601, "no", False, ""),
        (-32602, "no", True, ""),
    ],
)
def test_a_server_that_was_exchanged_for_one_of_another_revision_has_to_be_greeted_anew(
    code: int, message: str, is_modern: bool, reason: str
) -> None:
    assert greeting_lost(encode_error(code, message), is_modern=is_modern) == reason


def test_a_refusal_that_speaks_of_the_protocol_version_is_a_doubt() -> None:
    assert status_doubts_session(400, b"Bad Request: Unsupported protocol version: 2026-07-28")
