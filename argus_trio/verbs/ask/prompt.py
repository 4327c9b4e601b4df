"""A line that the user types, unless the call ends or the question is taken back meanwhile."""

from __future__ import annotations

import os
import select
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import attrs

from argus_trio.manage_client.clean import clean
from argus_trio.verbs.show.terminal import Terminal

LINE_BYTES: Final = 64 * 1024
"""The most of one line that is read: a terminal passes 4096 bytes at most."""


class Withdrawn(Exception):
    """Nobody waits for the answer any more."""


class Left(Exception):
    """The user leaves the question open: Ctrl-D."""


class Prompt(Protocol):
    """Asks for one line."""

    def __call__(self, text: str) -> str:
        """What the user typed after this text, without white space around it. Raises Left or Withdrawn."""


@contextmanager
def _woken() -> Iterator[int]:
    """A descriptor on which the number of each signal can be read that has come, be it just before it is waited for."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


@attrs.define(eq=False, repr=False, kw_only=True)
class TerminalPrompt:
    """Asks on the terminal, and looks meanwhile at what comes of the call."""

    terminal: Terminal
    beside: int
    """A descriptor that can be read when something has come."""
    look: Callable[[], bool]
    """Takes one thing that has come; whether the question is withdrawn by it."""
    stdin: int = 0

    def forget(self) -> None:
        """Forget what is typed already: it was typed before there was a question, so it answers none."""
        with suppress(termios.error):
            termios.tcflush(self.stdin, termios.TCIFLUSH)

    def __call__(self, text: str) -> str:
        """What the user typed after this text, without white space around it. Raises Left or Withdrawn."""
        self.terminal.out.flush()
        with _woken() as woken:
            before = signal.signal(
                signal.SIGCONT, lambda *_: None
            )  # a handler must not write: it may come amid a write
            try:
                self._show(text)
                return self._line(text, woken)
            finally:
                signal.signal(signal.SIGCONT, before)

    def _show(self, text: str) -> None:
        self.terminal.err.write(clean(text))
        self.terminal.err.flush()

    def _line(self, text: str, woken: int) -> str:
        while True:
            readable, _, _ = select.select([self.stdin, self.beside, woken], [], [])
            if woken in readable and signal.SIGCONT in os.read(woken, 64):
                self._show(text)  # the shell has written there meanwhile
            if self.beside in readable:
                self._look()
            if self.stdin in readable:
                line = os.read(self.stdin, LINE_BYTES)
                if not line:
                    self.terminal.err.write("\n")
                    raise Left
                return line.decode("utf-8", "replace").strip()

    def _look(self) -> None:
        is_over = True
        try:
            is_over = self.look()
        finally:
            if is_over:  # or the connection is: what is typed already is not for the shell
                self.terminal.err.write("\n")
                self.forget()
        if is_over:
            raise Withdrawn
