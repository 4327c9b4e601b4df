"""What a flood of large requests takes while nobody serves them: a real gateway's memory, for each edge and backend."""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e import gateway
from tests.e2e.raw import LEGACY, META, MODERN, Raw
from tests.e2e.watched import MEGABYTE, MOST_MEGABYTES, Watched

BODY_BYTES = 4 * MEGABYTE - 4096
CLIENTS = 48
REFUSED_FIRST = 5
"""So many refusals are waited for, to be looked at."""


class SlowBackend(BaseHTTPRequestHandler):
    """A modern server that reads nothing of a large request until `released`."""

    protocol_version = "HTTP/1.1"
    released: threading.Event

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        if length > MEGABYTE:
            self.released.wait(60)
        read = self.rfile.read(length)
        if len(read) < length:
            return  # its client has gone
        message = json.loads(read)
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer(message["method"])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def answer(method: str) -> dict[str, Any]:
    match method:
        case "server/discover":
            result: dict[str, Any] = {
                "supportedVersions": [MODERN],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "slow", "version": "1"},
            }
        case "tools/list":
            result = {"tools": [{"name": "sleep", "inputSchema": {"type": "object"}}]}
        case "tools/call":
            result = {"content": []}
        case _:
            return {"error": {"code": -32601, "message": "unknown"}}
    return {"result": {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **result}}


@contextmanager
def slow_backend(released: threading.Event) -> Iterator[str]:
    handler = type("Handler", (SlowBackend,), {"released": released})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/mcp"
        finally:
            released.set()
            server.shutdown()
            thread.join()


class Flood:
    """Large calls, each on a connection of its own, of backends that do not take them until `release`."""

    def __init__(self, watched: Watched, backend: str, until: Path, released: threading.Event) -> None:
        self.watched = watched
        self.backend = backend
        self.until = until
        self._released = released
        self.address = urlsplit(watched.gateway.url)

    def call(self, size: int, *, is_modern: bool = False, number: int = 1) -> bytes:
        """A call with so many bytes; the first of a backend on stdio has it fall asleep."""
        params: dict[str, Any] = {"name": f"{self.backend}__sleep", "arguments": {"x": "y" * size}}
        if is_modern:
            params["_meta"] = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
        return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()

    def release(self) -> None:
        """Have the backends read again."""
        self.until.touch()
        self._released.set()

    def post(self, stack: ExitStack, path: str, headers: dict[str, str], body: bytes) -> socket.socket:
        """A connection on which a request was sent, as far as the gateway reads it."""
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        connection = stack.enter_context(
            socket.create_connection((self.address.hostname or "", self.address.port or 0))
        )
        connection.settimeout(20)
        with suppress(OSError):  # it was refused, and its connection ended
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        return connection


@pytest.fixture(params=["stdio", "http"])
def flood(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flood]:
    released = threading.Event()
    with slow_backend(released) as url:
        backends = {"stdio": gateway.stdio("bulky.py"), "http": gateway.http(url)}
        with gateway.running({"backends": backends}, tmp_path) as running:
            flood = Flood(Watched(running), request.param, tmp_path / "awake", released)
            if request.param == "stdio":
                arguments = {"until": str(flood.until)}
                body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
                body["params"] = {"name": "stdio__sleep", "arguments": arguments}
                sleeper = Raw(running.url, LEGACY)
                with ExitStack() as stack:
                    flood.post(stack, "/mcp", sleeper.headers, json.dumps(body).encode())
                    yield flood
            else:
                yield flood
            flood.release()


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
def test_large_requests_that_wait_for_a_backend_have_a_bound_and_others_go_on(flood: Flood, revision: str) -> None:
    client = Raw(flood.watched.gateway.url, revision)
    headers = dict(client.headers)
    if revision == MODERN:
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": f"{flood.backend}__sleep"}
    with ExitStack() as stack:
        connections = [
            flood.post(stack, "/mcp", headers, flood.call(BODY_BYTES, is_modern=revision == MODERN, number=number))
            for number in range(1000, 1000 + CLIENTS)
        ]
        refused = answered(connections, at_least=REFUSED_FIRST)
        assert len(refused) < CLIENTS
        for head, error in refused:
            assert head.startswith(b"HTTP/1.1 503 ")
            assert re.search(rb"\r\nretry-after: [1-9]", head.lower())
            assert error["error"]["code"] == -31016
            assert error["error"]["data"]["retryAfter"] > 0
        assert client.request("tools/list")["result"]["tools"]
        assert flood.watched.figure("VmHWM") <= MOST_MEGABYTES
        flood.release()
    flood.watched.check()


def test_large_requests_over_http_sse_have_a_bound(flood: Flood) -> None:
    address = flood.address
    with ExitStack() as stack:
        stream = stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0)))
        stream.sendall(b"GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        path = b""
        while b"session_id=" not in path or not path.endswith(b"\n\n\r\n"):
            path += stream.recv(4096)
        path = b"/" + path.partition(b"data: ")[2].split(b"\n")[0].strip()
        greeting = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        hello = json.dumps({"jsonrpc": "2.0", "id": "0", "method": "initialize", "params": greeting}).encode()
        bodies = [hello, *(flood.call(BODY_BYTES, number=number) for number in range(CLIENTS))]
        headers = {"Content-Type": "application/json"}
        connections = [flood.post(stack, path.decode(), headers, body) for body in bodies]
        heads = [head for head, _ in answered(connections, at_least=len(connections))]
        assert sum(head.startswith(b"HTTP/1.1 202 ") for head in heads) > 1
        assert any(head.startswith(b"HTTP/1.1 503 ") for head in heads)
        assert flood.watched.figure("VmHWM") <= MOST_MEGABYTES
        flood.release()
    flood.watched.check()


def answered(connections: list[socket.socket], *, at_least: int) -> list[tuple[bytes, dict[str, Any]]]:
    """The heads and bodies of the answers that have come, once there are so many."""
    waiting = {each.fileno(): each for each in connections}
    poll = select.poll()
    for number in waiting:
        poll.register(number, select.POLLIN)
    answers: list[tuple[bytes, dict[str, Any]]] = []
    end = time.monotonic() + 20
    while waiting:
        found = poll.poll(0 if len(answers) >= at_least else max(0, 1000 * (end - time.monotonic())))
        if not found:
            break
        for number, _ in found:
            poll.unregister(number)
            head, body = answer_on(waiting.pop(number))
            answers.append((head, json.loads(body) if body.startswith(b"{") else {}))
    assert len(answers) >= at_least
    return answers


def answer_on(connection: socket.socket) -> tuple[bytes, bytes]:
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65536)
        assert part, read
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head, body
