"""The chain: declared order, outermost first."""

from __future__ import annotations

import pytest

from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.errors import ClientCannotAnswer, InvalidParams
from argus_trio.pipeline.chain import Middleware, chain
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era


class Plain:
    call = Call(method="m", params={}, era=Era.LEGACY, revision="2025-11-25")

    async def notify(self, method: str, params: Params) -> None: ...

    async def ask(self, method: str, params: Params) -> bytes:
        raise ClientCannotAnswer(method, "nobody is here")


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

    assert await chain([noting("a", notes), noting("b", notes)], handler)(Plain()) == b"{}"
    assert notes == ["a in", "b in", "m", "b out", "a out"]


async def test_a_middleware_can_answer_itself() -> None:
    async def refuse(exchange: Exchange, call_next: Handler) -> bytes:
        raise InvalidParams("no")

    async def handler(exchange: Exchange) -> bytes:
        raise AssertionError("must not be reached")

    with pytest.raises(InvalidParams):
        await chain([refuse], handler)(Plain())
