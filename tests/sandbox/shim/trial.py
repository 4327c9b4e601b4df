"""A shim that runs as an ordinary process, with the gateway's side of its pipes and sockets in the hands of a test."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.sandbox.container.folder import PIPES, ContainerFolder, make_folder
from argus_trio.sandbox.plan.outcome import ShimKind
from argus_trio.sandbox.shim.order import start_order
from argus_trio.wire.lines import Lines

PATIENCE_SECONDS = 10.0
PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
KINDS: tuple[ShimKind, ...] = ("python", "node")
TYPE_A, TYPE_MX, TYPE_AAAA = 1, 15, 28


@attrs.define(eq=False, kw_only=True)
class Trial:
    """One shim that has connected."""

    kind: ShimKind
    process: trio.Process
    folder: ContainerFolder
    control: trio.SocketStream
    stdin: trio.lowlevel.FdStream
    stdout: trio.lowlevel.FdStream
    stderr: trio.lowlevel.FdStream
    egress: trio.SocketListener
    dns_port: int
    _lines: Lines = attrs.field(factory=Lines, init=False)
    _unread: deque[bytes] = attrs.field(factory=deque, init=False)

    async def order(self, *argv: str, env: Mapping[str, str] = PATH, cwd: str | None = None, ports: str = "") -> None:
        await self.control.send_all(start_order(argv, env, cwd, ports=ports))

    async def python(self, code: str, *arguments: str, ports: str = "") -> None:
        """Have a Python server started, and take note of it."""
        await self.order(sys.executable, "-S", "-c", code, *arguments, ports=ports)
        assert (await self.report()).startswith("started ")

    async def report(self) -> str:
        """The next line that the shim says; empty at the end."""
        while not self._unread:
            with suppress(trio.BrokenResourceError):
                chunk = await self.control.receive_some(4096)
                if chunk:
                    self._unread.extend(self._lines.feed(chunk))
                    continue
            return ""
        return self._unread.popleft().decode()

    async def read_line(self) -> bytes:
        """The next line of the server."""
        read = b""
        while not read.endswith(b"\n"):
            chunk = await self.stdout.receive_some(65536)
            assert chunk, f"the server ended: {read!r}"
            read += chunk
        return read.strip()

    async def read_all(self, stream: trio.lowlevel.FdStream) -> bytes:
        read = b""
        while chunk := await stream.receive_some(65536):
            read += chunk
        return read

    async def ask_name(self, name: str, kind: int = TYPE_A) -> str | None:
        """The address that a name has inside, None when it has none of that kind."""
        with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            await sock.sendto(question(name, kind), ("127.0.0.1", self.dns_port))
            return address_in(await sock.recv(1500))


@asynccontextmanager
async def trial(kind: ShimKind, tmp_path: Path) -> AsyncIterator[Trial]:
    """A shim for the length of the block; it is gone afterwards, as after the end of its control socket."""
    skip_without(kind)
    folder = make_folder(tmp_path, kind)
    port = free_port()
    process = await trio.lowlevel.open_process(
        command(kind, folder, port), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    pipes: dict[str, trio.lowlevel.FdStream] = {}
    control: trio.SocketStream | None = None
    try:
        with trio.fail_after(PATIENCE_SECONDS):
            async with trio.SocketListener(trio.socket.from_stdlib_socket(folder.listeners.pop("control"))) as listener:
                control = await listener.accept()
            folder.settle()
            pipes = {name: trio.lowlevel.FdStream(folder.pipes.pop(name)) for name in PIPES}
            egress = trio.SocketListener(trio.socket.from_stdlib_socket(folder.listeners.pop("egress")))
            async with egress:
                yield Trial(
                    kind=kind, process=process, folder=folder, control=control, egress=egress, dns_port=port, **pipes
                )
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + PATIENCE_SECONDS):
            for stream in (control, *pipes.values()):
                if stream is not None:
                    await trio.aclose_forcefully(stream)
            with trio.move_on_after(2):
                await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
            folder.close()


def skip_without(kind: ShimKind) -> None:
    if kind == "node" and shutil.which("node") is None:
        pytest.skip("there is no Node on this machine")


def command(kind: ShimKind, folder: ContainerFolder, port: int = 0) -> list[str]:
    """How a shim is run."""
    if kind == "python":
        return [sys.executable, "-I", "-S", str(folder.path / "shim.py"), str(port)]
    return ["node", str(folder.path / "shim.js"), str(port)]


def free_port() -> int:
    """One that is free for TCP and UDP, on every loopback address."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            stream.bind(("0.0.0.0", 0))
            port = int(stream.getsockname()[1])
            try:
                datagrams.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port


def question(name: str, kind: int = TYPE_A) -> bytes:
    """A DNS query."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0" + struct.pack("!HH", kind, 1)


def address_in(answer: bytes) -> str | None:
    """The address that an answer ends with."""
    assert answer[:2] == b"\x12\x34"
    assert answer[3] & 15 == 0
    return socket.inet_ntoa(answer[-4:]) if answer[6:8] == b"\0\1" else None
