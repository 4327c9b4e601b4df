"""What a client of the load says, as bytes, and when an answer is whole. Both eras; no socket is touched here."""

from __future__ import annotations

import json
import re
from urllib.parse import urljoin, urlsplit

import attrs

LEGACY = "2025-06-18"
MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
}
_SESSION = re.compile(rb"(?i)\r\nmcp-session-id: *(\S+)")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_ENDPOINT = re.compile(rb"event: *endpoint\r?\ndata: *(\S+)\r?\n")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")

Params = dict[str, object]


@attrs.frozen
class Place:
    """Where a gateway serves."""

    url: str

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def head(self, verb: str, fields: str) -> bytes:
        parts = urlsplit(self.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return f"{verb} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{fields}".encode()

    def post(self, body: bytes, fields: str) -> bytes:
        told = (
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            f"{fields}Content-Length: {len(body)}\r\n\r\n"
        )
        return self.head("POST", told) + body

    def greeting(self) -> bytes:
        client = {"name": "bench", "version": "1"}
        params: Params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client}
        return self.post(message("initialize", params), "")

    def initialized(self, session: str) -> bytes:
        return self.post(b'{"jsonrpc":"2.0","method":"notifications/initialized"}', of_session(session))

    def farewell(self, session: str) -> bytes:
        return self.head("DELETE", of_session(session) + "\r\n")

    def stream(self, session: str) -> bytes:
        return self.head("GET", f"Accept: text/event-stream\r\n{of_session(session)}\r\n")

    def listening(self) -> bytes:
        """The stream of HTTP+SSE."""
        return self.head("GET", "Accept: text/event-stream\r\n\r\n")

    def posting(self, answer: bytes) -> str:
        """Where the stream of HTTP+SSE says that messages are posted; empty before."""
        found = _ENDPOINT.search(answer)
        return urljoin(self.url, found[1].decode()) if found else ""

    def legacy(self, method: str, params: Params, session: str) -> bytes:
        return self.post(message(method, params), of_session(session))

    def modern(self, method: str, params: Params) -> bytes:
        named = f"Mcp-Name: {params['name']}\r\n" if "name" in params else ""
        fields = f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: {method}\r\n{named}"
        return self.post(message(method, {**params, "_meta": META}), fields)


def message(method: str, params: Params) -> bytes:
    told = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps(told, separators=(",", ":")).encode()


def of_session(session: str) -> str:
    """The fields of a request within a session; some servers give none."""
    named = f"Mcp-Session-Id: {session}\r\n" if session else ""
    return f"MCP-Protocol-Version: {LEGACY}\r\n{named}"


def session_of(answer: bytes) -> str:
    found = _SESSION.search(answer)
    return found[1].decode() if found else ""


def size_of(answer: bytes) -> int | None:
    """How long the answer is in all, once its head is there and says it; -1 where chunks end it; None before."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    if found := _LENGTH.search(answer, 0, end):
        return end + 4 + int(found[1])
    return -1 if _CHUNKED.search(answer, 0, end) else end + 4
