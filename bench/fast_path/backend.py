"""The server behind every gateway that is measured, over its pipes or over plain HTTP: as cheap as Python allows, so
that it is never what is waited for. Its results are made before the first call. Standard
library only: run as a script."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from typing import Any

REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
LARGE = 100_000
ROWS = 800
PIECE = 1 << 20
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")

Json = dict[str, Any]


def described(name: str) -> Json:
    """One tool, of the size that tools have."""
    properties = {
        "text": {"type": "string", "description": "What is to be said, in the words of who asks."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
    }
    schema = {"type": "object", "properties": properties, "required": ["text"]}
    words = f"Does what {name} is for, and answers with the text that it was given."
    return {"name": name, "title": f"The tool {name}", "description": words, "inputSchema": schema}


def structured() -> Json:
    """A table of about 100 KB: what a server that asks a database answers."""
    rows = [
        {"id": n, "name": f"customer {n}", "tags": ["new", "paying"], "place": {"x": n / 7, "y": -n / 3}, "left": None}
        for n in range(ROWS)
    ]
    return {"content": [{"type": "text", "text": f"{ROWS} rows"}], "structuredContent": {"rows": rows}}


class Server:
    """What it answers to a message."""

    def __init__(self, tools: int, era: str) -> None:
        self.is_modern = era == "modern"
        names = ["echo", "large", "table", *(f"tool_{number:04}" for number in range(tools - 3))]
        cached = {"ttlMs": 600_000, "cacheScope": "public"} if self.is_modern else {}
        self.tools = self.encoded({"tools": [described(name) for name in names], **cached})
        self.results = {
            "large": self.encoded({"content": [{"type": "text", "text": "x" * LARGE}]}),
            "table": self.encoded(structured()),
        }

    def encoded(self, result: Json) -> bytes:
        whole = {"resultType": "complete", **result} if self.is_modern else result
        return json.dumps(whole, separators=(",", ":")).encode()

    def result(self, method: str, params: Json) -> bytes | None:
        match method:
            case "tools/call":
                if found := self.results.get(params["name"]):
                    return found
                return self.encoded({"content": [{"type": "text", "text": params["arguments"].get("text", "")}]})
            case "tools/list":
                return self.tools
            case "ping":
                return b"{}"
            case "initialize" if not self.is_modern:
                wanted = params.get("protocolVersion")
                info = {"name": "bench", "version": "1"}
                revision = wanted if wanted in REVISIONS else REVISIONS[-1]
                return self.encoded({"protocolVersion": revision, "capabilities": {"tools": {}}, "serverInfo": info})
            case "server/discover" if self.is_modern:
                return self.encoded(
                    {
                        "supportedVersions": [MODERN],
                        "capabilities": {"tools": {}},
                        "ttlMs": 600_000,
                        "cacheScope": "public",
                    }
                )
        return None

    def answer(self, body: bytes) -> bytes:
        """The response to a request; nothing for a notification."""
        message = json.loads(body)
        number = message.get("id")
        if number is None or "method" not in message:
            return b""
        result = self.result(message["method"], message.get("params") or {})
        if result is None:
            return b'{"jsonrpc":"2.0","id":%b,"error":{"code":-32601,"message":"Method not found"}}' % _json(number)
        return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_json(number), result)


def _json(value: object) -> bytes:
    return b"%d" % value if isinstance(value, int) else json.dumps(value).encode()


def over_pipes(server: Server) -> None:
    kept = b""
    while piece := os.read(0, PIECE):
        *lines, kept = (kept + piece).split(b"\n")
        answers = [answer + b"\n" for line in lines if line.strip() and (answer := server.answer(line))]
        whole = memoryview(b"".join(answers))
        while whole:
            whole = whole[os.write(1, whole) :]


class Connection(asyncio.Protocol):
    """One client over HTTP/1.1."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self.server = server
        self.kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.kept += data
        while (end := self.kept.find(b"\r\n\r\n")) >= 0:
            head = self.kept[:end]
            found = LENGTH.search(head)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self.kept) < size:
                return
            body, self.kept = self.kept[end + 4 : size], self.kept[size:]
            self.transport.write(self.response(head, body))

    def response(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET"):  # no stream outside of calls
            return b"HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n"
        if not head.startswith(b"POST"):
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        answer = self.server.answer(body)
        if not answer:
            return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        session = b"" if self.server.is_modern or b'"initialize"' not in body else b"Mcp-Session-Id: bench\r\n"
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
        return start % (session, len(answer)) + answer


async def over_http(server: Server, port: int) -> None:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(server), "127.0.0.1", port, backlog=1024)
    await listener.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--http", type=int, default=0, metavar="PORT", help="serve HTTP here instead of the pipes")
    parser.add_argument("--tools", type=int, default=3, help="how many tools it has")
    parser.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    options = parser.parse_args()
    if options.http:
        asyncio.run(over_http(Server(options.tools, options.era), options.http))
    else:
        over_pipes(Server(options.tools, options.era))
