"""Signals while the terminal is ours: another size, Ctrl-Z and back, Ctrl-C, and what ends the program."""

from __future__ import annotations

import os
import signal
import sys
from typing import Final, Protocol

import attrs
import trio

from argus_trio.tui.message import DashboardMessage, Key

ENDING: Final = frozenset({signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
"""What ends the dashboard: somebody asks for it, the connection of the terminal is gone, Ctrl-\\."""


class SignalledDisplay(Protocol):
    """What signals act on."""

    def enter(self) -> None:
        """Take the terminal."""

    def give_back(self) -> None:
        """Leave the terminal as it was found."""

    def resized(self) -> None:
        """Look at its size, and draw all of it anew."""

    def leave(self) -> None:
        """End."""

    def told(self, message: DashboardMessage) -> None:
        """Tell a message."""


@attrs.define(eq=False, repr=False)
class TerminalSignals:
    """Hears them, one after another."""

    _display: SignalledDisplay
    ended_by: int | None = attrs.field(default=None, init=False)
    """The signal that ended the dashboard."""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until cancelled."""
        heard = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT, signal.SIGINT, *ENDING)
        with trio.open_signal_receiver(*heard) as signals:
            task_status.started()
            async for number in signals:
                self._hear(number)

    def _hear(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._display.resized()
        elif number == signal.SIGTSTP:
            self._suspend()
        elif number == signal.SIGCONT:
            self._resume()
        elif number == signal.SIGINT:
            self._display.told(Key("ctrl c"))
        else:
            self.ended_by = number
            self._display.leave()

    def _suspend(self) -> None:
        """Stop as if nobody had heard it, with the terminal given back meanwhile."""
        self._display.give_back()
        _stop(signal.SIGTSTP)
        # where nobody could wake it the system has not stopped it at all, and no SIGCONT would come
        os.kill(os.getpid(), signal.SIGCONT)

    def _resume(self) -> None:
        """Take the terminal again, unless it is another's by now: in the background one stops until `fg`."""
        if not is_ours():
            self._display.give_back()
            if not _awaits_its_turn():
                return
        self._display.enter()
        self._display.resized()


def _stop(number: signal.Signals) -> None:
    """Stop by a signal; this returns when the program goes on."""
    before = signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.signal(number, before)


def _awaits_its_turn() -> bool:
    """Stop unless the terminal is ours; whether it is, and nothing has stopped. This returns when the program goes on.

    The system looks and stops in one: a stop of our own right after a look may come when a shell has just given us the
    terminal, and takes it for another Ctrl-Z.
    """
    before = signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    try:
        os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
    except OSError:
        return False  # a SIGCONT, which is heard next, or nobody could wake it, and it was not stopped
    finally:
        signal.signal(signal.SIGTTOU, before)
    return True


def is_ours() -> bool:
    """Whether this program is in the foreground of its terminal."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return True  # no terminal that shells take turns at


def suspend() -> None:
    """Stop this program and those that the shell began with it, as Ctrl-Z does."""
    os.kill(0, signal.SIGTSTP)
