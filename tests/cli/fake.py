"""A management API of the tests: it answers with what each test says, over TCP, TLS or a Unix socket."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import attrs
import msgspec

from argus_trio.contract.operation import BASE


@attrs.frozen(kw_only=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: object


class Streamed:
    """The answer of one request, written event by event."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()

    def send(self, event: str, data: object, event_id: str = "") -> None:
        head = f"id: {event_id}\n" if event_id else ""
        self.chunk(f"{head}event: {event}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode())

    def end(self) -> None:
        self.chunk(b"")

    def chunk(self, data: bytes) -> None:
        self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self._handler.wfile.flush()

    def cut(self) -> None:
        """Break the connection off."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def until_gone(self, seconds: float) -> bool:
        """Whether the peer closes the connection within this time."""
        self._handler.connection.settimeout(seconds)
        try:
            return len(self._handler.connection.recv(1)) == 0
        except TimeoutError:
            return False
        except OSError:
            return True


Stream = Callable[[Streamed, Asked], None]
Answer = tuple[int, object] | Stream | object


class FakeManagement:
    """What is answered at which path; a list is answered one after another. `asked` is what came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.headers: dict[str, str] = {}

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        path, _, query = handler.path.partition("?")
        fields = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(method=handler.command, path=path, query=query, headers=fields, body=body)
        self.asked.append(asked)
        found = self.answers.get(f"{handler.command} {path.partition(BASE)[2]}")
        if isinstance(found, list):
            found = found.pop(0)
        if callable(found):
            found(Streamed(handler), asked)
            return
        status, value = found if isinstance(found, tuple) else (200, found)
        if found is None:
            status, value = 404, problem("not-found", 404, "nothing is served at this path")
        raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        handler.send_header("Content-Length", str(len(raw)))
        for name, text in self.headers.items():
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(raw)


def problem(word: str, status: int, detail: str, **more: object) -> dict[str, object]:
    kind = f"{BASE}/problems/{word}"
    return {"type": kind, "title": word, "status": status, "detail": detail, "error": word, "message": detail, **more}


class _UnixHTTPServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def serving(
    fake: FakeManagement, *, port: int = 0, path: Path | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve it; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            fake.answer(self)

        def do_POST(self) -> None:
            fake.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def address_string(self) -> str:
            return ""

    server: ThreadingHTTPServer | _UnixHTTPServer
    if path is not None:
        server = _UnixHTTPServer(str(path), Handler)
        address = f"unix:{path}"
    else:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
