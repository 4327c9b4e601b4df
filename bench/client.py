"""A lean MCP client over HTTP/1.1: one kept-alive raw socket, so that what it costs does not hide what it measures."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

REVISION = "2025-06-18"
LIMIT_S = 120.0
PIECE = 262_144

Json = dict[str, Any]


class Client:
    """One legacy session on one connection. `url` is the endpoint, `capabilities` what it declares."""

    def __init__(self, url: str, capabilities: Json | None = None) -> None:
        self.capabilities = capabilities or {}
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            "Accept: application/json, text/event-stream\r\n"
        )
        self.greet()

    def greet(self) -> None:
        client = {"name": "bench", "version": "1"}
        params = {"protocolVersion": REVISION, "capabilities": self.capabilities, "clientInfo": client}
        headers, _ = self.exchange(encoded("initialize", params))
        self.head += f"MCP-Protocol-Version: {REVISION}\r\n"
        if session := headers.get("mcp-session-id"):
            self.head += f"Mcp-Session-Id: {session}\r\n"
        self.exchange(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    def exchange(self, body: bytes) -> tuple[dict[str, str], bytes]:
        """Send one POST and read its whole answer."""
        self.socket.sendall(f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        answer = self.rest(headers)
        if status >= 300:
            raise RuntimeError(f"HTTP {status}: {answer[:500]!r}")
        return headers, answer

    def rest(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.exactly(int(headers.get("content-length", "0")))
        chunks: list[bytes] = []
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            chunks.append(self.exactly(size))
            self.until(b"\r\n")
        self.until(b"\r\n")
        return b"".join(chunks)

    def more(self) -> None:
        piece = self.socket.recv(PIECE)
        if not piece:
            raise RuntimeError("the server closed the connection")
        self.buffer += piece

    def until(self, mark: bytes) -> bytes:
        while (end := self.buffer.find(mark)) < 0:
            self.more()
        taken, self.buffer = self.buffer[:end], self.buffer[end + len(mark) :]
        return taken

    def exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def result(self, method: str, params: Json) -> Json:
        """A request's result. Raises: RuntimeError when the answer is an error."""
        headers, body = self.exchange(encoded(method, params))
        if headers.get("content-type", "").startswith("text/event-stream"):
            data = [line[5:] for line in body.splitlines() if line.startswith(b"data:") and line[5:].strip()]
            answer = next(message for text in data if "id" in (message := json.loads(text)))
        else:
            answer = json.loads(body)
        if "result" not in answer:
            raise RuntimeError(str(answer))
        result: Json = answer["result"]
        return result

    def tools(self) -> list[str]:
        names: list[str] = []
        params: Json = {}
        while True:
            page = self.result("tools/list", params)
            names += [tool["name"] for tool in page["tools"]]
            if not page.get("nextCursor"):  # some say null on the last page
                return names
            params = {"cursor": page["nextCursor"]}

    def close(self) -> None:
        self.socket.close()


def encoded(method: str, params: Json) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
