"""A real terminal, and a program in it: tmux, whose screen is text. Waiting is for what is seen, until a deadline."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs
import pytest

from tests.e2e.child import ROOT

TERMINAL_SECONDS: Final = 30.0
"""How long something may take to be seen on a busy machine."""
LOOKS_A_SECOND: Final = 20
"""How often the screen is looked at: tmux tells of no change."""


@attrs.frozen(kw_only=True)
class Terminal:
    """One terminal, with a shell in it that stays when a program ends."""

    socket: str
    folder: Path
    """Where its shell is."""

    def tmux(self, *words: str) -> str:
        """What tmux says to a command. Raises: CalledProcessError."""
        command = ["tmux", "-S", self.socket, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=TERMINAL_SECONDS).stdout

    def screen(self) -> str:
        """What is seen now."""
        return self.tmux("capture-pane", "-p", "-t", "it")

    def press(self, *keys: str) -> None:
        """Press keys, by their names in tmux."""
        self.tmux("send-keys", "-t", "it", *keys)

    def type(self, text: str) -> None:
        """Type a text as it stands."""
        self.tmux("send-keys", "-t", "it", "-l", text)

    def until(self, *texts: str, without: Sequence[str] = (), within: float = TERMINAL_SECONDS) -> str:
        """The screen as soon as all texts are seen, and none of those `without`. Raises: AssertionError with it."""
        deadline = time.monotonic() + within
        while True:
            seen = self.screen()
            if all(each in seen for each in texts) and not any(each in seen for each in without):
                return seen
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {within:g} s for {texts}, without {tuple(without)}; seen was:\n{seen}")
            time.sleep(1 / LOOKS_A_SECOND)

    def modes(self) -> str:
        """How the terminal stands: the other screen, the cursor, what the mouse and pasting do."""
        flags = ("alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag", "keypad_cursor_flag", "wrap_flag")
        return self.tmux("display-message", "-p", "-t", "it", " ".join(f"{each}=#{{{each}}}" for each in flags)).strip()


@contextmanager
def terminal(folder: Path, env: Mapping[str, str], *, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """A terminal of its own tmux server, gone at the end with all that runs in it."""
    if shutil.which("tmux") is None:
        if os.environ.get("ARGUS_REQUIRE_TMUX"):
            pytest.fail("tmux is not installed, and ARGUS_REQUIRE_TMUX is set")
        pytest.skip("tmux is not installed")
    home = Path(tempfile.mkdtemp(prefix="argus-tmux-"))  # a test's own folder may be too long for a socket
    found = Terminal(socket=str(home / "socket"), folder=folder)
    variables = {"PYTHONPATH": str(ROOT), "TERM": "screen-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **env}
    known = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    size = ["-x", str(columns), "-y", str(rows)]
    found.tmux(
        "-f", "/dev/null", "new-session", "-d", "-s", "it", *size, *known, "-c", str(folder), "env PS1='shell> ' sh"
    )
    try:
        yield found
    finally:
        found.tmux("kill-server")
        shutil.rmtree(home)
