"""What the stdio link runs on: a program's three byte streams, and how the program ended.

A process of the gateway is one such program (`backends/process`), one in a container another (`sandbox/container`).
"""

from __future__ import annotations

from typing import Protocol

import trio

from argus_trio.core.health.health import RunningProgram


class ByteStream(Protocol):
    """Bytes in one direction, towards the gateway."""

    async def receive(self) -> bytes:
        """The next bytes, empty at the end of the stream."""


class LineSink(Protocol):
    """Whole lines in the other direction; `net/line_writer.py` is one."""

    @property
    def limit_seconds(self) -> float:
        """How long the program may take nothing at all while something waits for it."""

    def write_now(self, line: bytes) -> bool:
        """Send a line, which ends in a line end, without waiting; False if nothing of it is on its way.

        Where only a part of it is, the rest follows.
        """

    async def write(self, line: bytes) -> None:
        """Return once all of `line`, which ends in a line end, is on its way.

        Cancelled before its first byte is out, nothing of the line is sent; after that the rest still follows.

        Raises:
            BrokenResourceError, ClosedResourceError: nobody takes lines any more.
        """

    async def run(self) -> None:
        """Send what `write` could not send at once; returns when nothing was taken for `limit_seconds`.

        Raises:
            BrokenResourceError, ClosedResourceError: as `write`.
        """


class Peer(Protocol):
    """A running program that speaks MCP on its stdin and stdout."""

    @property
    def backend(self) -> str:
        """The name of the backend, for the log."""

    @property
    def program(self) -> RunningProgram:
        """What runs, for operators."""

    @property
    def stdout(self) -> ByteStream:
        """The program's messages."""

    @property
    def stderr(self) -> ByteStream:
        """The program's words for people."""

    async def processor_seconds(self) -> float:
        """The processor time that the program and what it started have used."""

    def spoke(self) -> None:
        """Take note of the first message of the program: it is no longer about to install itself."""

    async def wait_ended(self) -> str:
        """Wait until the program has ended, and tell how: "exited with code 3"."""

    async def end(self, grace_seconds: float) -> None:
        """Close the program's stdin, and end the program if it has not left after `grace_seconds`. Not cancellable."""


class Program(Peer, Protocol):
    """A peer that was started by the gateway."""

    @property
    def stdin(self) -> trio.lowlevel.FdStream:
        """Where its messages are written to."""

    async def watch(self) -> None:
        """Take note of what happens to it, until it is gone; to be run in a task."""
