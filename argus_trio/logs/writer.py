"""The writer of the log: a thread, so that nobody who logs waits for whoever reads the log, or fails with it."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import structlog

QUEUE_BYTES: Final = 1024 * 1024
"""What waits for a stderr that is not read: minutes of an ordinary log, and little memory. What comes then is lost."""
CLOSE_SECONDS: Final = 0.3
"""How long the end of the process waits for lines that are not written yet: a reader that is there takes them in
milliseconds, one that is not must not hold up a stop."""
_BATCH_BYTES: Final = 64 * 1024
"""The most of one write: what a pipe holds, so that little is in doubt when a write fails."""

log = structlog.get_logger()


def _tell_loss(lines: int, reason: str) -> None:
    log.warning("log_lines_lost", lines=lines, reason=reason)


@attrs.define(eq=False, repr=False)
class LogWriter:
    """Writes lines to a file descriptor, in order, in a thread. Never blocks and never raises into who writes.

    What finds no room in the queue, or cannot be written, is lost and counted; `on_loss` gets the number of lines and
    the reason, in the thread, once lines can be written again.
    """

    _descriptor: int
    _on_loss: Callable[[int, str], None] = _tell_loss
    _queue: deque[bytes] = attrs.field(factory=deque, init=False)
    _queued_bytes: int = attrs.field(default=0, init=False)
    _changed: threading.Condition = attrs.field(factory=threading.Condition, init=False)
    _lost: int = attrs.field(default=0, init=False)
    _reason: str = attrs.field(default="", init=False)
    _is_writing: bool = attrs.field(default=False, init=False)
    _is_started: bool = attrs.field(default=False, init=False)

    def write(self, line: str) -> None:
        """Take a line, its end included, to be written soon."""
        encoded = line.encode("utf-8", "backslashreplace")
        with self._changed:
            if self._queued_bytes + len(encoded) > QUEUE_BYTES:
                self._count_lost(1, "nobody read it fast enough")
                return
            self._queue.append(encoded)
            self._queued_bytes += len(encoded)
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._run, name="log writer", daemon=True).start()
            self._changed.notify_all()

    def close(self) -> None:
        """Wait until everything is written, `CLOSE_SECONDS` at most."""
        deadline = time.monotonic() + CLOSE_SECONDS
        with self._changed:
            while (self._queue or self._is_writing) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def _count_lost(self, lines: int, reason: str) -> None:
        self._lost += lines
        self._reason = reason

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            try:
                _write_all(self._descriptor, b"".join(batch))
            except OSError as failure:
                with self._changed:
                    self._count_lost(len(batch), failure.strerror or type(failure).__name__)
            else:
                self._say_what_was_lost()

    def _next_batch(self) -> list[bytes]:
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._queue)
            batch: list[bytes] = []
            size = 0
            while self._queue and (not batch or size + len(self._queue[0]) <= _BATCH_BYTES):
                batch.append(self._queue.popleft())
                size += len(batch[-1])
            self._queued_bytes -= size
            self._is_writing = True
            return batch

    def _say_what_was_lost(self) -> None:
        with self._changed:
            lost, reason = self._lost, self._reason
            self._lost = 0
        if lost:
            self._on_loss(lost, reason)


@contextmanager
def writing_log(descriptor: int) -> Iterator[LogWriter]:
    """A writer to this descriptor for the length of the block; what was logged in it is written at its end."""
    writer = LogWriter(descriptor)
    try:
        yield writer
    finally:
        writer.close()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:  # someone else who has it open made it non-blocking
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()
