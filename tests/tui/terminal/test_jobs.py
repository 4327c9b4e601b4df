"""Ctrl-Z, `bg`, `fg` at a real shell: the terminal is the shell's in between."""

from __future__ import annotations

import sys

from tests.tui.terminal.emulated import PROGRAM, emulated

SHELL = ("-c", "import os; os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])")


async def test_it_is_stopped_sent_to_the_background_and_brought_back() -> None:
    async with emulated(*SHELL) as terminal:  # what bash itself says goes to stderr
        terminal.type(f"{sys.executable} {' '.join(PROGRAM)} 2>/dev/null\n")
        await terminal.until_shown("Overview")
        for times in (1, 2):
            terminal.type("\x1a")
            await terminal.until_told("Stopped", times=times)
            await terminal.until(lambda: terminal.modes() == {"25"})  # the two pipes are read in any order
            sent = len(terminal.sent)
            terminal.type("bg\n" * (times - 1) + "fg\n")
            await terminal.until_sent(b"\x1b[?1049h", since=sent)
        sent = len(terminal.sent)
        terminal.type("q")
        await terminal.until_sent(b"\x1b[?1049l", since=sent)
        terminal.type("echo code $?.\n")
        await terminal.until_sent(b"code 0.", since=sent)
        await terminal.until(lambda: terminal.modes() == {"25"})
