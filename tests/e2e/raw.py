"""An MCP client without the SDK: sends what it is told and shows the bytes that come back, whatever they are."""

from __future__ import annotations

import http.client
import itertools
import json
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
LIMIT_SECONDS = 60.0
META = "io.modelcontextprotocol/"
NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""The parameter that revision 2026-07-28 wants repeated in the header Mcp-Name."""


class Raw:
    """One client of `/mcp` at one revision, calling from `source`. Every request is a connection of its own."""

    path = "/mcp"

    def __init__(self, url: str, revision: str, *, source: str = "", capabilities: Json | None = None) -> None:
        self.netloc = urlsplit(url).netloc
        self.revision = revision
        self.source = source
        self.capabilities = capabilities or {}
        self.headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self.ids = itertools.count(1)
        if revision != MODERN:
            self.greet()
        self.headers["MCP-Protocol-Version"] = revision

    def greet(self) -> None:
        client = {"name": "raw", "version": "1"}
        params = {"protocolVersion": self.revision, "capabilities": self.capabilities, "clientInfo": client}
        status, headers, body = self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
        assert status == 200, body
        self.headers["Mcp-Session-Id"] = headers["mcp-session-id"]
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def post(self, message: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = self.sent(message, **headers)
        try:
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def sent(self, message: object, **headers: str) -> http.client.HTTPConnection:
        """The connection on which the answer will come."""
        source = (self.source, 0) if self.source else None
        connection = http.client.HTTPConnection(self.netloc, timeout=LIMIT_SECONDS, source_address=source)
        connection.request("POST", self.path, json.dumps(message).encode(), {**self.headers, **headers})
        return connection

    def message(self, method: str, params: Json) -> tuple[Json, dict[str, str]]:
        """A request, and the headers that repeat what is in it."""
        headers: dict[str, str] = {}
        if self.revision == MODERN:
            meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": self.capabilities}
            params = {"_meta": meta, **params}
            headers["Mcp-Method"] = method
            if method in NAMED_BY:
                headers["Mcp-Name"] = str(params[NAMED_BY[method]])
        return {"jsonrpc": "2.0", "id": next(self.ids), "method": method, "params": params}, headers

    def request(self, method: str, **params: object) -> Json:
        """The response to a request as a JSON object: taken out of the event stream, if it is one."""
        message, headers = self.message(method, params)
        number = message["id"]
        _, answered, body = self.post(message, **headers)
        for answer in messages_of(answered.get("content-type", ""), body):
            if answer.get("id") == number:
                return answer
        raise AssertionError(f"no answer to {method} in {body!r}")

    def result(self, method: str, **params: object) -> Json:
        answer = self.request(method, **params)
        assert "result" in answer, answer
        result: Json = answer["result"]
        return result

    def error(self, method: str, **params: object) -> Json:
        answer = self.request(method, **params)
        assert "error" in answer, answer
        error: Json = answer["error"]
        return error

    def call(self, tool: str, **arguments: object) -> Json:
        return self.result("tools/call", name=tool, arguments=arguments)


def messages_of(content_type: str, body: bytes) -> list[Json]:
    if not content_type.startswith("text/event-stream"):
        return [json.loads(body)]
    events = body.decode().replace("\r\n", "\n").split("\n\n")
    data = ["\n".join(line[5:].strip() for line in event.split("\n") if line.startswith("data:")) for event in events]
    return [json.loads(text) for text in data if text]
