"""What waits to be written to one long-lived event stream: a bounded queue that merges what repeats itself."""

from __future__ import annotations

from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.memory import Memory

log = structlog.get_logger()

CAPACITY_BYTES: Final = 1024 * 1024
"""Bytes that wait for a client that reads slowly, before those that bring more have to wait too."""
MAX_OFFERED: Final = 4096
MAX_OFFERED_BYTES: Final = 1024 * 1024
"""Keys that are offered and wait at a time, and the bytes of their events: a backend may tell of any number of
resources below one subscribed to."""
MAX_WAITING_BYTES: Final = 32 * 1024 * 1024
"""What may wait for one client in all, those included who wait to bring more: some answers of the usual largest size.
Beyond it no further answer is let in, but for one that waits alone."""


@attrs.define(eq=False, repr=False)
class Outbox:
    """One stream's queue: any task fills it, the stream's own task empties it."""

    _capacity: int = CAPACITY_BYTES
    _memory: Memory = attrs.field(factory=Memory, kw_only=True)
    _events: list[bytes] = attrs.field(factory=list, init=False)
    _size: int = attrs.field(default=0, init=False)
    waiting: int = attrs.field(default=0, init=False)
    """Bytes of what was put and is not taken, those that wait for room included."""
    _kept: int = attrs.field(default=0, init=False)
    _offered: dict[str, bytes] = attrs.field(factory=dict, init=False)
    _offered_size: int = attrs.field(default=0, init=False)
    _dropped: int = attrs.field(default=0, init=False)
    """What was offered and dropped since the log was told."""
    _closed: bool = attrs.field(default=False, init=False)
    _changed: trio.Event | None = attrs.field(default=None, init=False)
    _room: trio.Event | None = attrs.field(default=None, init=False)
    """What is waited for, each while somebody does."""

    @property
    def is_closed(self) -> bool:
        """Whether the stream is at its end."""
        return self._closed

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once, however often it is offered under `key` until then. Never blocks.

        Dropped where `MAX_OFFERED` others wait already, or `MAX_OFFERED_BYTES`; the log is told once how many were.
        """
        if self._closed:
            return
        size = self._offered_size + len(event) - len(self._offered.get(key, b""))
        is_new = key not in self._offered
        if is_new and self._offered and (len(self._offered) >= MAX_OFFERED or size > MAX_OFFERED_BYTES):
            self._dropped += 1
            return
        self._memory.hold(self, size - self._offered_size)
        self._offered[key] = event
        self._offered_size = size
        self._tell_changed()

    async def put(self, event: bytes) -> None:
        """Have `event` sent in turn, waiting for room; dropped once the stream is at its end."""
        size, is_queued = len(event), False
        self._count(size)
        try:
            while self._size and self._size + size > self._capacity and not self._closed:
                if self._room is None:
                    self._room = trio.Event()
                await self._room.wait()
            if not self._closed:
                self._events.append(event)
                self._size += size
                self._tell_changed()
                is_queued = True
        finally:
            if not is_queued:
                self._count(-size)

    def keep(self, size: int) -> None:
        """Account for so many bytes that are kept for the stream until it is discarded, such as what it is about."""
        self._kept += size
        self._memory.hold(self, size)

    def has_room(self, size: int) -> bool:
        """Whether so much more may wait for the client."""
        return not self.waiting or (self.waiting + size <= MAX_WAITING_BYTES and self._memory.has_room(size))

    def why_full(self, size: int) -> str:
        """Why so much more may not wait for the client, for whoever is refused."""
        if self.waiting + size > MAX_WAITING_BYTES:
            return f"{self.waiting} bytes wait on this stream, which the client does not read"
        return "the gateway holds too much for its clients (server.limits.memory)"

    def spare(self, wanted: int) -> None:
        """Nothing of it can go, for nothing of it was delivered; see `MemoryHolder`."""

    async def take(self) -> bytes:
        """Everything that waits, as one chunk, as soon as there is anything; empty at the end."""
        while not self._events and not self._offered:
            if self._closed:
                return b""
            self._changed = trio.Event()
            await self._changed.wait()
        chunk = b"".join((*self._events, *self._offered.values()))
        self._forget()
        if self._dropped:
            log.warning("changes_dropped", count=self._dropped, reason="the client reads them too slowly")
            self._dropped = 0
        self._make_room()
        return chunk

    def close(self) -> None:
        """End the stream after what already waits. Idempotent, never blocks."""
        self._closed = True
        self._tell_changed()
        self._make_room()

    def discard(self) -> None:
        """End the stream at once: nobody takes what waits. Idempotent, never blocks."""
        self.close()
        self._forget()
        self._memory.hold(self, -self._kept)
        self._kept = 0

    def _tell_changed(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None

    def _forget(self) -> None:
        self._count(-self._size)
        self._memory.hold(self, -self._offered_size)
        self._events.clear()
        self._offered.clear()
        self._size = self._offered_size = 0

    def _count(self, size: int) -> None:
        self.waiting += size
        self._memory.hold(self, size)
