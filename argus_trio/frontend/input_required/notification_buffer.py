"""The notifications of a call whose client is away, until it comes back; in bounds, sans I/O."""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs

from argus_trio.wire.envelope import Params

MAX_BUFFERED: Final = 256
MAX_BUFFERED_BYTES: Final = 1024 * 1024
"""How many notifications of a call whose client is away wait for it, and their bytes; beyond either the oldest go."""


@attrs.define(eq=False, repr=False)
class NotificationBuffer:
    """Notifications that wait for the client to come back, in order and in bounds."""

    dropped: int = attrs.field(default=0, init=False)
    """How many had to go."""
    _waiting: deque[tuple[str, Params, int]] = attrs.field(factory=deque, init=False)
    size: int = attrs.field(default=0, init=False)
    """The bytes of those that wait."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, method: str, params: Params) -> None:
        """Keep one more; the oldest go where there is no room."""
        size = sum(len(value) for value in params.values())
        self._waiting.append((method, params, size))
        self.size += size
        while len(self._waiting) > MAX_BUFFERED or self.size > MAX_BUFFERED_BYTES:
            self.take()
            self.dropped += 1

    def take(self) -> tuple[str, Params]:
        """The oldest one."""
        method, params, size = self._waiting.popleft()
        self.size -= size
        return method, params
