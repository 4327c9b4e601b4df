"""Counts the calls under way: a middleware that changes nothing."""

from __future__ import annotations

import attrs

from argus_trio.core.call.exchange import Exchange, Handler


@attrs.define(eq=False)
class UnderWay:
    """Calls that have come in and have not been answered; `count` of them."""

    count: int = 0

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        self.count += 1
        try:
            return await call_next(exchange)
        finally:
            self.count -= 1
