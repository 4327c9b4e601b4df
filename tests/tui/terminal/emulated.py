"""A terminal that a program believes in: a pty with an emulator behind it, which can be left unread."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pyte
import trio
from trio.testing import wait_all_tasks_blocked

_BEGIN = """
import os, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))  # it becomes the terminal of this session
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
PROGRAM = ("-m", "tests.tui.terminal.program")
SOON = 20.0
QUIET = 0.15
"""How long nothing happens where all is drawn: some drawings."""


@attrs.define(eq=False)
class EmulatedTerminal:
    """What a program shows, and what it has sent."""

    master: int
    slave: int
    process: subprocess.Popen[bytes]
    screen: pyte.Screen
    sent: bytearray = attrs.field(factory=bytearray)
    told: bytearray = attrs.field(factory=bytearray)
    is_read: bool = True
    _news: trio.Event = attrs.field(factory=trio.Event)
    _reading: trio.Event = attrs.field(factory=trio.Event)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def text(self) -> str:
        return "\n".join(self.screen.display)

    async def until_shown(self, text: str) -> None:
        await self.until(lambda: text in self.text())

    async def until_told(self, text: str, times: int = 1) -> None:
        await self.until(lambda: self.told.decode().count(text) >= times)

    async def until_sent(self, raw: bytes, since: int = 0) -> None:
        await self.until(lambda: raw in self.sent[since:])

    async def until(self, holds: Callable[[], object]) -> None:
        with trio.fail_after(SOON):
            while not holds():
                self._news = trio.Event()
                await self._news.wait()

    async def until_quiet(self) -> None:
        await wait_all_tasks_blocked(QUIET)

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def unread(self) -> None:
        self.is_read = False

    def read_again(self) -> None:
        self.is_read = True
        self._reading.set()

    def settings(self) -> list[object]:
        return termios.tcgetattr(self.slave)

    def modes(self) -> set[str]:
        """The private modes that are on after all that was sent."""
        on = {"25"}
        for mode, sign in re.findall(rb"\x1b\[\?(\d+)([hl])", bytes(self.sent)):
            (on.add if sign == b"h" else on.discard)(mode.decode())
        return on

    async def ended(self) -> int:
        with trio.fail_after(SOON):
            code = await trio.to_thread.run_sync(self.process.wait, abandon_on_cancel=True)
            await wait_all_tasks_blocked(QUIET)  # what it sent last is read
            return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)

    async def _read(self) -> None:
        stream = pyte.ByteStream(self.screen)
        while True:
            if not self.is_read:
                self._reading = trio.Event()
                await self._reading.wait()
            await trio.lowlevel.wait_readable(self.master)
            if self.is_read:
                raw = os.read(self.master, 65536)
                self.sent += raw
                stream.feed(re.sub(rb"\x1bP.*?\x1b\\|\x1b\][^\x07]*\x07", b"", raw))
                self._news.set()

    async def _hear(self) -> None:
        assert self.process.stderr is not None
        pipe = self.process.stderr.fileno()
        while True:
            await trio.lowlevel.wait_readable(pipe)
            if not (raw := os.read(pipe, 65536)):
                return
            self.told += raw
            self._news.set()


@asynccontextmanager
async def emulated(
    *program: str, columns: int = 80, rows: int = 24, environ: dict[str, str] | None = None
) -> AsyncIterator[EmulatedTerminal]:
    """A program in a terminal of its own. `told` is what it writes to stderr."""
    terminal = _opened(program or PROGRAM, environ or {}, columns, rows)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(terminal._read)
            nursery.start_soon(terminal._hear)
            yield terminal
            nursery.cancel_scope.cancel()
    finally:
        terminal.close()


def _opened(program: tuple[str, ...], environ: dict[str, str], columns: int, rows: int) -> EmulatedTerminal:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    used = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(
        [sys.executable, "-c", _BEGIN, *program],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=used | environ,
    )
    return EmulatedTerminal(master, slave, process, pyte.Screen(columns, rows))
