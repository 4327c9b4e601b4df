"""A program in the background whose shell gives it the terminal when it has just looked whose that is; a shell as well.

It tells on stderr whether it took the terminal, or was stopped with it.
"""

from __future__ import annotations

import os
import signal
import sys

import trio

from argus_trio.tui.message import DashboardMessage
from argus_trio.tui.terminal.signals import TerminalSignals, is_ours


class GivenLate:
    """Given the terminal while it believes that it has none: no SIGCONT follows."""

    def give_back(self) -> None:
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
        signal.signal(signal.SIGTTOU, before)

    def enter(self) -> None:
        print("taken", file=sys.stderr, flush=True)

    def resized(self) -> None:
        os._exit(0)

    def leave(self) -> None:
        """Nothing ends it but its end."""

    def told(self, message: DashboardMessage) -> None:
        """Nobody types here."""


async def woken() -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(TerminalSignals(GivenLate()).run)
        assert not is_ours()
        os.kill(os.getpid(), signal.SIGCONT)


def main() -> None:
    program = os.fork()
    if not program:
        os.setpgid(0, 0)
        trio.run(woken)
    _, status = os.waitpid(program, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        print("stopped", file=sys.stderr, flush=True)
        os.kill(program, signal.SIGKILL)
        os.waitpid(program, 0)


if __name__ == "__main__":
    main()
