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
from tests.e2e.test_memory_of_requests import answer
from tests.e2e.watched import MEGABYTE, Watched

ANSWERS = 60
ANSWER_BYTES = 12 * MEGABYTE
PIECE_BYTES = 512 * 1024
PIECE_SECONDS = 0.01
"""What makes the backend slow: so long between the pieces of an answer, as of a server that works them out."""
DISCARDED_BYTES = 256 * 1024


class LargeBackend(BaseHTTPRequestHandler):
    """A modern server whose tools answer slowly and at length: `bulk` in JSON, `stream` in an event stream."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        params = message.get("params", {})
        name, size = params.get("name"), params.get("arguments", {}).get("size", 0)
        head = json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer(message["method"])}).encode()
        if message["method"] == "tools/list":
            head = head.replace(b'"sleep"', b'"bulk"')
        head, tail = (
            head.replace(b'"content": []', b'"content": [{"type": "text", "text": "", "x": "').split(b'"x": "')
            if size
            else (head, b"")
        )
        if size:
            head, tail = head + b'"x": "', b'"}]' + tail
        is_stream = name == "stream" or self.path == "/stream"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if is_stream and size else "application/json")
        if is_stream and size:
            self.send_header("Connection", "close")
            head, tail = b"data: " + head, tail + b"\n\n"
        else:
            self.send_header("Content-Length", str(len(head) + size + len(tail)))
        self.end_headers()
        self.wfile.write(head)
        for _ in range(0, size, PIECE_BYTES):
            self.wfile.write(b"y" * PIECE_BYTES)
            time.sleep(PIECE_SECONDS)
        self.wfile.write(tail)
        self.close_connection = is_stream and bool(size)

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
    with large_backend(path) as url, gateway.running({"backends": {"b": gateway.http(url)}}, tmp_path) as running:
        watched = Watched(running)
        with ThreadPoolExecutor(ANSWERS) as clients:
            lengths = list(clients.map(lambda _: read_to_the_end(running.url, "b__bulk", ANSWER_BYTES), range(ANSWERS)))
        print(watched.before, watched.figure("VmHWM"), watched.figure("VmRSS"))
        assert min(lengths) > ANSWER_BYTES
        watched.check()
