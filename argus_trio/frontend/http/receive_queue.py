"""What a connection has for the application that serves one of its requests: body parts, and word of a disconnect.

It stands between the connection's reader and the application's task in place of a channel: a part that fits never
makes the reader wait, what comes after the application is done is dropped, and a disconnect is noticed without a
task that waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import attrs
import trio

AsgiMessage = Mapping[str, object]
"""One ASGI message."""

DISCONNECT: Final[AsgiMessage] = {"type": "http.disconnect"}

MAX_WAITING: Final = 8
"""Body parts (64 KiB each at most) that wait for the application before the connection stops reading."""


@attrs.define(eq=False, repr=False)
class ReceiveQueue:
    """The receiving side of one request. `put` is for the connection, all else for the application."""

    _messages: deque[AsgiMessage] = attrs.field(factory=deque, init=False)
    _callback: Callable[[], object] | None = attrs.field(default=None, init=False)
    _reader: trio.Event | None = attrs.field(default=None, init=False)
    _writer: trio.Event | None = attrs.field(default=None, init=False)
    _closed: bool = attrs.field(default=False, init=False)
    _disconnected: bool = attrs.field(default=False, init=False)

    async def put(self, message: AsgiMessage) -> None:
        """Take one message of the connection; waits only while `MAX_WAITING` others do."""
        if self._closed:
            return
        if message["type"] == "http.disconnect":
            self._disconnect()
            return
        while len(self._messages) >= MAX_WAITING and not self._closed:
            self._writer = trio.Event()
            await self._writer.wait()
        self._messages.append(message)
        if self._reader is not None:
            self._wake_reader()

    async def receive(self) -> AsgiMessage:
        """The next message, as ASGI has it: the disconnect comes last and then for ever."""
        while not self._messages:
            if self._disconnected:
                return DISCONNECT
            self._reader = trio.Event()
            await self._reader.wait()
        message = self._messages.popleft()
        if self._writer is not None:
            self._wake_writer()
        return message

    def on_disconnect(self, callback: Callable[[], object] | None) -> None:
        """Have `callback` called, synchronously, if the client goes before it has its whole answer; at once if it has.

        One callback at a time; None takes it back. It must not raise or block.
        """
        self._callback = callback
        if self._disconnected and callback is not None:
            callback()

    def close(self) -> None:
        """The answer is complete: nothing that comes from now on matters, a disconnect included."""
        self._closed = True
        self._callback = None
        self._messages.clear()
        self._wake_writer()

    def _disconnect(self) -> None:
        self._disconnected = True
        self._wake_reader()
        if self._callback is not None:
            self._callback()

    def _wake_reader(self) -> None:
        if self._reader is not None:
            self._reader.set()
            self._reader = None

    def _wake_writer(self) -> None:
        if self._writer is not None:
            self._writer.set()
            self._writer = None
