"""The order of the file is the order of the pipeline: what stands first sees what those behind it refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

import pytest
import structlog
from trio.testing import MockClock

from argus_trio.core.access.denials import RateLimited
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.errors import InvalidParams, RpcError
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era
from tests.pipeline.support.arrivals import admitted, bearer, living, refused
from tests.pipeline.support.exchanges import PlainExchange

TOKEN = "0f8e7d6c5b4a392817060f8e7d6c5b4a"
STAGES = {
    "logging": "{type: logging}",
    "authentication": "{type: authentication, methods: [{type: bearer, tokens: "
    f"[{{token: {TOKEN}, principal: ann, roles: [reader]}}]}}]}}",
    "rbac": '{type: rbac, roles: {reader: {allow: ["tool:docs__*"]}}}',
    "rate_limit": "{type: rate_limit, limits: [{scope: principal, calls: 3, per: 60}]}",
}
ASKED = ("web__x", "docs__a", "web__y", "docs__b", "docs__c", "docs__d", "web__z")
"""Of which three are denied."""


def file_of(order: Sequence[str]) -> str:
    listed = "\n".join(f"  - {STAGES[name]}" for name in order)
    return f"backends: {{docs: {{type: streamable-http, url: 'https://docs.example/mcp'}}}}\nmiddleware:\n{listed}\n"


async def end(_: Exchange) -> bytes:
    return b"{}"


async def outcomes(order: Sequence[str]) -> list[str]:
    """What becomes of the calls, one after the other, in the pipeline of a file with this order."""
    async with living(file_of(order)) as pipeline:
        handler = pipeline.handler(end, lambda _: None)
        principal = await admitted(pipeline, bearer(TOKEN))
        return [await outcome_of(handler(asked(name, principal))) for name in ASKED]


def asked(name: str, principal: Principal) -> PlainExchange:
    exchange = PlainExchange()
    exchange.call = Call(
        method="tools/call",
        params={"name": encode_raw(name)},
        era=Era.MODERN,
        revision="2026-07-28",
        principal=principal,
    )
    return exchange


async def outcome_of(served: Awaitable[bytes]) -> str:
    try:
        await served
    except RateLimited:
        return "limited"
    except InvalidParams:
        return "unknown"
    except RpcError as error:
        raise AssertionError(error) from error
    return "served"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        # Behind the rules only what is allowed counts: three of it, and the denied stays unknown for ever.
        (
            ("authentication", "rbac", "rate_limit"),
            ["unknown", "served", "unknown", "served", "served", "limited", "unknown"],
        ),
        # Before them everything counts, and whoever asks too much is told so, whatever it asks for.
        (
            ("authentication", "rate_limit", "rbac"),
            ["unknown", "served", "unknown", "limited", "limited", "limited", "limited"],
        ),
    ],
)
async def test_what_is_denied_is_counted_by_a_limit_before_the_rules_and_not_by_one_behind_them(
    autojump_clock: MockClock, order: Sequence[str], expected: list[str]
) -> None:
    assert await outcomes(order) == expected


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (("logging", "authentication", "rbac", "rate_limit"), 7),
        (("authentication", "rbac", "logging", "rate_limit"), 4),
        (("authentication", "rbac", "rate_limit", "logging"), 3),
        (("authentication", "rate_limit", "logging", "rbac"), 3),
    ],
)
async def test_the_log_tells_of_what_comes_to_its_place(
    autojump_clock: MockClock, order: Sequence[str], told: int
) -> None:
    with structlog.testing.capture_logs() as lines:
        await outcomes(order)
    assert len([line for line in lines if line["event"] == "request"]) == told


async def test_before_authentication_a_limit_counts_addresses_and_with_it_no_credential_is_looked_at(
    autojump_clock: MockClock,
) -> None:
    async with living(file_of(("rate_limit", "authentication"))) as pipeline:
        for _ in range(3):
            assert (await refused(pipeline, bearer("wrong"))).status == 401
        assert (await refused(pipeline, bearer(TOKEN))).status == 429
