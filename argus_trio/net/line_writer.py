"""Whole lines onto a pipe, in order, and never a torn one: who is cancelled leaves the line it began to the task."""

from __future__ import annotations

import os
from collections import deque

import attrs
import trio


@attrs.define(eq=False, repr=False)
class _Waiting:
    rest: memoryview
    is_begun: bool
    done: trio.Event = attrs.field(factory=trio.Event, init=False)


@attrs.define(eq=False, repr=False)
class LineWriter:
    """Lines towards one reader. `run` must be under way in a task; lines that fit into the pipe do not need it."""

    _pipe: trio.lowlevel.FdStream
    limit_seconds: float
    """How long the reader may take nothing at all while something waits for it, in seconds."""
    _is_over: bool = attrs.field(default=False, init=False)
    _queue: deque[_Waiting] = attrs.field(factory=deque, init=False)
    _idle: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False)

    def write_now(self, line: bytes) -> bool:
        """Put a line into the pipe, without waiting; False if nothing of it is there: `write` says why, or waits.

        Where only a part fits, `run` sends the rest.
        """
        if self._is_over or self._queue:
            return False
        try:
            written = os.write(self._pipe.fileno(), line)  # as `_put`, without a call more for each
        except OSError:
            return False
        if written < len(line):
            self._begin_waiting(line, written)
        return True

    async def write(self, line: bytes) -> None:
        """Return once all of `line`, which ends in a line end, is in the pipe; a checkpoint only if it does not fit.

        Cancelled before its first byte is out, nothing of the line is sent; after that the rest still follows.

        Raises:
            BrokenResourceError: nobody reads the pipe any more, or `run` has ended.
            ClosedResourceError: this side has closed it.
        """
        if self._is_over:
            raise trio.BrokenResourceError("nothing is written any more")
        written = 0 if self._queue else self._put(line)
        if written == len(line):
            return
        waiting = self._begin_waiting(line, written)
        try:
            await waiting.done.wait()
        finally:
            if not waiting.done.is_set() and not waiting.is_begun:
                self._queue.remove(waiting)
        if waiting.rest:
            raise trio.BrokenResourceError("the line was not read to its end")

    async def run(self) -> None:
        """Write what did not fit at once, until the reader has taken nothing for `limit_seconds`.

        Raises:
            BrokenResourceError: nobody reads the pipe any more.
            ClosedResourceError: this side has closed it.
        """
        try:
            while True:
                while not self._queue:
                    await self._idle.park()
                with trio.move_on_after(self.limit_seconds) as limit:
                    await trio.lowlevel.wait_writable(self._fd())
                if limit.cancelled_caught:
                    return
                if self._queue:
                    self._push(self._queue[0])
        finally:
            self._is_over = True
            while self._queue:
                self._queue.popleft().done.set()

    def _begin_waiting(self, line: bytes, written: int) -> _Waiting:
        waiting = _Waiting(memoryview(line)[written:], written > 0)
        self._queue.append(waiting)
        self._idle.unpark()
        return waiting

    def _fd(self) -> int:
        fd = self._pipe.fileno()
        if fd < 0:
            raise trio.ClosedResourceError("the pipe was closed")
        return fd

    def _push(self, waiting: _Waiting) -> None:
        written = self._put(waiting.rest)
        waiting.rest = waiting.rest[written:]
        waiting.is_begun = waiting.is_begun or written > 0
        if not waiting.rest:
            self._queue.popleft()
            waiting.done.set()

    def _put(self, data: bytes | memoryview) -> int:
        try:
            return os.write(self._fd(), data)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):  # the latter from a socket whose other end has closed unread
            raise trio.BrokenResourceError("nobody reads the pipe") from None
