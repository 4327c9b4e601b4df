"""Ends what waits too long on connections, by one task for all of them: no request pays for a timer of its own.

What a deadline says may come late by an eighth of it, or by a second.
"""

from __future__ import annotations

from typing import Final, Protocol

import attrs
import trio

from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.served_settings import CurrentSettings

LOOKS_SECONDS: Final = 1.0
"""How often all connections are looked at. Some thousands take a millisecond."""
_PART: Final = 8


class LookedAt(Protocol):
    """A connection that may wait too long."""

    def look(self, now: float, limits: Limits) -> None:
        """Act on how long it has waited. Must not raise or block."""


@attrs.define(eq=False, repr=False)
class Patience:
    """The connections that are looked at."""

    _settings: CurrentSettings
    _waiting: set[LookedAt] = attrs.field(factory=set, init=False)
    _begun: trio.Event = attrs.field(factory=trio.Event, init=False)

    def enter(self, connection: LookedAt) -> None:
        """Look at it from now on."""
        self._waiting.add(connection)
        if not self._begun.is_set():
            self._begun.set()

    def leave(self, connection: LookedAt) -> None:
        """Look at it no more. Idempotent."""
        self._waiting.discard(connection)

    async def run(self) -> None:
        """Look at them, until cancelled; nothing wakes up where there are none."""
        while True:
            if not self._waiting:
                self._begun = trio.Event()
                await self._begun.wait()
            limits = self._settings.now.limits
            await trio.sleep(min(LOOKS_SECONDS, limits.head / _PART, limits.keep_alive / _PART))
            now, limits = trio.current_time(), self._settings.now.limits  # which a reload may have changed
            for connection in tuple(self._waiting):
                connection.look(now, limits)
