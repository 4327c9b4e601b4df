"""A small MCP server over Streamable HTTP whose tool `look` tells the `_meta` and the header fields it gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
MODERN = "2026-07-28"
TOOL = {"name": "look", "inputSchema": {"type": "object"}}


def _result(era: str, request: Json, headers: dict[str, str]) -> Json | None:
    params = request.get("params") or {}
    match request["method"]:
        case "server/discover" if era == "modern":
            return {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
        case "initialize" if era == "legacy":
            info = {"name": "mirror", "version": "1"}
            return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
        case "tools/list":
            return {"tools": [TOOL], "ttlMs": 60000, "cacheScope": "public"}
        case "tools/call":
            seen = {"meta": params.get("_meta"), "headers": headers}
            return {"content": [], "structuredContent": seen}
        case "ping":
            return {}
    return None


@contextmanager
def mirroring(era: str) -> Iterator[str]:
    """The URL of such a server of one era."""

    def answer(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        request = json.loads(body)
        if "id" not in request:
            return 202, b""
        result = _result(era, request, headers)
        response: Json = {"jsonrpc": "2.0", "id": request["id"]}
        if result is None:
            response["error"] = {"code": -32601, "message": "Method not found"}
        else:
            response["result"] = {"resultType": "complete", **result} if era == "modern" else result
        return 200 if result is not None or era == "legacy" else 404, json.dumps(response).encode()

    with answering(answer) as url:
        yield url


@contextmanager
def answering(answer: Callable[[bytes, dict[str, str]], tuple[int, bytes]]) -> Iterator[str]:
    """The URL of a server that answers each POST with a status and JSON, made of its body and header fields."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self._answer(*answer(body, {name.lower(): value for name, value in self.headers.items()}))

        def do_GET(self) -> None:
            self._answer(405, b"")

        do_DELETE = do_GET  # noqa: N815

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
