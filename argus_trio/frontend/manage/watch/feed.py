"""What one event stream is written from: a position in the journal. No queue: who is slow falls behind, and is told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from math import floor, inf
from typing import Final

import attrs
import trio

from argus_trio.contract.events import HeartbeatEntry
from argus_trio.frontend.gateway import News
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.frontend.manage.watch.encoded import EncodedEvents, WantedEvents, gap_event
from argus_trio.wire.envelope import encode
from argus_trio.wire.event_stream import encode_event

HEARTBEAT_SECONDS: Final = 30.0
"""The longest time without an event: then comes `heartbeat`, whose id resumes from where the stream is."""
PACE_SECONDS: Final = 0.5
"""The shortest time between two chunks of events on one stream: what happens meanwhile comes in one piece."""
PACE_OF_ONE: Final = 0.005
"""Where many streams are open it is as much for each of them, so that all together cost little, whatever happens."""
LONGEST_PACE_SECONDS: Final = 10.0
TURN_OF_ONE: Final = 0.002
"""Over as much time for each stream that is open the streams are written to that an event wakes: all at once, a
thousand of them would hold up every call meanwhile."""
LONGEST_TURN_SECONDS: Final = 4.0
FIGURES_TURN_SECONDS: Final = 0.5
"""Over which time figures go out at most: they come once a second."""
EVENTS_AT_ONCE: Final = 200
"""How many events are looked at for one chunk; the next ones have to wait for it to be read."""
CHUNK_BYTES: Final = 64 * 1024
"""At which size a chunk takes no more events: what one slow reader holds."""


@attrs.define(eq=False, repr=False, kw_only=True)
class EventFeed:
    """One stream of events; a `Source`."""

    events: EncodedEvents
    news: News
    wanted: WantedEvents
    position: int
    """The number of the event that is to come next."""
    since: str = ""
    """After which id it was to begin, where that cannot be said any more: a gap is told first."""
    figures: Callable[[], bytes] | None = None
    """Gives figures as an event, the same ones for all within a second; None: none are wanted."""
    _is_closed: bool = attrs.field(default=False, init=False)
    _waiting: trio.CancelScope | None = attrs.field(default=None, init=False)
    _figures_at: float = attrs.field(default=inf, init=False)
    _heartbeat_at: float = attrs.field(default=-inf, init=False)
    _events_at: float = attrs.field(default=-inf, init=False)
    """When the next events may come."""

    def __attrs_post_init__(self) -> None:
        if self.figures is not None:
            self._figures_at = -inf

    async def take(self) -> bytes:
        """Everything that is due, as soon as anything is; empty once it is closed. Cancelling it loses nothing."""
        while not self._is_closed:
            chunk = self._due(trio.current_time())
            if chunk:
                return chunk
            with trio.CancelScope(deadline=self._next_at()) as self._waiting:
                if trio.current_time() < self._events_at:  # until then no news makes a difference
                    await trio.sleep_until(self._events_at)
                else:
                    await self.news.wait()
                    await trio.sleep(self._turn(LONGEST_TURN_SECONDS))
            self._waiting = None
        return b""

    def close(self) -> None:
        """End the stream: its client is gone, or may not read it any more, or the gateway stops."""
        self._is_closed = True
        if self._waiting is not None:
            self._waiting.cancel()

    @property
    def _is_behind(self) -> bool:
        return self.position < self.events.journal.position

    def _turn(self, longest: float) -> float:
        """After how many seconds it is this stream's turn, among all that are open."""
        return min(longest, self.events.readers * TURN_OF_ONE) * random.random()  # noqa: S311 - no secret

    @property
    def _pace(self) -> float:
        return min(max(PACE_SECONDS, self.events.readers * PACE_OF_ONE), LONGEST_PACE_SECONDS)

    def _next_at(self) -> float:
        return min(self._figures_at, self._heartbeat_at)

    def _due(self, now: float) -> bytes:
        parts: list[bytes] = []
        if self.since:
            parts.append(gap_event(self.since))
            self.since = ""
        if now >= self._heartbeat_at:
            parts.append(self._heartbeat())
        if self._is_behind and now >= self._events_at:
            parts += self._next_events()
            self._events_at = now + self._pace
        if self.figures is not None and now >= self._figures_at:
            parts.append(self.figures())
            self._figures_at = floor(now) + 1.0 + self._turn(FIGURES_TURN_SECONDS)
        if parts:
            self._heartbeat_at = now + HEARTBEAT_SECONDS
        return b"".join(parts)

    def _next_events(self) -> list[bytes]:
        journal = self.events.journal
        found, is_gap = journal.since(self.position, most=EVENTS_AT_ONCE)
        parts = [gap_event(journal.id_of(self.position - 1))] if is_gap else []
        size, position = 0, journal.position if len(found) < EVENTS_AT_ONCE else found[-1].number + 1
        for event in found:
            if size >= CHUNK_BYTES:
                position = event.number
                break
            if self.wanted.takes(event):
                parts.append(self.events.streamed(event))
                size += len(parts[-1])
        self.position = position
        return parts

    def _heartbeat(self) -> bytes:
        beat = encode(HeartbeatEntry(timestamp=rfc3339(time.time())))
        return encode_event(beat, event="heartbeat", event_id=self.events.journal.id_of(self.position - 1))
