"""A middleware that counts the calls under way and changes nothing."""

from __future__ import annotations

import attrs
import trio

from argus_trio.core.call.exchange import Exchange, Handler


@attrs.define(eq=False)
class UnderWay:
    """Counts the calls that have come in and have not been answered, and tells when the last one has."""

    count: int = attrs.field(default=0, init=False)
    _is_closed: bool = attrs.field(default=False, init=False)
    _over: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        self.count += 1
        try:
            return await call_next(exchange)
        finally:
            self.count -= 1
            if self._is_closed and not self.count:
                self._over.set()

    def close(self) -> None:
        """No more calls are to begin."""
        self._is_closed = True
        if not self.count:
            self._over.set()

    async def wait_over(self) -> None:
        """Wait until no more calls are to begin, and the last one has ended."""
        await self._over.wait()
