"""What a backend says during a call, on its way to the call's client: in order, bounded, never in the backend's way.

The link's reader hands a notification over and goes on at once; a client that reads slowly loses its oldest ones.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs
import trio

from argus_trio.core.call.exchange import Exchange
from argus_trio.wire.envelope import Params

CAPACITY: Final = 256
"""Notifications kept for one call; past that the oldest is dropped."""


@attrs.define(eq=False)
class NotificationQueue:
    """The notifications of one call that its client has not been given yet."""

    exchange: Exchange
    nursery: trio.Nursery
    dropped: int = attrs.field(default=0, init=False)
    _waiting: deque[tuple[str, Params]] = attrs.field(factory=deque, init=False)
    delivering: trio.Event | None = attrs.field(default=None, init=False)
    """Set once what waits has been handed to the exchange; None while nothing waits."""

    def put(self, method: str, params: Params) -> None:
        """Hand a notification over; returns at once."""
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
