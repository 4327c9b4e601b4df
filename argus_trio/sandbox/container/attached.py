"""A container whose image has no interpreter for a shim: its engine carries the streams, over one upgraded connection.

What the server writes comes in frames, stdout and stderr behind each other, and is taken apart here; what it reads is
written onto the connection as it is. It costs more than a shim's pipes, and its environment stands in the container's
configuration: the plan says so. When the gateway is killed the server's stdin ends, and what does not leave then is
removed by the reaper of `engine/`.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import msgspec
import trio

from argus_trio.core.health.health import RunningProgram
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import farewell
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.container.life import ContainerEngine, ContainerExit, await_exit, created, running
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.shim.order import exited

ATTACH_SECONDS: Final = 10.0
"""How long an engine may take to hand over the streams of a container."""
MAX_HEAD_BYTES: Final = 16 * 1024
"""The longest head of its answer."""
READ_BYTES: Final = 64 * 1024
"""What is read at once. So much, and no more, waits for who reads stdout or stderr."""
FRAME_HEAD_BYTES: Final = 8
TERM_GRACE_SECONDS: Final = 0.5
"""How long the server has between TERM and its removal. It had its time when its stdin was closed."""
END_SECONDS: Final = 20.0
"""More than all that `end` waits for together: the bound of the bounds."""
STATS_SECONDS: Final = 3.0
"""How long an engine may take to say what a container has used; then what it said last is told once more."""
MAX_STATS_BYTES: Final = 256 * 1024


class _CpuUsage(msgspec.Struct):
    total_usage: int = 0


class _CpuStats(msgspec.Struct):
    cpu_usage: _CpuUsage = msgspec.field(default_factory=_CpuUsage)


class _Stats(msgspec.Struct):
    cpu_stats: _CpuStats = msgspec.field(default_factory=_CpuStats)


@attrs.define(eq=False, repr=False)
class Outlet:
    """One of the two streams that come in frames. Nothing waits in it: who fills it waits until it is read."""

    _sender: trio.MemorySendChannel[bytes] = attrs.field(init=False)
    _receiver: trio.MemoryReceiveChannel[bytes] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._sender, self._receiver = trio.open_memory_channel[bytes](0)

    async def receive(self) -> bytes:
        """The next bytes, empty at the end of the stream."""
        try:
            return await self._receiver.receive()
        except trio.EndOfChannel:
            return b""

    async def fill(self, chunk: bytes) -> None:
        """Return once somebody has taken it. Nobody who ever will is no error."""
        with contextlib.suppress(trio.BrokenResourceError):
            await self._sender.send(chunk)

    def ends(self) -> None:
        """Take note that nothing more comes."""
        self._sender.close()

    def close(self) -> None:
        """Read no more; who still does gets `trio.ClosedResourceError`."""
        self._receiver.close()


@attrs.define(eq=False, repr=False, kw_only=True)
class AttachedProgram:
    """A server in a container whose engine carries its streams. `watch` must run in a task."""

    backend: str
    """The backend's name."""
    container: str
    """The engine's id of it."""
    stdin: trio.lowlevel.FdStream
    stdout: Outlet = attrs.field(factory=Outlet, init=False)
    stderr: Outlet = attrs.field(factory=Outlet, init=False)
    _stream: trio.SocketStream
    _engine: ContainerEngine
    _socket: Path
    _exit: ContainerExit
    since: float = attrs.field(factory=trio.current_time, init=False)
    _launch: Launch
    _used: float = attrs.field(default=0.0, init=False)
    _is_over: bool = attrs.field(default=False, init=False)

    @property
    def program(self) -> RunningProgram:
        """See `Peer.program`."""
        return running(self._launch, self.container, self.since)

    async def processor_seconds(self) -> float:
        """The processor time of the container, in seconds, as far as its engine tells it."""
        with trio.move_on_after(STATS_SECONDS), contextlib.suppress(OSError, trio.BrokenResourceError):
            self._used = max(self._used, await _processor_seconds(self._socket, self.container))
        return self._used

    def spoke(self) -> None:
        """Nothing: what has to be installed is in the image."""

    async def wait_ended(self) -> str:
        """Wait until the server has ended, and tell how: "exited with code 3"."""
        await self._exit.has_ended.wait()
        return exited(self._exit.code, memory=self._launch.limits.memory)

    async def watch(self) -> None:
        """Nothing but wait for its end: the engine is asked by a task of the container's own."""
        await self._exit.has_ended.wait()

    async def end(self, grace_seconds: float) -> None:
        """Close stdin, and end the server with TERM if it has not left after `grace_seconds`. Not cancellable.

        One that stays all the same is killed when the container is removed.
        """
        if self._is_over:
            return
        with farewell(END_SECONDS):
            with contextlib.suppress(OSError):
                self._stream.socket.shutdown(socket.SHUT_WR)
            self.stdin.close()
            with trio.move_on_after(grace_seconds):
                await self._exit.has_ended.wait()
            if not self._exit.has_ended.is_set():
                with trio.move_on_after(TERM_GRACE_SECONDS), contextlib.suppress(LinkFailed):
                    await self._engine.kill(self.container, "TERM")
                    await self._exit.has_ended.wait()
        self._is_over = True

    def close(self) -> None:
        """Let go of the streams. To be called after `end`."""
        self.stdout.close()
        self.stderr.close()

    async def take_apart(self, early: bytes) -> None:
        """Put what comes in frames into the two streams, until the connection ends. `early` came with its head."""
        unread = bytearray(early)
        outlets = {1: self.stdout, 2: self.stderr}
        try:
            while True:
                while len(unread) < FRAME_HEAD_BYTES:
                    if not await self._read_into(unread):
                        return
                outlet, left = outlets.get(unread[0]), int.from_bytes(unread[4:8], "big")
                del unread[:FRAME_HEAD_BYTES]
                while left:
                    if not unread and not await self._read_into(unread):
                        return
                    chunk = bytes(unread[:left])
                    del unread[:left]
                    left -= len(chunk)
                    if outlet is not None:
                        await outlet.fill(chunk)
        finally:
            self.stdout.ends()
            self.stderr.ends()

    async def _read_into(self, unread: bytearray) -> bool:
        try:
            chunk = await self._stream.receive_some(READ_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return False
        unread += chunk
        return bool(chunk)


@asynccontextmanager
async def start_attached(
    launch: Launch, engine: ContainerEngine, *, name: str, body: Mapping[str, object]
) -> AsyncIterator[AttachedProgram]:
    """Run a launch that has no shim, for the length of the block; the container is gone when the block is left.

    Raises:
        LinkFailed: on entering, if it cannot be started.
    """
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(created(launch, engine, name=name, body=body))
        nursery = await stack.enter_async_context(ServiceNursery())
        path = engine.facts.socket
        stream, early = await _attached(path, container)
        stack.push_async_callback(trio.aclose_forcefully, stream)
        ended = ContainerExit()
        program = AttachedProgram(
            backend=launch.backend,
            container=container,
            stdin=trio.lowlevel.FdStream(os.dup(stream.socket.fileno())),
            stream=stream,
            engine=engine,
            socket=path,
            exit=ended,
            launch=launch,
        )
        stack.callback(program.close)
        stack.push_async_callback(program.end, 0)
        await nursery.start(await_exit, engine, container, ended)
        nursery.start_soon(program.take_apart, early)
        await engine.start(container)
        yield program


async def _attached(path: Path, container: str) -> tuple[trio.SocketStream, bytes]:
    """The connection that carries the streams, and what came with the head of the answer.

    Raises:
        LinkFailed: the engine does not hand them over.
    """
    head = b""
    stream = None
    try:
        with trio.fail_after(ATTACH_SECONDS):
            stream = await trio.open_unix_socket(path)
            await stream.send_all(
                f"POST /containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
                f"Host: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode()
            )
            while b"\r\n\r\n" not in head and len(head) < MAX_HEAD_BYTES:
                chunk = await stream.receive_some(READ_BYTES)
                if not chunk:
                    break
                head += chunk
        first, _, rest = head.partition(b"\r\n\r\n")
        status = first.split(b" ")[1:2]
        if status not in ([b"101"], [b"200"]):
            said = first.split(b"\r\n")[0][:200].decode("utf-8", "replace")
            raise LinkFailed(f"the engine does not hand over the streams of its container: it answered {said!r}")
    except BaseException as error:
        if stream is not None:
            await trio.aclose_forcefully(stream)
        if isinstance(error, trio.TooSlowError):
            raise LinkFailed(
                f"the engine did not hand over the streams of its container within {ATTACH_SECONDS:g} s"
            ) from None
        if isinstance(error, OSError | trio.BrokenResourceError):
            raise LinkFailed(f"the engine at {path} cannot be reached: {error}") from None
        raise
    return stream, rest


async def _processor_seconds(path: Path, container: str) -> float:
    """What an engine says of a container, 0 where it says nothing."""
    answer = b""
    async with await trio.open_unix_socket(path) as stream:
        target = f"/containers/{container}/stats?stream=false&one-shot=true"
        await stream.send_all(f"GET {target} HTTP/1.0\r\nHost: engine\r\n\r\n".encode())
        while (chunk := await stream.receive_some(READ_BYTES)) and len(answer) < MAX_STATS_BYTES:
            answer += chunk
    try:
        stats = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2].strip(), type=_Stats)
    except msgspec.MsgspecError:
        return 0.0
    return stats.cpu_stats.cpu_usage.total_usage / 1e9
