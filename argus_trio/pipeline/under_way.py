"""A middleware that counts the calls under way and changes nothing."""

from __future__ import annotations

import attrs

from argus_trio.core.call.exchange import Exchange, Handler


@attrs.define(eq=False)
class UnderWay:
    """Counts the calls that have come in and have not been answered."""

    count: int = attrs.field(default=0, init=False)

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        self.count += 1
        try:
            return await call_next(exchange)
        finally:
            self.count -= 1
