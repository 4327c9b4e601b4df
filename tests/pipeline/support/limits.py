"""Chains with limits, as the file makes them, and calls of this and that client through them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Literal

import attrs

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import RateLimit, RateLimitSpec
from argus_trio.core.access.denials import RateLimited
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.pipeline.build import NOTHING_KEPT, build_pipeline
from argus_trio.pipeline.chain import Middleware, chain
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.pipeline.stage import Stage
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era
from tests.pipeline.support.exchanges import PlainExchange


def per_minute(
    calls: int,
    *,
    scope: Literal["principal", "global"] = "principal",
    per: float = 60,
    tools: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
) -> RateLimit:
    return RateLimit(scope=scope, calls=calls, per=per, tools=tools, methods=methods)


@attrs.define
class Behind:
    """What stands behind the chain, and counts."""

    served: int = 0

    async def __call__(self, _: Exchange) -> bytes:
        self.served += 1
        return b"{}"


def pipeline(*limits: RateLimit, before: Mapping[Hashable, object] = NOTHING_KEPT) -> Pipeline:
    return build_pipeline(Config(backends={}, middleware=(RateLimitSpec(limits=limits),)), before=before)


def linked(stages: Sequence[Stage | Middleware], end: Handler) -> Handler:
    """Such stages and middlewares of a test's own in this order, with `end` behind them."""
    links: list[Middleware] = []
    for each in stages:
        if not isinstance(each, Stage):
            links.append(each)
        elif each.call is not None:
            links.append(each.call(lambda _: None))
    return chain(links, end)


def call(method: str = "tools/call", name: str = "t", *, by: str = "", at: str = "", continues: str = "") -> Call:
    return Call(
        method=method,
        params={"name": encode_raw(name)},
        era=Era.MODERN,
        revision="2026-07-28",
        principal=Principal(name=by) if by else ANONYMOUS,
        address=at,
        continues=continues,
    )


async def passes(handler: Handler, asked: Call) -> bool:
    exchange = PlainExchange()
    exchange.call = asked
    try:
        await handler(exchange)
    except RateLimited:
        return False
    return True


async def refusal(handler: Handler, asked: Call) -> RateLimited:
    exchange = PlainExchange()
    exchange.call = asked
    try:
        await handler(exchange)
    except RateLimited as error:
        return error
    raise AssertionError("the call was let pass")
