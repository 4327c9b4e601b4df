"""What waits to be written to one long-lived event stream: a bounded queue that merges what repeats itself."""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs
import trio

CAPACITY: Final = 1024 * 1024
"""Bytes that wait for a client that reads slowly, before those that bring more have to wait too."""
MAX_NEWS: Final = 4096
"""Kinds of news that wait at a time; a backend may tell of any number of resources below one subscribed to."""


@attrs.define(eq=False)
class Outbox:
    """One stream's queue: any task fills it, the stream's own task empties it."""

    _capacity: int = CAPACITY
    _events: deque[bytes] = attrs.field(factory=deque, init=False)
    _size: int = attrs.field(default=0, init=False)
    _news: dict[str, bytes] = attrs.field(factory=dict, init=False)
    _closed: bool = attrs.field(default=False, init=False)
    _changed: trio.Event = attrs.field(factory=trio.Event, init=False)
    _room: trio.Event = attrs.field(factory=trio.Event, init=False)

    @property
    def is_closed(self) -> bool:
        """Whether the stream is at its end."""
        return self._closed

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once, however often it is offered under `key` until then. Never blocks.

        Dropped where `MAX_NEWS` others wait already.
        """
        if not self._closed and (key in self._news or len(self._news) < MAX_NEWS):
            self._news[key] = event
            self._changed.set()

    async def put(self, event: bytes) -> None:
        """Have `event` sent in turn, waiting for room; dropped once the stream is at its end."""
        while self._size and self._size + len(event) > self._capacity and not self._closed:
            await self._room.wait()
        if not self._closed:
            self._events.append(event)
            self._size += len(event)
            self._changed.set()

    async def take(self) -> bytes:
        """Everything that waits, as one chunk, as soon as there is anything; empty at the end."""
        while not self._events and not self._news:
            if self._closed:
                return b""
            await self._changed.wait()
            self._changed = trio.Event()
        chunk = b"".join((*self._events, *self._news.values()))
        self._events.clear()
        self._size = 0
        self._news.clear()
        self._room.set()
        self._room = trio.Event()
        return chunk

    def close(self) -> None:
        """End the stream after what already waits. Idempotent, never blocks."""
        self._closed = True
        self._changed.set()
        self._room.set()
