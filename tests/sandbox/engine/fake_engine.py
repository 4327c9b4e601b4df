"""An engine that says what it is told to say: HTTP on a Unix socket, as well or as badly as a test wants."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import attrs
import trio

from argus_trio.sandbox.engine.facts import EngineFacts

DOCKER_VERSION: Final = {"Version": "20.10.24", "ApiVersion": "1.41"}
DOCKER_INFO: Final[dict[str, object]] = {
    "NCPU": 2,
    "MemTotal": 1024,
    "SecurityOptions": ["name=seccomp,profile=default"],
    "OSType": "linux",
    "MemoryLimit": True,
}
PODMAN_HEADERS: Final = ("Libpod-Api-Version: 4.3.1", "Server: Libpod/4.3.1 (linux)")


@attrs.frozen(kw_only=True)
class Said:
    """One answer."""

    status: int = 200
    body: object = None
    """What is sent as JSON, or text or bytes as they are."""
    headers: tuple[str, ...] = ()
    is_chunked: bool = False
    media_type: str = "application/json"
    raw: bytes | None = None
    """What is sent instead of all the rest."""
    hangs: bool = False
    """Whether nothing is sent at all."""
    is_cut: bool = False
    """Whether the connection breaks off in the midst of the body."""

    def encoded(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.body if isinstance(self.body, bytes) else str(self.body).encode()
        if not isinstance(self.body, bytes | str):
            body = b"" if self.body is None else json.dumps(self.body).encode()
        length = f"Content-Length: {len(body) + self.is_cut}"
        lines = [f"HTTP/1.1 {self.status} X", f"Content-Type: {self.media_type}", *self.headers]
        lines.append("Transfer-Encoding: chunked" if self.is_chunked else length)
        if self.is_chunked:
            half = len(body) // 2
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
            body += b"" if self.is_cut else b"0\r\n\r\n"
        return "\r\n".join([*lines, "", ""]).encode() + body


def refused(status: int, message: str) -> Said:
    """An error as engines tell it."""
    return Said(status=status, body={"message": message})


@attrs.frozen(kw_only=True)
class Request:
    """One request."""

    method: str
    path: str
    """Without the version."""
    query: dict[str, str]
    body: bytes
    version: str
    is_last: bool
    """Whether the client wants the connection to end with the answer: HTTP/1.0."""


Answering = Said | list[Said] | Callable[[Request], Said]
"""What is said to each request, to one after the other (the last one for ever), or what is found when it comes."""


@attrs.define(eq=False)
class FakeEngine:
    """The engine; `says` are answers by method and path."""

    socket: Path
    says: dict[str, Answering] = attrs.field(factory=dict)
    requests: list[Request] = attrs.field(factory=list)
    came: trio.Event = attrs.field(factory=trio.Event)
    """Set, and replaced, when a request has come."""

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(kind="docker", version="20.10", api_version="1.41", socket=self.socket)

    def asked(self) -> list[str]:
        """What was asked so far, as `METHOD path`."""
        return [f"{request.method} {request.path}" for request in self.requests]

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one connection."""
        try:
            async with stream:
                while await self._answer(stream):
                    pass
        except trio.BrokenResourceError:
            return  # the client went

    async def _answer(self, stream: trio.SocketStream) -> bool:
        request = await _read(stream)
        if request is None:
            return False
        self.requests.append(request)
        self.came.set()
        self.came = trio.Event()
        answering = self.says.get(f"{request.method} {request.path}", refused(404, "page not found"))
        if isinstance(answering, list):
            answering = answering.pop(0) if len(answering) > 1 else answering[0]
        said = answering(request) if callable(answering) else answering
        if said.hangs:
            await trio.sleep_forever()
        await stream.send_all(said.encoded())
        return not (said.is_cut or said.raw is not None or request.is_last)


async def _read(stream: trio.SocketStream) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = await stream.receive_some(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    method, target, protocol = first.split(" ")
    headers = dict(line.lower().split(": ", 1) for line in fields)
    is_chunked = headers.get("transfer-encoding") == "chunked"
    while not body.endswith(b"0\r\n\r\n") if is_chunked else len(body) < int(headers.get("content-length", 0)):
        body += await stream.receive_some(65536)
    parts = urlsplit(target)
    version = re.match(r"/(v\d+\.\d+)/", parts.path)
    return Request(
        method=method,
        path=parts.path.removeprefix(f"/{version[1]}" if version else ""),
        query={name: values[0] for name, values in parse_qs(parts.query).items()},
        body=body,
        version=version[1] if version else "",
        is_last=protocol == "HTTP/1.0",
    )


@asynccontextmanager
async def fake_engine(socket: Path) -> AsyncIterator[FakeEngine]:
    """An engine that listens at `socket` for the length of the block."""
    engine = FakeEngine(socket)
    bound = trio.socket.socket(trio.socket.AF_UNIX)
    await bound.bind(str(socket))
    bound.listen(200)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, engine.serve, [trio.SocketListener(bound)])
        yield engine
        nursery.cancel_scope.cancel()


def docker(engine: FakeEngine, **info: object) -> None:
    """Make it introduce itself as Docker."""
    engine.says["GET /_ping"] = Said(body="OK", media_type="text/plain")
    engine.says["GET /version"] = Said(body=DOCKER_VERSION)
    engine.says["GET /info"] = Said(body={**DOCKER_INFO, **info}, is_chunked=True)


def podman(engine: FakeEngine, **info: object) -> None:
    """Make it introduce itself as Podman."""
    engine.says["GET /_ping"] = Said(body="OK", media_type="text/plain", headers=PODMAN_HEADERS)
    engine.says["GET /version"] = Said(body={"Version": "4.3.1", "ApiVersion": "1.41"}, headers=PODMAN_HEADERS)
    engine.says["GET /info"] = Said(body={**DOCKER_INFO, **info}, headers=PODMAN_HEADERS)
