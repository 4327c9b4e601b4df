"""A named pipe that every process of a tree holds: it ends with the last of them, also where none can be seen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs


@attrs.define(eq=False)
class Held:
    """The reading end of the pipe; nobody but the tree has ever had a writing one."""

    path: Path
    """What the processes of the tree open for writing."""
    _reader: int

    def is_held(self) -> bool:
        """Whether any process that has opened the pipe is left, or one that came of it by a fork."""
        try:
            return os.read(self._reader, 1) != b""
        except BlockingIOError:
            return True


@contextmanager
def holding() -> Iterator[Held]:
    """A pipe for the length of the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "held")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            yield Held(path, reader)
        finally:
            os.close(reader)
