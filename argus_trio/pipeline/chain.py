"""The middleware chain: callables around the handler, in declared order, composed once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import reduce

from argus_trio.core.call.exchange import Exchange, Handler

Middleware = Callable[[Exchange, Handler], Awaitable[bytes]]
"""Serves an exchange with the help of what follows, `call_next`. A middleware does one thing and knows no other."""


def chain(middlewares: Sequence[Middleware], handler: Handler) -> Handler:
    """The handler that passes each exchange through `middlewares`, the first outermost, to `handler`."""
    return reduce(_around, reversed(middlewares), handler)


def _around(call_next: Handler, middleware: Middleware) -> Handler:
    async def serve(exchange: Exchange) -> bytes:
        return await middleware(exchange, call_next)

    return serve
