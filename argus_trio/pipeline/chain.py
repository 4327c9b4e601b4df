"""The middleware chain: callables around the handler, in declared order, composed once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
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
    return partial(middleware, call_next=call_next)
