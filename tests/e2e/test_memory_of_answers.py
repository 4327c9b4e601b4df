"""What large answers of backends take that come at once and slowly: a real gateway's memory, for each transport."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e import gateway
from tests.e2e.raw import META, MODERN
from tests.e2e.watched import MEGABYTE, Watched

ANSWERS = 30
ANSWER_BYTES = 6 * MEGABYTE
LIMIT = 64 * MEGABYTE
MOST_MORE_MEGABYTES = 130
"""What all of them may take beyond a gateway at rest; they have 180 together."""
PIECE_BYTES = 512 * 1024
PIECE_SECONDS = 0.01
"""What makes the backend slow: so long between the pieces of an answer, as of a server that works them out."""
DISCARDED_BYTES = 256 * 1024
RESULTS: dict[str, dict[str, Any]] = {
    "server/discover": {
        "supportedVersions": [MODERN],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "large", "version": "1"},
    },
    "tools/list": {"tools": [{"name": "bulk", "inputSchema": {"type": "object"}}]},
    "tools/call": {"content": [{"type": "text", "text": "TEXT"}]},
}


class LargeBackend(BaseHTTPRequestHandler):
    """A modern server whose tool answers slowly and at length: in JSON, or at `/stream` in an event stream."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        size = int(message.get("params", {}).get("arguments", {}).get("size", 0))
        result = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **RESULTS[message["method"]]}
        encoded = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
        head, _, tail = encoded.partition(b"TEXT")
        is_stream = self.path == "/stream"
        self.send_response(200)
        if is_stream:
            head, tail = b"data: " + head, tail + b"\n\n"
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(head) + size + len(tail)))
        self.end_headers()
        self.wfile.write(head)
        for _ in range(0, size, PIECE_BYTES):
            self.wfile.write(b"y" * PIECE_BYTES)
            time.sleep(PIECE_SECONDS)
        self.wfile.write(tail)
        self.close_connection = is_stream

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def large_backend(path: str) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), LargeBackend) as server:
        server.daemon_threads = True
        server.request_queue_size = 128
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{path}"
        finally:
            server.shutdown()
            thread.join()


def read_to_the_end(url: str, tool: str, size: int) -> int:
    """Call, forget the answer while it is read, and give its length."""
    params: dict[str, Any] = {"name": tool, "arguments": {"size": size}}
    params["_meta"] = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
    }
    length = 0
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.request("POST", "/mcp", body, headers)
        response = connection.getresponse()
        while piece := response.read(DISCARDED_BYTES):
            length += len(piece)
    return length


@pytest.mark.parametrize("path", ["/json", "/stream"])
def test_large_answers_that_come_at_once_over_http_wait_for_each_other(path: str, tmp_path: Path) -> None:
    server = {"limits": {"memory": LIMIT}}
    with (
        large_backend(path) as url,
        gateway.running({"server": server, "backends": {"b": gateway.http(url)}}, tmp_path) as running,
        ThreadPoolExecutor(ANSWERS) as clients,
    ):
        watched = Watched(running)
        lengths = list(clients.map(lambda _: read_to_the_end(running.url, "b__bulk", ANSWER_BYTES), range(ANSWERS)))
        assert min(lengths) > ANSWER_BYTES
        assert watched.figure("VmHWM") <= watched.before + MOST_MORE_MEGABYTES
        watched.check()


def test_large_answers_of_several_programs_wait_for_each_other(tmp_path: Path) -> None:
    names = [f"b{number}" for number in range(6)]
    backends = {name: gateway.stdio("bulky.py") for name in names}
    with (
        gateway.running({"server": {"limits": {"memory": LIMIT}}, "backends": backends}, tmp_path) as running,
        ThreadPoolExecutor(len(names)) as clients,
    ):
        watched = Watched(running)
        lengths = list(clients.map(lambda name: read_to_the_end(running.url, f"{name}__bulk", ANSWER_BYTES), names))
        assert max(lengths) > ANSWER_BYTES
        assert watched.figure("VmHWM") <= watched.before + MOST_MORE_MEGABYTES
        watched.check()
