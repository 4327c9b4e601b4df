"""The trace that a call belongs to: what clients say of it, whatever they say."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import INVALID_SPAN, get_current_span

from argus_trio.pipeline.telemetry.trace_context import carried_on, context_of_fields, parent_of
from argus_trio.wire.envelope import Raw, decode_object

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("meta", "parent"),
    [
        (f'{{"traceparent":"00-{TRACE}-{PARENT}-01"}}', PARENT),
        (f'{{"traceparent":"00-{TRACE}-{PARENT}-01","tracestate":7}}', PARENT),
        ('{"traceparent":"nonsense"}', "0" * 16),
        ('{"traceparent":7}', "0" * 16),
        ('["traceparent"]', "0" * 16),
        ('{"baggage":"a=b"}', "0" * 16),
        ("null", "0" * 16),
    ],
)
def test_the_parent_is_what_meta_says(meta: str, parent: str) -> None:
    context = parent_of({"_meta": Raw(meta.encode())})
    assert f"{get_current_span(context).get_span_context().span_id:016x}" == parent


def test_without_meta_there_is_no_parent() -> None:
    assert get_current_span(parent_of({})) is INVALID_SPAN


@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", b"x" * 10_000])
def test_an_odd_header_is_no_context(value: bytes) -> None:
    assert not context_of_fields({b"traceparent": value, b"tracestate": b"\xff"}).is_valid


def test_what_goes_on_has_the_new_span_and_keeps_the_rest() -> None:
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("s", context=parent_of({}))
    meta = f'{{"traceparent":"00-{TRACE}-{PARENT}-01","tracestate":"old=1","baggage":"a=b","progressToken":3}}'
    params, headers = carried_on(span, {"name": Raw(b'"x"'), "_meta": Raw(meta.encode())})
    sent = {name: bytes(value) for name, value in decode_object(params["_meta"]).items()}
    parent = dict(headers)["traceparent"]
    assert parent.split("-")[2] == f"{span.get_span_context().span_id:016x}"
    assert sent == {"baggage": b'"a=b"', "progressToken": b"3", "traceparent": f'"{parent}"'.encode()}
    assert params["name"] == Raw(b'"x"')


@pytest.mark.parametrize("meta", [b"7", b"[]"])
def test_malformed_meta_counts_as_empty(meta: bytes) -> None:
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("s", context=parent_of({}))
    params, _ = carried_on(span, {"_meta": Raw(meta)})
    assert list(decode_object(params["_meta"])) == ["traceparent"]


def test_without_a_span_nothing_is_written() -> None:
    assert carried_on(INVALID_SPAN, {"name": Raw(b'"x"')}) == ({"name": Raw(b'"x"')}, ())
