"""Events of a call that are told together: at most so many times a second, however many come. Bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import attrs

from argus_trio.wire.event_stream import Event

TELL_SECONDS: Final = 0.05
"""The shortest time between two times that is told what came: nothing is drawn more often."""
HELD_LINES: Final = 500
"""How many log messages and notifications wait; the oldest go, and how many is told: a page keeps no more."""
HELD_LINE_BYTES: Final = 1024 * 1024
"""How many bytes of them wait."""
_LINES: Final = frozenset({"log", "notification"})


@attrs.define(eq=False, repr=False)
class HeldEvents:
    """What came and is not told yet, in order; of progress the latest alone."""

    _events: deque[Event] = attrs.field(factory=deque, init=False)
    _progress: Event | None = attrs.field(default=None, init=False)
    _lines: int = attrs.field(default=0, init=False)
    _bytes: int = attrs.field(default=0, init=False)
    _lost: int = attrs.field(default=0, init=False)

    def add(self, events: Iterable[Event]) -> None:
        """Hold these as well."""
        for event in events:
            if event.event == "progress":
                self._progress = event
                continue
            self._events.append(event)
            if event.event in _LINES:
                self._lines += 1
                self._bytes += len(event.data)
                if self._lines > HELD_LINES or self._bytes > HELD_LINE_BYTES:
                    self._lose()

    def take(self) -> tuple[Event, ...]:
        """All that is held, and how many lines were not; the latest progress comes before the end of the call."""
        events = [*self._events]
        if self._progress is not None:
            at = len(events) - 1 if events and events[-1].event in ("result", "error") else len(events)
            events.insert(at, self._progress)
        if self._lost:
            events.insert(0, Event(event="lost", data=str(self._lost).encode(), id="", retry=None))
        self._events, self._progress = deque(), None
        self._lines = self._bytes = self._lost = 0
        return tuple(events)

    def _lose(self) -> None:
        """Let the oldest line go; what is no line stays."""
        kept: list[Event] = []
        while self._events:
            event = self._events.popleft()
            if event.event in _LINES:
                self._lines -= 1
                self._bytes -= len(event.data)
                self._lost += 1
                break
            kept.append(event)
        self._events.extendleft(reversed(kept))
