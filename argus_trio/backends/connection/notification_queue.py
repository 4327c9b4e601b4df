"""The notifications of one call that wait to be sent to its client: in order, and bounded.

The link's reader puts a notification and goes on at once; a client that reads slowly loses its oldest ones.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs
import trio

from argus_trio.core.call.exchange import Exchange
from argus_trio.wire.envelope import Params

CAPACITY: Final = 256
"""Notifications that wait for one client; past that the oldest is dropped. Enough for a burst of log messages, and
small enough that a client that has stopped reading costs little memory."""


@attrs.define(eq=False)
class NotificationQueue:
    """The notifications of one call that its client has not been sent yet. They are sent in `nursery`."""

    exchange: Exchange
    nursery: trio.Nursery
    dropped: int = attrs.field(default=0, init=False)
    """How many notifications were dropped."""
    _waiting: deque[tuple[str, Params]] = attrs.field(factory=deque, init=False)
    delivering: trio.Event | None = attrs.field(default=None, init=False)
    """The event that is set once what waits has been handed to the exchange; None while nothing waits."""

    def put(self, method: str, params: Params) -> None:
        """Take a notification for the client; returns at once."""
        if len(self._waiting) == CAPACITY:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((method, params))
        if self.delivering is None:
            self.delivering = trio.Event()
            self.nursery.start_soon(self._deliver, self.delivering)

    async def drained(self) -> None:
        """Wait until everything that was put has been handed to the exchange."""
        while self.delivering is not None:
            await self.delivering.wait()

    async def _deliver(self, idle: trio.Event) -> None:
        try:
            while self._waiting:
                await self.exchange.notify(*self._waiting.popleft())
        finally:
            self.delivering = None
            idle.set()
