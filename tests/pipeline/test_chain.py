"""The chain: declared order, outermost first."""

from __future__ import annotations

import pytest

from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.errors import InvalidParams
from argus_trio.pipeline.chain import Middleware, chain
from tests.pipeline.support.exchanges import PlainExchange


def noting(name: str, notes: list[str]) -> Middleware:
    async def middleware(exchange: Exchange, call_next: Handler) -> bytes:
        notes.append(f"{name} in")
        result = await call_next(exchange)
        notes.append(f"{name} out")
        return result

    return middleware


async def test_an_exchange_passes_the_middlewares_in_declared_order() -> None:
    notes: list[str] = []

    async def handler(exchange: Exchange) -> bytes:
        notes.append(exchange.call.method)
        return b"{}"

    assert await chain([noting("a", notes), noting("b", notes)], handler)(PlainExchange()) == b"{}"
    assert notes == ["a in", "b in", "m", "b out", "a out"]


async def test_a_middleware_can_answer_itself() -> None:
    async def refuse(exchange: Exchange, call_next: Handler) -> bytes:
        raise InvalidParams("no")

    async def handler(exchange: Exchange) -> bytes:
        raise AssertionError("must not be reached")

    with pytest.raises(InvalidParams):
        await chain([refuse], handler)(PlainExchange())
