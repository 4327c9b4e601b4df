"""The stage of telemetry: what is kept over a reload, and what it does while nothing is there to send with."""

from __future__ import annotations

import threading

import attrs
import pytest
import trio

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import TelemetrySpec
from argus_trio.core.call.exchange import Exchange
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.telemetry import export as export_room
from argus_trio.pipeline.telemetry.export import Export, shown_endpoint
from tests.pipeline.support.exchanges import PlainExchange

SPEC = TelemetrySpec(otlp_endpoint="http://127.0.0.1:1", headers={"A": "b"})


@pytest.mark.parametrize(
    ("changed", "is_kept"),
    [
        (SPEC, True),
        (attrs.evolve(SPEC, arguments=True), True),
        (attrs.evolve(SPEC, headers={"A": "c"}), False),
        (attrs.evolve(SPEC, sample_ratio=0.5), False),
        (attrs.evolve(SPEC, service_name="x"), False),
    ],
)
def test_what_sends_is_kept_over_a_reload_with_the_same_settings(changed: TelemetrySpec, is_kept: bool) -> None:
    first = build_pipeline(Config(middleware=(SPEC,)))
    second = build_pipeline(Config(middleware=(changed,)), before=first.kept)
    assert (first.lifetimes == second.lifetimes) is is_kept


async def test_a_call_passes_while_it_is_not_entered() -> None:
    async def end(_: Exchange) -> bytes:
        return b"{}"

    assert await build_pipeline(Config(middleware=(SPEC,))).handler(end, lambda _: None)(PlainExchange()) == b"{}"


async def test_it_is_entered_and_left_as_often_as_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for signal in ("TRACES", "METRICS"):
        monkeypatch.setenv(f"OTEL_{signal}_EXPORTER", "none")
    export = Export(SPEC)
    for _ in range(2):
        async with export:
            assert export.now is not None
        assert export.now is None


def test_the_log_shows_no_credentials_of_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:s3cret@collector:4318/base?key=s3cret")
    assert shown_endpoint(TelemetrySpec()) == "https://collector:4318"


async def test_a_variable_that_cannot_be_used_is_what_the_error_speaks_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "0")
    with pytest.raises(ValueError, match=r"the variables OTEL_\* says cannot be used"):
        await Export(SPEC).__aenter__()


async def test_a_collector_that_hangs_at_the_end_takes_no_thread_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_room, "SHUTDOWN_SECONDS", 0.01)
    for signal in ("TRACES", "METRICS"):
        monkeypatch.setenv(f"OTEL_{signal}_EXPORTER", "none")
    go_on, export = threading.Event(), Export(SPEC)
    await export.__aenter__()
    assert export.now is not None

    def hang() -> None:
        go_on.wait()

    export.now = attrs.evolve(export.now, end=hang)
    await export.__aexit__()
    free = trio.to_thread.current_default_thread_limiter().available_tokens
    go_on.set()
    assert free == trio.to_thread.current_default_thread_limiter().total_tokens
