"""A program in memory: its streams are queues of bytes, and it does what a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import attrs
import trio

from argus_trio.backends.links.hearing import DEFAULT_BYTES, Hearing
from argus_trio.backends.links.stderr import StderrRing, StderrStream
from argus_trio.backends.links.stdio import StdioLink
from argus_trio.core.health.health import RunningProgram
from tests.backends.support.children import Inbox


class MemoryStream:
    """Bytes that a test puts in, in just these pieces."""

    def __init__(self) -> None:
        self._put, self._get = trio.open_memory_channel[bytes](1000)

    def put(self, chunk: bytes) -> None:
        self._put.send_nowait(chunk)

    def end(self) -> None:
        self._put.close()

    async def receive(self) -> bytes:
        try:
            return await self._get.receive()
        except trio.EndOfChannel:
            return b""


@attrs.define(eq=False)
class MemorySink:
    """Remembers the lines it was given; `stall` makes it one that is never read."""

    limit_seconds: float = 5.0
    lines: list[bytes] = attrs.field(factory=list)
    is_broken: bool = False
    stall: bool = False
    _gave_up: trio.Event = attrs.field(factory=trio.Event, init=False)

    def write_now(self, line: bytes) -> bool:
        if self.is_broken or self.stall:
            return False
        self.lines.append(line)
        return True

    async def write(self, line: bytes) -> None:
        if self.is_broken:
            raise trio.BrokenResourceError
        if self.stall:
            await self._gave_up.wait()
            raise trio.BrokenResourceError
        self.lines.append(line)

    async def run(self) -> None:
        await trio.sleep(self.limit_seconds if self.stall else inf)
        self._gave_up.set()


@attrs.define(eq=False)
class MemoryPeer:
    """A `Peer`; `leave` is the program's own end."""

    backend: str = "memory"
    stdin: MemorySink = attrs.field(factory=MemorySink)
    stdout: MemoryStream = attrs.field(factory=MemoryStream)
    stderr: MemoryStream = attrs.field(factory=MemoryStream)
    graces: list[float] = attrs.field(factory=list)
    """The grace of each time that it was ended."""
    has_spoken: bool = False
    program: RunningProgram = attrs.field(factory=lambda: RunningProgram(name="memory", since=0.0))
    _ending: str = ""
    _left: trio.Event = attrs.field(factory=trio.Event)

    def leave(self, ending: str) -> None:
        self._ending = ending
        self._left.set()

    async def processor_seconds(self) -> float:
        await trio.lowlevel.checkpoint()
        return 0.0

    def spoke(self) -> None:
        self.has_spoken = True

    async def wait_ended(self) -> str:
        await self._left.wait()
        return self._ending

    async def end(self, grace_seconds: float) -> None:
        self.graces.append(grace_seconds)
        await trio.lowlevel.checkpoint()


@asynccontextmanager
async def linked(
    peer: MemoryPeer, *, inbox: Inbox | None = None, limit: int = DEFAULT_BYTES
) -> AsyncIterator[StdioLink]:
    link = StdioLink(
        peer=peer,
        inbox=inbox or Inbox(),
        stderr=StderrStream(StderrRing(peer.backend)),
        writer=peer.stdin,
        hearing=Hearing(backend=peer.backend, limit=limit),
    )
    async with trio.open_nursery() as nursery:
        link.start(nursery)
        yield link
        await link.close()
        nursery.cancel_scope.cancel()
