"""Tells every open stream that something has changed: without content, so that repeats merge and none waits.

A first change is told at once, and what follows it closely is told together: when many backends become ready one by
one, each client would list everything anew for each of them. Where there are many streams they are told in parts, and
whoever calls has its turn in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from math import inf
from typing import Final, Protocol

import attrs
import trio

from argus_trio.core.call.abilities import ANYBODY, Audience
from argus_trio.wire.envelope import encode_notification
from argus_trio.wire.event_stream import encode_event

TOOLS: Final = "notifications/tools/list_changed"
PROMPTS: Final = "notifications/prompts/list_changed"
RESOURCES: Final = "notifications/resources/list_changed"
LIST_CHANGES: Final = (TOOLS, PROMPTS, RESOURCES)

MERGE_SECONDS: Final = 0.5
"""The shortest time between two announcements of one method: clients answer each by listing everything anew, and people
do not notice half a second."""

TOLD_AT_ONCE: Final = 50
"""How many streams are told in one go: some milliseconds, what they write then included."""

PLAIN_MESSAGES: Final[Mapping[str, bytes]] = {method: encode_notification(method, {}) for method in LIST_CHANGES}
"""How a legacy client is told each of them."""
PLAIN_EVENTS: Final[Mapping[str, bytes]] = {method: encode_event(message) for method, message in PLAIN_MESSAGES.items()}
"""The messages of `PLAIN_MESSAGES`, as events without an id."""


class Recipient(Protocol):
    """An open stream."""

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once, however often it is offered under `key` until then. Must not block."""

    def close(self) -> None:
        """End as soon as nothing is owed to the client. Must not block."""


_Wanted = tuple[Mapping[str, bytes], Callable[[], Audience]]
"""The events that a recipient wants, by method, and what tells who its client is."""


Concerns = Callable[[Audience], bool]
"""Whether an announcement concerns such a client."""


def _everybody(_: Audience) -> bool:
    return True


def _anybody() -> Audience:
    return ANYBODY


@attrs.define(eq=False, repr=False)
class _Announcement:
    """One announcement on its way to those who were there when it was made."""

    method: str
    concerns: Concerns
    left: Iterator[Recipient]


@attrs.define(eq=False, repr=False)
class Announcer:
    """The open streams, and what each of them wants to be sent."""

    _wanted: dict[Recipient, _Wanted] = attrs.field(factory=dict, init=False)
    _closed: bool = attrs.field(default=False, init=False)
    _due: dict[str, float] = attrs.field(factory=dict, init=False)
    """When each method that was sent may be sent again, on trio's clock."""
    _held_back: dict[str, list[Concerns]] = attrs.field(factory=dict, init=False)
    """Whom those methods concern that were announced since."""
    _telling: list[_Announcement] = attrs.field(factory=list, init=False)
    _has_more: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set when there is something for `run` to do, at once or later."""

    async def run(self) -> None:
        """Send the rest of what many are told, and what was held back as it becomes due; until cancelled."""
        while True:
            while self._telling:
                await trio.lowlevel.checkpoint()
                # All that is on its way, side by side: who is told of several lists writes once.
                self._telling = [telling for telling in self._telling if self._tell_some(telling)]
            with trio.move_on_at(min((self._due[method] for method in self._held_back), default=inf)):
                await self._has_more.wait()
            self._has_more = trio.Event()
            now = trio.current_time()
            for method in [method for method in self._held_back if self._due[method] <= now]:
                self._send_held_back(method)

    def announce(self, methods: Iterable[str], concerns: Concerns = _everybody) -> None:
        """Send these notifications to every open stream that wants them, of the clients that they concern.

        One that was sent less than `MERGE_SECONDS` ago is held back until then, and beyond `TOLD_AT_ONCE` streams the
        rest is told as others have had their turn; so `run` has to run. Synchronous, from any task; never blocks.
        """
        now = trio.current_time()
        for method in methods:
            if method in self._held_back:
                self._held_back[method].append(concerns)
            elif now < self._due.get(method, -inf):
                self._held_back[method] = [concerns]
                self._has_more.set()
            else:
                self._send(method, concerns)

    def _send_held_back(self, method: str) -> None:
        concerned = self._held_back.pop(method)
        self._send(method, lambda audience: any(concerns(audience) for concerns in concerned))

    def _send(self, method: str, concerns: Concerns) -> None:
        self._due[method] = trio.current_time() + MERGE_SECONDS
        telling = _Announcement(method, concerns, iter(tuple(self._wanted)))
        if self._tell_some(telling):
            self._telling.append(telling)
            self._has_more.set()

    def _tell_some(self, telling: _Announcement) -> bool:
        """Tell the next ones; whether there may be more of them."""
        method, concerns = telling.method, telling.concerns
        some = tuple(islice(telling.left, TOLD_AT_ONCE))
        for listener in some:
            wanted = self._wanted.get(listener)
            if wanted is None:
                continue  # it has gone meanwhile
            events, audience = wanted
            event = events.get(method)
            if event is not None and concerns(audience()):
                listener.offer(method, event)
        return len(some) == TOLD_AT_ONCE

    @contextmanager
    def listening(
        self,
        listener: Recipient,
        events: Mapping[str, bytes] = PLAIN_EVENTS,
        audience: Callable[[], Audience] = _anybody,
    ) -> Iterator[None]:
        """Feed `listener`, within the block, the event that stands in `events` for each method announced.

        `audience` is its client as it is at the time.
        """
        self.add(listener, events, audience)
        try:
            yield
        finally:
            self.remove(listener)

    def add(self, listener: Recipient, events: Mapping[str, bytes], audience: Callable[[], Audience]) -> None:
        """Begin to feed `listener`, as `listening` does, for as long as it lives."""
        if self._closed:
            listener.close()
        self._wanted[listener] = events, audience

    def remove(self, listener: Recipient) -> None:
        """Feed `listener` no longer. Idempotent."""
        self._wanted.pop(listener, None)

    def end_unless(self, may_stay: Callable[[Audience], bool]) -> None:
        """End the open streams of the clients that may not stay."""
        for listener, (_, audience) in tuple(self._wanted.items()):
            if not may_stay(audience()):
                listener.close()

    def close(self) -> None:
        """End every open stream, and each that opens later at once: the gateway stops. What was held back is sent."""
        self._closed = True
        for method in tuple(self._held_back):
            self._send_held_back(method)
        for telling in self._telling:
            while self._tell_some(telling):
                pass
        self._telling.clear()
        for listener in tuple(self._wanted):
            listener.close()
