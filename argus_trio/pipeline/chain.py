"""The middleware chain: callables around the handler, in declared order, composed once."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import reduce
from typing import Protocol

from argus_trio.core.call.exchange import Exchange, Handler


class Middleware(Protocol):
    """Serves an exchange with the help of what follows. A middleware does one thing and knows no other."""

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        """The raw result; `call_next` gives that of the rest of the chain. Raises `RpcError`."""


def chain(middlewares: Sequence[Middleware], handler: Handler) -> Handler:
    """The handler that passes each exchange through `middlewares`, the first outermost, to `handler`."""
    return reduce(_around, reversed(middlewares), handler)


def _around(call_next: Handler, middleware: Middleware) -> Handler:
    # No `partial`: to pass a name through one costs as much as a link does, and every call passes every link.
    def link(exchange: Exchange) -> Awaitable[bytes]:
        return middleware(exchange, call_next)

    return link
