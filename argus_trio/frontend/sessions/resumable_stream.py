"""One event stream of a session across the connections that carry it; all that is sent on it stays for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.memory import Memory
from argus_trio.frontend.sessions.event_store import EventStore
from argus_trio.frontend.sessions.unkept import unkept
from argus_trio.wire.event_stream import encode_event

log = structlog.get_logger()

BACKLOG_BYTES: Final = 1024 * 1024
BACKLOG_EVENTS: Final = 256
"""Bytes and events that wait for a client that reads slowly, before those that bring more have to wait too: less than
the store keeps (`event_store.MAX_EVENTS`), which would else drop the oldest before they were sent."""


MAX_OFFERED: Final = 1024
"""Keys that are remembered before those are forgotten whose event has been given out, or has gone."""


def _nothing() -> None:
    """Nobody wants to know."""


@attrs.define(eq=False, repr=False)
class ResumableStream:
    """A stream by its number in the store. `on_carried` is called whenever a connection begins to carry it, until its
    end."""

    _store: EventStore
    number: int
    _on_carried: Callable[[], object] = attrs.field(kw_only=True)
    position: int = attrs.field(default=0, init=False)
    """The number of the last event that was given to a `Feed`."""
    _feed: Feed | None = attrs.field(default=None, init=False)
    _offered: dict[str, int] = attrs.field(factory=dict, init=False)
    _ended: bool = attrs.field(default=False, init=False)

    @property
    def is_carried(self) -> bool:
        """Whether a `Feed` carries it."""
        return self._feed is not None

    async def send(self, message: bytes) -> None:
        """Send an encoded message in turn, waiting while too much else waits; only store it while nobody carries it.

        Where the gateway holds too much to store it, an answer becomes an error, and what is no answer is lost.
        """
        if not self._ended:
            event = self.record(message)
            if not self._store.holds(self.number, self._store.last(self.number)):
                log.warning("event_not_kept", bytes=len(message), reason="server.limits.memory is reached")
                refusal = unkept(message, "the gateway holds too much for its clients (server.limits.memory)")
                if refusal is None:
                    return
                event = self.record(refusal)
            if self._feed is not None:
                await self._feed.announce(event)

    def record(self, message: bytes) -> bytes:
        """Keep an encoded message as the next of the stream, and give its event for somebody else to send."""
        return encode_event(message) if self._ended else self._store.add(self.number, message)

    def offer(self, key: str, message: bytes) -> None:
        """Have `message` sent once, however often it is offered under `key` until then. Never blocks."""
        if self._ended or self._is_pending(self._offered.get(key, 0)):
            return
        self._store.add(self.number, message)
        if len(self._offered) >= MAX_OFFERED:
            self._offered = {key: number for key, number in self._offered.items() if self._is_pending(number)}
        self._offered[key] = self._store.last(self.number)
        if self._feed is not None:
            self._feed.wake()

    def attach(self, after: int | None = None) -> Feed:
        """Begin to carry the stream, in place of whoever does: from what came `after`, or from what nobody had."""
        if self._feed is not None:
            self._feed.close()
        if after is not None:
            self.position = after
        feed = Feed(self, self._store.memory)
        self._feed = feed
        if self._ended:
            feed.finish()
        self._on_carried()
        return feed

    def detach(self, feed: Feed) -> None:
        """Have `feed` carry the stream no more; harmless if another took its place."""
        if self._feed is feed:
            self._feed = None

    def pending(self) -> bytes:
        """The events that nobody had, as one chunk; from now on somebody had them."""
        self._store.delivered(self.number, self.position)  # whoever asks for more has written what it had
        self.position, events = self._store.after(self.number, self.position)
        return b"".join(events)

    def note_delivered(self) -> None:
        """The client was sent everything that was recorded."""
        self._store.delivered(self.number, self._store.last(self.number))

    def end(self) -> None:
        """Let nothing more come; whoever carries the stream ends after what waits. Idempotent."""
        self._ended = True
        self._on_carried = _nothing  # which may hold the session's streams, and they this one
        self._store.end(self.number)
        if self._feed is not None:
            self._feed.finish()

    def _is_pending(self, number: int) -> bool:
        return number > self.position and self._store.holds(self.number, number)


@attrs.define(eq=False, repr=False)
class Feed:
    """What one connection carries of a stream, until the stream ends, another takes its place, or its client goes."""

    _stream: ResumableStream
    _memory: Memory
    _waiting: int = attrs.field(default=0, init=False)
    _waiting_events: int = attrs.field(default=0, init=False)
    _is_last: bool = attrs.field(default=False, init=False)
    _is_closed: bool = attrs.field(default=False, init=False)
    _changed: trio.Event | None = attrs.field(default=None, init=False)
    _room: trio.Event | None = attrs.field(default=None, init=False)
    """What is waited for, each while somebody does."""

    async def take(self) -> bytes:
        """Everything that waits, as one chunk, as soon as there is anything; empty at the end."""
        self._memory.release(self)  # what was taken before is written
        while not self._is_closed:
            chunk = self._stream.pending()
            if chunk:
                self._memory.hold(self, len(chunk))
                self._make_room()
                return chunk
            if self._is_last:
                break
            self._changed = trio.Event()
            await self._changed.wait()
        return b""

    async def announce(self, event: bytes) -> None:
        """Tell of `event`, which is in the store; wait while more waits with it than `BACKLOG_BYTES` and
        `BACKLOG_EVENTS` say."""
        self._waiting += len(event)
        self._waiting_events += 1
        self.wake()
        while (self._waiting > BACKLOG_BYTES or self._waiting_events > BACKLOG_EVENTS) and not self._is_closed:
            if self._room is None:
                self._room = trio.Event()
            await self._room.wait()

    def spare(self, wanted: int) -> None:
        """Nothing can go of what is being written; see `MemoryHolder`."""

    def wake(self) -> None:
        """Tell that something is in the store, or that this ends."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def finish(self) -> None:
        """End after what waits. Idempotent, never blocks."""
        self._is_last = True
        self.wake()

    def close(self) -> None:
        """End at once: what waits is for the next who carries the stream. Idempotent, never blocks."""
        self._is_closed = True
        self._memory.release(self)
        self._stream.detach(self)
        self.wake()
        self._make_room()

    def _make_room(self) -> None:
        self._waiting = self._waiting_events = 0
        if self._room is not None:
            self._room.set()
            self._room = None
