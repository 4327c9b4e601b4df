"""A child process with its output lines: started, waited on with deadlines, ended with its whole tree.

Synchronous on purpose: it serves fixtures of any scope, and blocking a test's own loop for a start-up harms nobody.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
MARK = "ARGUS_E2E_MARK"
"""A variable that everything below a test inherits, so that what outlives its owner can be found."""
START_SECONDS = 60.0
"""What a start may take on a machine that is busy; a test that hangs fails after this."""


class Child:
    """One process. Use as a context manager: leaving it kills what is left."""

    def __init__(
        self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> None:
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def lines(self) -> list[str]:
        """What it has written so far, to either stream."""
        with self._changed:
            return list(self._lines)

    def wait_for(self, find: Callable[[str], T | None], *, within: float = START_SECONDS) -> T:
        """The first thing that `find` makes out of a line. Raises: AssertionError with all output when none comes."""
        deadline = time.monotonic() + within
        seen = 0
        with self._changed:
            while True:
                for line in self._lines[seen:]:
                    if (found := find(line)) is not None:
                        return found
                seen = len(self._lines)
                ended = not any(reader.is_alive() for reader in self._readers)
                remaining = deadline - time.monotonic()
                if ended or remaining <= 0:
                    why = "it ended" if ended else f"nothing within {within:g} s"
                    raise AssertionError(f"{self.process.args!r}: {why}; its output:\n" + "\n".join(self._lines))
                self._changed.wait(min(remaining, 0.2))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, within: float) -> int:
        """Its exit status. Raises: AssertionError with all output when it does not end in time."""
        try:
            status = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there after {within:g} s:\n" + "\n".join(self.lines())) from None
        for reader in self._readers:
            reader.join(1.0)  # a descendant that holds the pipe must not hold the test
        return status

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait(10.0)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            if stream is self.process.stdin or not any(reader.is_alive() for reader in self._readers):
                stream.close()


def serving(line: str) -> int | None:
    """The port of a line `listening PORT`, as this project's servers print it."""
    words = line.split()
    return int(words[1]) if len(words) == 2 and words[0] == "listening" else None


def marked(mark: str) -> dict[int, str]:
    """The living processes that carry this mark in their environment: pid and command line."""
    found: dict[int, str] = {}
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            if ") Z " in (folder / "stat").read_text(errors="replace"):
                continue
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended while we looked, or is somebody else's
    return found


def left_after(seconds: float, mark: str) -> dict[int, str]:
    """What of a mark is still alive after at most so many seconds; empty as soon as nothing is."""
    deadline = time.monotonic() + seconds
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)  # a process table has no event to wait for
    return left
