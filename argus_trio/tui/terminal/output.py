"""What is written to the terminal: gathered here, and written by a task whenever the terminal takes it. Nobody else
waits for a reader."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

import attrs
import trio
import urwid

CHUNK_BYTES: Final = 4096
"""How much is written at once: what a terminal takes in one go."""
LEAVE_SECONDS: Final = 1.0
"""How long the end may take to be written: a terminal that nobody reads does not keep the program."""
_GONE: Final = frozenset({errno.EIO, errno.EPIPE, errno.ENXIO, errno.EBADF})
"""What a terminal says that is not there any more."""


@attrs.define(eq=False, repr=False)
class TerminalOutput:
    """A terminal as a file to write to. `gone` is told when it is there no more."""

    _file: int
    """As the program was given it; what its flags are is not ours to change: a shell has it as well."""
    _own: int | None
    """The same terminal, opened anew without waiting; None where it cannot be opened, and a thread writes instead."""
    _gone: Callable[[], None]
    _left: bytearray = attrs.field(factory=bytearray, init=False)
    _come: trio.Event = attrs.field(factory=trio.Event, init=False)
    _through: trio.Event = attrs.field(factory=trio.Event, init=False)

    def write(self, text: str, /) -> int:
        """Gather it. The caller bounds it: no drawing is made while one is on its way."""
        self._left += text.encode(urwid.util.get_encoding(), "replace")
        return len(text)

    def flush(self) -> None:
        """Let the task write what was gathered."""
        if self._left:
            self._come.set()

    def fileno(self) -> int:
        """That of the terminal, for its size."""
        return self._file

    async def drained(self) -> None:
        """Wait until all of it is on the terminal."""
        while self._left:
            self._through = trio.Event()
            self._come.set()
            await self._through.wait()

    async def run(self) -> None:
        """Write until cancelled, or until the terminal is gone."""
        while True:
            await self._come.wait()
            self._come = trio.Event()
            while self._left:
                try:
                    await self._some()
                except OSError as error:
                    if error.errno not in _GONE:
                        raise
                    self._left.clear()
                    self._gone()
            self._through.set()

    async def _some(self) -> None:
        chunk = bytes(self._left[:CHUNK_BYTES])
        if self._own is None:
            done = await trio.to_thread.run_sync(os.write, self._file, chunk, abandon_on_cancel=True)
        else:
            await trio.lowlevel.wait_writable(self._own)
            try:
                done = os.write(self._own, chunk)
            except BlockingIOError:
                return
        del self._left[:done]

    def finish(self, seconds: float = LEAVE_SECONDS) -> None:
        """Write what is left, at once, and give it up after so long."""
        left, deadline = bytes(self._left), time.monotonic() + seconds
        self._left.clear()
        if self._own is None:
            # a write of the thread that hangs must not keep the program, so it is one that ends with it
            thread = threading.Thread(target=_write_all, args=(self._file, left), daemon=True)
            thread.start()
            thread.join(seconds)
            return
        while left and (wait := deadline - time.monotonic()) > 0:
            try:
                if select.select([], [self._own], [], wait)[1]:
                    left = left[os.write(self._own, left[:CHUNK_BYTES]) :]
            except BlockingIOError:
                continue
            except OSError:
                return

    def close(self) -> None:
        """Close what was opened."""
        if self._own is not None:
            os.close(self._own)
            self._own = None


def _write_all(file: int, left: bytes) -> None:
    try:
        while left:
            left = left[os.write(file, left) :]
    except OSError:
        return


def open_terminal(file: int, gone: Callable[[], None]) -> TerminalOutput:
    """The terminal of a descriptor, to be written without waiting."""
    return TerminalOutput(file, _opened_anew(file), gone)


def _opened_anew(file: int) -> int | None:
    """A descriptor of its own for the same terminal. O_NONBLOCK belongs to what was opened, not to a descriptor: set on
    the one that we were given it would reach the shell that gave it."""
    try:
        own = os.open(os.ttyname(file), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    # inside a container the name may be that of another terminal
    if os.fstat(own).st_rdev == os.fstat(file).st_rdev:
        return own
    os.close(own)
    return None
