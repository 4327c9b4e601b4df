"""Tells every open stream that something has changed: without content, so that repeats merge and none waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

import attrs

from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.wire.envelope import encode_notification
from argus_trio.wire.event_stream import encode_event

TOOLS: Final = "notifications/tools/list_changed"
PROMPTS: Final = "notifications/prompts/list_changed"
RESOURCES: Final = "notifications/resources/list_changed"
LIST_CHANGES: Final = (TOOLS, PROMPTS, RESOURCES)

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


_Wanted = tuple[Mapping[str, bytes], Callable[[], Abilities]]
"""The events that a recipient wants, by method, and what tells the abilities of its client."""


def _everybody(_: Abilities) -> bool:
    return True


def _undeclared() -> Abilities:
    return NONE


@attrs.define(eq=False)
class Announcer:
    """The open streams, and what each of them wants to be sent."""

    _wanted: dict[Recipient, _Wanted] = attrs.field(factory=dict, init=False)
    _closed: bool = attrs.field(default=False, init=False)

    def announce(self, methods: Iterable[str], concerns: Callable[[Abilities], bool] = _everybody) -> None:
        """Send these notifications to every open stream that wants them, of clients whose abilities they concern.

        Synchronous, from any task; never blocks.
        """
        announced = tuple(methods)
        for listener, (events, abilities) in self._wanted.items():
            if not concerns(abilities()):
                continue
            for method in announced:
                event = events.get(method)
                if event is not None:
                    listener.offer(method, event)

    @contextmanager
    def listening(
        self,
        listener: Recipient,
        events: Mapping[str, bytes] = PLAIN_EVENTS,
        abilities: Callable[[], Abilities] = _undeclared,
    ) -> Iterator[None]:
        """Feed `listener`, within the block, the event that stands in `events` for each method announced.

        `abilities` are those of its client at the time.
        """
        self.add(listener, events, abilities)
        try:
            yield
        finally:
            self.remove(listener)

    def add(self, listener: Recipient, events: Mapping[str, bytes], abilities: Callable[[], Abilities]) -> None:
        """Begin to feed `listener`, as `listening` does, for as long as it lives."""
        if self._closed:
            listener.close()
        self._wanted[listener] = events, abilities

    def remove(self, listener: Recipient) -> None:
        """Feed `listener` no longer. Idempotent."""
        self._wanted.pop(listener, None)

    def close(self) -> None:
        """End every open stream, and each that opens later at once: the gateway stops."""
        self._closed = True
        for listener in tuple(self._wanted):
            listener.close()
