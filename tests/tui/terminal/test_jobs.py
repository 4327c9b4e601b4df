"""Ctrl-Z, `bg`, `fg` at a real shell: the terminal is the shell's in between."""

from __future__ import annotations

import sys

import trio

from tests.tui.terminal.emulated import PROGRAM, SOON, EmulatedTerminal, emulated

SHELL = ("-c", "import os; os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])")
PROMPT = b"bash-"


async def sent_to_the_background(terminal: EmulatedTerminal) -> None:
    """`bg`, until it has stopped there for want of a terminal. A bash that is told `fg` at that very moment goes by
    what it knew before, and leaves it stopped."""
    told = len(terminal.told)
    terminal.type("bg\n")
    with trio.fail_after(SOON):
        while b"Stopped" not in terminal.told[told:]:  # which it tells with its next prompt
            await prompted_again(terminal)


async def prompted_again(terminal: EmulatedTerminal) -> None:
    prompts = terminal.told.count(PROMPT)
    terminal.type("\n")
    await terminal.until(lambda: terminal.told.count(PROMPT) > prompts)


async def test_it_is_stopped_sent_to_the_background_and_brought_back() -> None:
    async with emulated(*SHELL) as terminal:  # what bash itself says goes to stderr
        terminal.type(f"{sys.executable} {' '.join(PROGRAM)} 2>/dev/null\n")
        await terminal.until_shown("Overview")
        for times in (1, 2):
            terminal.type("\x1a")
            await terminal.until_told("Stopped", times=times)
            await terminal.until(lambda: terminal.modes() == {"25"})  # the two pipes are read in any order
            if times == 2:
                await sent_to_the_background(terminal)
            sent = len(terminal.sent)
            terminal.type("fg\n")
            await terminal.until_sent(b"\x1b[?1049h", since=sent)
        sent = len(terminal.sent)
        terminal.type("q")
        await terminal.until_sent(b"\x1b[?1049l", since=sent)
        terminal.type("echo code $?.\n")
        await terminal.until_sent(b"code 0.", since=sent)
        await terminal.until(lambda: terminal.modes() == {"25"})


async def test_it_takes_a_terminal_that_it_is_given_right_after_it_had_none() -> None:
    async with emulated("-m", "tests.tui.terminal.given_late") as terminal:
        assert await terminal.ended() == 0
        assert terminal.told.decode().split() == ["taken"]
