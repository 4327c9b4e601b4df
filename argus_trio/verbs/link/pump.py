"""The events of one call, read by a thread, so that their coming can be awaited beside what the user types."""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import attrs

from argus_trio.manage_client.failure import CommandFailed
from argus_trio.verbs.link.client import ManageClient, OpenAnswer
from argus_trio.verbs.link.stream import events_of
from argus_trio.wire.event_stream import Event

MOST_WAITING: Final = 16
"""How many events wait at most; then the gateway waits. Each is bounded by the parser."""
END_SECONDS: Final = 2.0
"""How long the thread has to end once its connection is shut."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Pump:
    """What has come of one stream. `descriptor` can be read whenever `take` has something."""

    descriptor: int
    _tick: int
    _events: queue.Queue[Event | CommandFailed | None] = attrs.field(factory=lambda: queue.Queue(MOST_WAITING))

    def take(self) -> Event | None:
        """The next event, waiting for it; None at the end of the stream. Raises CommandFailed where it broke off."""
        os.read(self.descriptor, 1)
        event = self._events.get()
        if isinstance(event, CommandFailed):
            raise event
        return event

    def run(self, client: ManageClient, answer: OpenAnswer, is_shut: threading.Event) -> None:
        """Read all of it; the body of the thread."""
        try:
            for event in events_of(client, answer):
                if is_shut.is_set():
                    return
                self._put(event)
            self._put(None)
        except CommandFailed as failure:
            self._put(failure)

    def _put(self, event: Event | CommandFailed | None) -> None:
        self._events.put(event)
        with suppress(OSError):  # nobody reads any more
            os.write(self._tick, b".")

    def drop(self) -> None:
        """Let the thread go on that waits for room."""
        with suppress(queue.Empty):
            while True:
                self._events.get_nowait()


@contextmanager
def pumping(client: ManageClient, answer: OpenAnswer) -> Iterator[Pump]:
    """Read an answer beside. Leaving it shuts the connection, which cancels what is still under way."""
    reading, writing = os.pipe()
    pump = Pump(descriptor=reading, tick=writing)
    is_shut = threading.Event()
    thread = threading.Thread(target=pump.run, args=(client, answer, is_shut), name="events", daemon=True)
    thread.start()
    try:
        yield pump
    finally:
        is_shut.set()
        with suppress(OSError):  # it is shut already
            socket.socket.shutdown(answer.socket, socket.SHUT_RDWR)  # of TLS as well: the thread is still reading it
        pump.drop()
        thread.join(END_SECONDS)
        os.close(reading)
        os.close(writing)
