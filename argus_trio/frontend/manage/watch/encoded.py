"""Events of the journal as JSON, each encoded once for all who read it, and what tells of a gap."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.contract.events import EventEntry, GapEntry
from argus_trio.core.journal import SEVERITIES, Journal, JournalEvent, Severity
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.wire.envelope import encode
from argus_trio.wire.event_stream import encode_event

ENCODED_KEPT: Final = 256
"""How many events are kept encoded, the latest that somebody read: whoever is up to date reads these."""


LONGEST_ID: Final = 200
"""As much of an id that is not ours as is said back, in characters."""


def gap_event(since: str) -> bytes:
    """What tells on a stream, of events or of lines, that some are missing behind this id."""
    said = "some of what came after this is gone, or it is of another start of the gateway"
    gap = GapEntry(timestamp=rfc3339(time.time()), since=since[:LONGEST_ID], message=said)
    return encode_event(encode(gap), event="gap")


@attrs.frozen(kw_only=True)
class WantedEvents(Value):
    """Which events somebody wants."""

    severity: Severity | None = None
    """This one and graver ones; None: all."""
    backend: str = ""
    """Those of this one alone; empty: all."""

    def takes(self, event: JournalEvent) -> bool:
        """Whether it is one of them."""
        if self.backend and event.backend != self.backend:
            return False
        return self.severity is None or SEVERITIES.index(event.severity) >= SEVERITIES.index(self.severity)


def entry_of(journal: Journal, event: JournalEvent) -> EventEntry:
    """An event as others see it."""
    return EventEntry(
        id=journal.id_of(event.number),
        timestamp=rfc3339(event.at),
        stage=event.stage,
        message=event.message,
        severity=event.severity,
        backend=event.backend,
        details=dict(event.details),
    )


@attrs.define(eq=False, repr=False)
class EncodedEvents:
    """The events of one journal, encoded."""

    journal: Journal
    readers: int = attrs.field(default=0, init=False)
    """How many streams are written from it."""
    _kept: OrderedDict[int, tuple[bytes, bytes]] = attrs.field(factory=OrderedDict, init=False)

    def entry(self, event: JournalEvent) -> bytes:
        """An `EventEntry`."""
        return self._both(event)[0]

    def streamed(self, event: JournalEvent) -> bytes:
        """The same as an event of a stream."""
        return self._both(event)[1]

    def _both(self, event: JournalEvent) -> tuple[bytes, bytes]:
        found = self._kept.get(event.number)
        if found is None:
            entry = encode(entry_of(self.journal, event))
            streamed = encode_event(entry, event=event.stage, event_id=self.journal.id_of(event.number))
            found = entry, streamed
            self._kept[event.number] = found
            if len(self._kept) > ENCODED_KEPT:
                self._kept.popitem(last=False)
        return found
