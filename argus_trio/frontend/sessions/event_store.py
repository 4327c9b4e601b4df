"""What was sent on the event streams of a session, stored so that a stream that broke off can go on; sans I/O.

An event's id is `<stream>-<number>`: unique in its session, and a cursor in its own stream (2025-11-25, Resumability
and Redelivery). Who carries a stream, and what it has had, is decided elsewhere.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

import attrs

from argus_trio.core.memory import Memory
from argus_trio.wire.event_stream import encode_event

MAX_EVENTS: Final = 1024
MAX_BYTES: Final = 4 * 1024 * 1024
"""What one session keeps; the newest event of all stays whatever its size, as it may be a result that is waited for."""

RETRY_MILLISECONDS: Final = 1000
"""After how long a client of 2025-11-25 is told to come back to a stream that broke off: soon, but not at once."""

_ID: Final = re.compile(r"([0-9]{1,12})-([0-9]{1,12})", re.ASCII)


@attrs.define(eq=False, repr=False, kw_only=True)
class _StoredStream:
    last: int = 0
    size: int = 0
    is_ended: bool = False
    delivered: int = 0
    """The number of the last event that the client was sent."""
    delivered_size: int = 0
    """The bytes of those of them that are here."""
    events: list[tuple[int, bytes]] = attrs.field(factory=list)
    """A list, for most streams have few and many have none: a deque takes more than all else of a session."""


@attrs.define(eq=False, repr=False)
class EventStore:
    """The streams of one session, by number. A stream is known until it has ended and none of its events is left."""

    memory: Memory
    _max_events: int = attrs.field(default=MAX_EVENTS, kw_only=True)
    _max_bytes: int = attrs.field(default=MAX_BYTES, kw_only=True)
    _streams: dict[int, _StoredStream] = attrs.field(factory=dict, init=False)
    _order: list[int] = attrs.field(factory=list, init=False)
    _size: int = attrs.field(default=0, init=False)
    _opened: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        """How many events there are."""
        return len(self._order)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._size

    @property
    def streams(self) -> int:
        """How many streams are known."""
        return len(self._streams)

    def open(self) -> int:
        """The number of a new stream; the first is 0."""
        number = self._opened
        self._opened += 1
        self._streams[number] = _StoredStream()
        return number

    def add(self, stream: int, message: bytes) -> bytes:
        """Keep an encoded message as the next of its stream, which must be open, and give its event.

        What is too much makes room: of this very stream if most is its own, else the oldest of all. A large event is
        not kept where there is no room for it in all (`Memory.has_room`); whoever cannot send it asks `holds`.
        """
        entry = self._streams[stream]
        entry.last += 1
        event = encode_event(message, event_id=f"{stream}-{entry.last}")
        if not self.memory.has_room(len(event)):
            return event
        entry.events.append((entry.last, event))
        entry.size += len(event)
        self._order.append(stream)
        self._count(len(event))
        while len(self._order) > 1 and self._is_over():
            self._evict(stream if self._is_most(entry) else self._order[0])
        return event

    def delivered(self, stream: int, number: int) -> None:
        """The client was sent all events of a stream up to this one: they may go where room is needed."""
        entry = self._streams.get(stream)
        if entry is None or number <= entry.delivered:
            return
        entry.delivered = number
        entry.delivered_size = entry.size - sum(len(event) for position, event in entry.events if position > number)
        self._tell_delivered(stream, entry)

    def spare(self, wanted: int) -> None:
        """Let the oldest events go, but for the newest of all; see `MemoryHolder`."""
        aim = self._size - wanted
        while len(self._order) > 1 and self._size > aim:
            self._evict(self._order[0])

    def after(self, stream: int, number: int) -> tuple[int, list[bytes]]:
        """The events of a stream that are left after this one, in order, and the number of the last it ever had."""
        entry = self._streams.get(stream)
        if entry is None:
            return number, []
        found = []
        for position, event in reversed(entry.events):
            if position <= number:
                break
            found.append(event)
        found.reverse()
        return entry.last, found

    def last(self, stream: int) -> int:
        """The number of the stream's newest event, 0 before the first."""
        return self._streams[stream].last

    def holds(self, stream: int, number: int) -> bool:
        """Whether that event, and all that came after it in its stream, is still here."""
        entry = self._streams.get(stream)
        return entry is not None and bool(entry.events) and entry.events[0][0] <= number

    def locate(self, event_id: str) -> tuple[int, int] | None:
        """The stream and the number that an id means; None if it was never given out, or its stream is forgotten."""
        found = _ID.fullmatch(event_id)
        if found is None:
            return None
        stream, number = int(found[1]), int(found[2])
        entry = self._streams.get(stream)
        return None if entry is None or number > entry.last else (stream, number)

    def end(self, stream: int) -> None:
        """Nothing more comes on the stream. Idempotent."""
        entry = self._streams.get(stream)
        if entry is not None:
            entry.is_ended = True
            self._forget_if_over(stream, entry)

    def drop(self, stream: int) -> None:
        """Forget the stream and its events: nothing of it may be sent any more. Idempotent."""
        entry = self._streams.pop(stream, None)
        if entry is not None and entry.events:
            self.memory.forgotten(entry)
            self._order = [number for number in self._order if number != stream]
            self._count(-entry.size)

    def forget_events(self) -> None:
        """Forget every event, but not where the streams that are open stand."""
        while self._order:
            self._evict(self._order[0])

    def clear(self) -> None:
        """Forget everything."""
        for entry in self._streams.values():
            self.memory.forgotten(entry)
        self._streams.clear()
        self._order.clear()
        self._count(-self._size)

    def _is_over(self) -> bool:
        return len(self._order) > self._max_events or self._size > self._max_bytes

    def _is_most(self, entry: _StoredStream) -> bool:
        if len(entry.events) < 2:
            return False
        return 2 * len(entry.events) > self._max_events or 2 * entry.size > self._max_bytes

    def _evict(self, stream: int) -> None:
        entry = self._streams[stream]
        position, event = entry.events.pop(0)
        entry.size -= len(event)
        self._order.remove(stream)
        self._count(-len(event))
        self._forget_if_over(stream, entry)
        if position <= entry.delivered:
            entry.delivered_size -= len(event)
            self._tell_delivered(stream, entry)

    def _tell_delivered(self, stream: int, entry: _StoredStream) -> None:
        self.memory.delivered(entry, entry.delivered_size, partial(self._forget_delivered, stream, entry))

    def _forget_delivered(self, stream: int, entry: _StoredStream) -> None:
        reached, entry.delivered, entry.delivered_size = entry.delivered, 0, 0
        while entry.events and entry.events[0][0] <= reached:
            self._evict(stream)
        entry.delivered = reached

    def _forget_if_over(self, stream: int, entry: _StoredStream) -> None:
        if entry.is_ended and not entry.events:
            del self._streams[stream]

    def _count(self, size: int) -> None:
        if size:
            self._size += size
            self.memory.hold(self, size)


def prime(stream: int, number: int) -> bytes:
    """The event without data that gives a client the id to come back with (2025-11-25, Sending Messages, 6)."""
    return b"id: %d-%d\nretry: %d\ndata: \n\n" % (stream, number, RETRY_MILLISECONDS)
