"""A user at a pseudo-terminal: starts the command there, reads what is shown, and types."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 20.0
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class User:
    """What is on the terminal so far, and the process that runs there."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self.shown = ""
        self._terminal = terminal
        self._read = 0

    def sees(self, text: str) -> str:
        """Wait until a text is shown behind what has been seen; all that was shown up to it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.shown[self._read :]:
            if not self._more(deadline - time.monotonic()):
                raise AssertionError(f"{text!r} is not shown, but: {self.shown[self._read :]!r}")
        end = self.shown.index(text, self._read) + len(text)
        seen, self._read = self.shown[self._read : end], end
        return seen

    def types(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def answers(self, question: str, text: str) -> None:
        """Wait for a question, and type a line."""
        self.sees(question)
        self.types(f"{text}\n")

    def ends(self) -> int:
        """Wait for the end of the command; its exit code."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._more(deadline - time.monotonic()):
            pass
        return self.process.wait(WAIT_SECONDS)

    @property
    def text(self) -> str:
        """All that was shown, without colours."""
        return ESCAPES.sub("", self.shown).replace("\r\n", "\n")

    def _more(self, seconds: float) -> bool:
        readable, _, _ = select.select([self._terminal], [], [], max(0.0, seconds))
        if not readable:
            return False
        try:
            chunk = os.read(self._terminal, 65536)
        except OSError:  # nobody has the other side open any more
            return False
        self.shown += chunk.decode("utf-8", "replace")
        return bool(chunk)


@contextmanager
def at_a_terminal(*words: str, env: Mapping[str, str] | None = None, columns: int = 80) -> Iterator[User]:
    """The command, run at a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": str(columns), **(env or {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "argus_trio", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield User(process, ours)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(WAIT_SECONDS)
        os.close(ours)


def _take_terminal() -> None:
    """Make stdin the controlling terminal, so that Ctrl-C that is typed becomes a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
