"""The journal: what has happened, the latest in a bounded ring; sans I/O. Never on the path of a call.

A reader holds a position, the number of the event that it wants next, and asks from there. What was pushed out of the
ring before is told as a gap. Whoever waits for news is woken by `on_noted`, one call for all readers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import attrs

EVENTS_KEPT: Final = 5000
"""How many events are kept: what an operator looks back at after a night, some MB at most."""
MOST_DETAIL: Final = 2000
"""The longest text of one event, in characters."""

Severity = Literal["debug", "info", "warning", "error"]


@attrs.frozen(kw_only=True)
class JournalEvent:
    """Something that has happened. It holds no secret."""

    number: int
    """Counts all events from 1."""
    at: float
    """When, in seconds of Unix time."""
    stage: str
    """What, in one word of the documented ones."""
    message: str
    severity: Severity
    backend: str | None
    details: Mapping[str, object]


def _nobody(_: JournalEvent) -> None:
    """Tell nobody."""


@attrs.define(eq=False, kw_only=True)
class Journal:
    """The events of one gateway."""

    now: Callable[[], float]
    """Tells the time: Unix, in seconds."""
    instance: str = ""
    """Differs from one start of the gateway to the next, so that an id of the one before is not taken for one here."""
    redact: Callable[[str], str] = str
    on_noted: Callable[[JournalEvent], None] = _nobody
    """Is told of each event, and wakes who waits for news; must not block."""
    _events: deque[JournalEvent] = attrs.field(factory=lambda: deque(maxlen=EVENTS_KEPT), init=False)
    _count: int = attrs.field(default=0, init=False)

    @property
    def position(self) -> int:
        """The number that the next event will have."""
        return self._count + 1

    def note(
        self,
        stage: str,
        message: str,
        *,
        severity: Severity = "info",
        backend: str | None = None,
        details: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Note that something has happened. Does not block."""
        self._count += 1
        event = JournalEvent(
            number=self._count,
            at=self.now(),
            stage=stage,
            message=self.redact(message)[:MOST_DETAIL],
            severity=severity,
            backend=backend,
            details={key: self._clean(value) for key, value in details.items()},
        )
        self._events.append(event)
        self.on_noted(event)

    def since(self, position: int) -> tuple[tuple[JournalEvent, ...], bool]:
        """The events from this number on, and whether some of them are gone."""
        first = self._events[0].number if self._events else self.position
        start = max(0, position - first)
        events = tuple(self._events[index] for index in range(start, len(self._events)))
        return events, position < first

    def id_of(self, event: JournalEvent) -> str:
        """The id of an event, `<instance>-<n>`."""
        return f"{self.instance}-{event.number}"

    def position_after(self, event_id: str) -> int | None:
        """The position behind an event by its id; None for an id of another start of the gateway, or none at all."""
        instance, dash, number = event_id.rpartition("-")
        if not dash or instance != self.instance or not number.isdecimal() or len(number) > 18:
            return None
        return int(number) + 1

    def _clean(self, value: object) -> object:
        if isinstance(value, str):
            return self.redact(value)[:MOST_DETAIL]
        if isinstance(value, list | tuple):
            return [self._clean(each) for each in value]
        if isinstance(value, Mapping):
            return {str(key): self._clean(each) for key, each in value.items()}
        return value
