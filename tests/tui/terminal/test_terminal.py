"""A real program in a terminal: however it ends, the terminal is as it was; nobody waits for a reader."""

from __future__ import annotations

import signal

import pytest
import trio

from tests.tui.terminal.emulated import emulated

SHOWN = "Overview"


@pytest.mark.parametrize(
    ("keys", "number", "code"),
    [
        ("q", None, 0),
        ("\x03", None, 0),
        ("\x1c", None, 131),
        ("", signal.SIGTERM, 143),
        ("", signal.SIGHUP, 129),
        ("", signal.SIGINT, 0),
        ("X", None, 1),
        ("V", None, 1),
    ],
)
async def test_however_it_ends_the_terminal_is_as_it_was(keys: str, number: int | None, code: int) -> None:
    async with emulated() as terminal:
        before = terminal.settings()
        await terminal.until_shown(SHOWN)
        assert terminal.settings() != before
        assert {"1049", "1000", "1002", "1006", "2004"} <= terminal.modes()
        if number is None:
            terminal.type(keys)
        else:
            terminal.process.send_signal(number)
        assert await terminal.ended() == code
        assert terminal.settings() == before
        assert terminal.modes() == {"25"}
        assert terminal.sent.rstrip().endswith(b"\x1b[?25h")


async def test_what_broke_is_told_after_the_terminal_is_left() -> None:
    async with emulated() as terminal:
        await terminal.until_shown(SHOWN)
        terminal.type("X")
        await terminal.ended()
        assert b"ValueError: the update broke" in terminal.told


async def test_it_stops_and_comes_back_as_often_as_one_likes() -> None:
    async with emulated() as terminal:
        before = terminal.settings()
        await terminal.until_shown(SHOWN)
        for _ in range(3):
            # nobody could wake a program without a shell, so the system does not stop it: it gives back and takes again
            sent = len(terminal.sent)
            terminal.type("\x1a")
            await terminal.until_sent(b"\x1b[?1049h", since=sent)
            assert b"\x1b[?1049l" in terminal.sent[sent:]
        terminal.type("j")
        await terminal.until_shown("pressed j")
        terminal.type("q")
        await terminal.ended()
        assert terminal.settings() == before
        assert terminal.modes() == {"25"}


async def test_a_program_that_was_stopped_from_outside_draws_all_of_it_again() -> None:
    async with emulated() as terminal:
        await terminal.until_shown(SHOWN)
        terminal.process.send_signal(signal.SIGSTOP)
        terminal.screen.reset()
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until_shown(SHOWN)


async def test_a_terminal_that_nobody_reads_stalls_nothing_and_shows_the_latest_afterwards() -> None:
    async with emulated() as terminal:
        await terminal.until_shown(SHOWN)
        terminal.unread()
        terminal.type("B")
        await terminal.until_told("Key(name='B')")
        for key in "abcdefgh":  # it is full long before the last of them
            terminal.type(key)
            await terminal.until_told(f"Key(name='{key}')")
            await terminal.until_quiet()
        unread = len(terminal.sent)
        terminal.read_again()
        terminal.type("Z")
        await terminal.until_told("Key(name='Z')")
        await terminal.until(lambda: len(terminal.sent) > unread + 4096)
        # 0.8 s of drawings would be 16 of them: those on the way when it filled up have come, and no more
        terminal.type("q")
        assert await terminal.ended() == 0


async def test_a_terminal_that_nobody_reads_does_not_keep_the_program() -> None:
    async with emulated() as terminal:
        before = terminal.settings()
        await terminal.until_shown(SHOWN)
        terminal.unread()
        terminal.type("B")
        await terminal.until_told("Key(name='B')")
        for _ in range(5):
            await terminal.until_quiet()
        terminal.process.send_signal(signal.SIGTERM)
        with trio.fail_after(5):
            assert await terminal.ended() == 143
        assert terminal.settings() == before


async def test_nothing_is_written_where_nothing_changes() -> None:
    async with emulated() as terminal:
        await terminal.until_shown(SHOWN)
        terminal.type("j")
        await terminal.until_shown("pressed j")
        sent = len(terminal.sent)
        for count in range(5):
            terminal.type("j")
            await terminal.until_told("Key(name='j')", times=count + 2)
            await terminal.until_quiet()
        assert terminal.told.count(b"Key(name='j')") == 6
        assert len(terminal.sent) == sent


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (200, 60), (79, 24), (40, 5), (2, 2), (1, 1)])
async def test_any_size_is_drawn(columns: int, rows: int) -> None:
    async with emulated(columns=columns, rows=rows) as terminal:
        await terminal.until_told(f"Resized(columns={columns}, rows={rows})")
        await terminal.until(lambda: terminal.text().strip())
        terminal.resize(100, 30)
        await terminal.until_told("Resized(columns=100, rows=30)")
        await terminal.until_shown(SHOWN)
        terminal.resize(columns, rows)
        terminal.type("q")
        assert await terminal.ended() == 0


async def test_keys_pastes_and_the_mouse_come_as_messages() -> None:
    async with emulated() as terminal:
        await terminal.until_shown(SHOWN)
        terminal.type("\x1b[A\x1bOP")
        await terminal.until_told("Key(name='up')")
        await terminal.until_told("Key(name='f1')")
        terminal.type("\x1b[200~two\rlines q\x1b[201~")
        await terminal.until_told("Pasted(text='two\\nlines q')")
        terminal.type("\x1b[<65;10;10M")
        await terminal.until_told("Wheeled(lines=3)")
        terminal.type(f"\x1b[<0;{terminal.text().splitlines()[1].index('Tools') + 1};2M")
        await terminal.until_told("Clicked(zone='tab', at=1")
        terminal.type("\x1b")
        await terminal.until_told("Key(name='esc')")


async def test_a_copied_text_goes_to_the_clipboard() -> None:
    async with emulated() as terminal:
        await terminal.until_shown(SHOWN)
        terminal.type("C")
        await terminal.until_sent(b"\x1b]52;c;d2hhdCBpcyBjb3BpZWQ=\x07")


async def test_a_terminal_without_unicode_gets_ascii_alone() -> None:
    async with emulated(environ={"LANG": "C"}) as terminal:
        await terminal.until_shown(SHOWN)
        terminal.type("q")
        await terminal.ended()
        assert terminal.sent.isascii()


@pytest.mark.parametrize(
    ("environ", "has_colours"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "linux"}, True),
        ({"TERM": "screen-256color"}, True),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": ""}, False),
    ],
)
async def test_colours_are_sent_where_they_are_wanted(environ: dict[str, str], has_colours: bool) -> None:
    async with emulated(environ=environ) as terminal:
        await terminal.until_shown(SHOWN)
        used = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
        assert (used != {"default"}) is has_colours
