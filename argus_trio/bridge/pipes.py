"""The two ends of the bridge that face the client: lines in from a descriptor, lines out to one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Final

import attrs
import trio

from argus_trio.net.line_writer import LineWriter
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire.lines import Lines, LineTooLong

Write = Callable[[bytes], Awaitable[None]]
"""Hands the client one line, without its end; returns when it is in the pipe, so that who writes is slowed down."""

READ_BYTES: Final = 64 * 1024
"""As much as a pipe holds; less than a line may be long."""


@asynccontextmanager
async def line_writer(fd: int, gone: trio.CancelScope) -> AsyncIterator[Write]:
    """A `Write` to a duplicate of `fd`. `gone` is cancelled when nobody reads it any more."""
    async with trio.lowlevel.FdStream(os.dup(fd)) as pipe, ServiceNursery() as nursery:
        lines = LineWriter(pipe, inf)

        async def run() -> None:
            try:
                await lines.run()
            except trio.BrokenResourceError:
                gone.cancel()

        async def write(line: bytes) -> None:
            try:
                await lines.write(line + b"\n")
            except trio.BrokenResourceError:
                gone.cancel()
                await trio.lowlevel.checkpoint()

        nursery.start_soon(run)
        yield write


@attrs.define(eq=False, repr=False)
class LineReader:
    """The lines of a descriptor, which is left as it is: it may be shared, and may be a file."""

    _fd: int
    _lines: Lines = attrs.field(factory=Lines, init=False)
    _is_skipping: bool = attrs.field(default=False, init=False)
    """Whether the rest of a line that is too long is still to come."""

    async def read(self) -> list[bytes | LineTooLong] | None:
        """Wait for the next lines, an error standing in for each that is too long; None at the end.

        What comes after the last line end is a line too.
        """
        chunk = await self._receive()
        if not chunk:
            rest = self._lines.rest()
            return [rest] if rest else None
        found: list[bytes | LineTooLong] = []
        if self._is_skipping:
            _, end, chunk = chunk.partition(b"\n")
            self._is_skipping = not end
        try:
            found += self._lines.feed(chunk)
        except LineTooLong as fault:
            # A chunk is shorter than the limit, so the line that is too long is the first in it.
            found.append(fault)
            _, end, after = chunk.partition(b"\n")
            self._lines = Lines()
            self._is_skipping = not end
            found += self._lines.feed(after)
        return found

    async def _receive(self) -> bytes:
        try:
            await trio.lowlevel.wait_readable(self._fd)
        except PermissionError:  # epoll refuses files, which never block
            await trio.lowlevel.checkpoint()
        return os.read(self._fd, READ_BYTES)
