"""One event for each request, whatever became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

import pytest
import trio
from msgspec.structs import replace
from structlog.testing import capture_logs

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import LoggingSpec
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import DeadlineExceeded, InvalidParams
from argus_trio.pipeline.build import build_pipeline
from argus_trio.wire.envelope import Raw
from argus_trio.wire.revisions import Era
from tests.pipeline.support.exchanges import NamedExchange

CALL = Call(
    method="tools/call",
    params={"name": Raw(b'"docs__read"'), "arguments": Raw(b'{"path":"/x","key":"s3cret-token"}')},
    era=Era.MODERN,
    revision="2026-07-28",
    principal=Principal(name="ops"),
    client_info=b'{"name":"inspector","version":"2"}',
)
RESULT = b'{"content":[]}'


async def served(exchange: Exchange) -> bytes:
    record = exchange.record
    assert record is not None
    record.backend, record.transport, record.params = "docs", "stdio", {"name": Raw(b'"read"')}
    record.era, record.waited, record.asks = Era.LEGACY, 0.25, 1
    return RESULT


async def event_of(spec: LoggingSpec, call: Call, handler: object = served) -> Mapping[str, object]:
    config = Config(middleware=(spec,), secrets=frozenset({"s3cret-token"}))
    chain = build_pipeline(config).handler(handler, lambda _: None)  # type: ignore[arg-type]
    with capture_logs() as logs, suppress(InvalidParams, DeadlineExceeded, ValueError):
        await chain(NamedExchange(call))
    (event,) = cast("Sequence[Mapping[str, object]]", logs)
    return event


async def test_a_call_is_told_with_both_of_its_sides() -> None:
    event = dict(await event_of(LoggingSpec(), CALL))
    assert event.pop("seconds", None) is not None
    assert event == {
        "event": "request",
        "log_level": "info",
        "principal": "ops",
        "client": "inspector 2",
        "era": "modern",
        "transport": "streamable-http",
        "method": "tools/call",
        "name": "docs__read",
        "backend": "docs",
        "own_name": "read",
        "backend_transport": "stdio",
        "backend_era": "legacy",
        "waited": 0.25,
        "asks": 1,
        "outcome": "ok",
        "request_bytes": 46,
        "result_bytes": 14,
    }


async def test_arguments_and_results_are_told_when_asked_for_without_secrets() -> None:
    spec = LoggingSpec(arguments=True, results=True, max_bytes=30, redact=("/x",))
    event = await event_of(spec, CALL)
    assert event["arguments"] == '{"path":"[redacted]","key":"[r…'
    assert event["result"] == '{"content":[]}'


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (InvalidParams("unknown tool: x"), {"outcome": "refused", "code": -32602, "reason": "unknown tool: x"}),
        (DeadlineExceeded("docs", 5.0), {"outcome": "failed", "code": -31015}),
        (ValueError("s3cret"), {"outcome": "failed", "code": -32603, "reason": "ValueError"}),
    ],
)
async def test_what_has_no_result_is_told_with_its_code(error: Exception, facts: Mapping[str, object]) -> None:
    async def fail(_: Exchange) -> bytes:
        raise error

    event = await event_of(LoggingSpec(), CALL, fail)
    assert facts.items() <= event.items()
    assert "result_bytes" not in event


async def test_a_call_that_is_cancelled_is_told_too() -> None:
    chain = build_pipeline(Config(middleware=(LoggingSpec(),))).handler(hang, lambda _: None)
    with capture_logs() as logs, trio.CancelScope() as scope:
        scope.cancel()
        await chain(NamedExchange(CALL))
    assert [(event["outcome"], event["reason"]) for event in logs] == [("cut", "stopped")]


async def hang(_: Exchange) -> bytes:
    await trio.sleep_forever()


async def test_a_completion_and_a_read_are_named_by_what_they_mean() -> None:
    reference = {"ref": Raw(b'{"type":"ref/prompt","name":"docs__greet"}'), "argument": Raw(b"{}")}
    event = await event_of(LoggingSpec(), replace(CALL, method="completion/complete", params=reference))
    assert event["name"] == "docs__greet"
    event = await event_of(LoggingSpec(), replace(CALL, method="resources/read", params={"uri": Raw(b'"a://b"')}))
    assert event["name"] == "a://b"


async def test_what_is_turned_away_before_its_body_is_told_without_its_credentials() -> None:
    (stage,) = build_pipeline(Config(middleware=(LoggingSpec(),))).stages
    assert stage.on_unadmitted is not None
    arrival = RequestArrival(
        path="/mcp", address="192.0.2.1", is_from_proxy=False, fields={b"authorization": b"Bearer s3cret-token"}
    )
    with capture_logs() as logs:
        stage.on_unadmitted(arrival, Unadmitted("invalid_token", "it has expired"))
    assert logs == [
        {
            "event": "request",
            "log_level": "info",
            "outcome": "unadmitted",
            "path": "/mcp",
            "address": "192.0.2.1",
            "status": 401,
            "reason": "invalid_token: it has expired",
        }
    ]


async def test_two_that_read_it_share_one_record() -> None:
    seen: list[CallRecord | None] = []

    async def look(exchange: Exchange) -> bytes:
        seen.append(exchange.record)
        return RESULT

    chain = build_pipeline(Config(middleware=(LoggingSpec(), LoggingSpec()))).handler(look, lambda _: None)
    with capture_logs() as logs:
        await chain(NamedExchange(CALL))
    assert len(logs) == 2
    assert seen[0] is not None
