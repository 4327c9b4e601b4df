"""The trace that a call belongs to: found in what its client sends, written into what goes to a backend.

Both by W3C Trace Context, which MCP writes into `params._meta` without a prefix. What stands there is the parent; what
an HTTP header says is the context of the transport, and so a link. Baggage passes in `_meta` as its client wrote it,
and is never taken from or written into a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Span, SpanContext, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from argus_trio.wire.envelope import Params, Raw, decode_object, encode_raw
from argus_trio.wire.headers import TRACE_HEADERS, Headers
from argus_trio.wire.members import string_member

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_MARK: Final = b'"traceparent"'


def parent_of(params: Params) -> Context:
    """The context of the trace that the client says that the call belongs to; an empty one where it says none."""
    raw = params.get("_meta")
    if raw is None or _MARK not in bytes(raw):
        return Context()
    try:
        meta = decode_object(raw)
    except msgspec.DecodeError:
        return Context()
    carrier = {name: value for name in TRACE_HEADERS if (value := string_member(meta, name)) is not None}
    return _PROPAGATOR.extract(carrier, Context())


def context_of_fields(fields: Mapping[bytes, bytes]) -> SpanContext:
    """The context that the header fields of a request tell; an invalid one where they tell none."""
    if b"traceparent" not in fields:
        return INVALID_SPAN_CONTEXT
    carrier = {name: fields.get(name.encode(), b"").decode("latin-1") for name in TRACE_HEADERS}
    return get_current_span(_PROPAGATOR.extract(carrier, Context())).get_span_context()


def carried_on(span: Span, params: Params) -> tuple[Params, Headers]:
    """The params of a request to a backend with `span` as the parent of what happens there, and the header fields."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, set_span_in_context(span, Context()))
    if not carrier:
        return params, ()
    try:
        meta: dict[str, Raw] = dict(decode_object(params["_meta"])) if "_meta" in params else {}
    except msgspec.DecodeError:
        meta = {}
    for name in TRACE_HEADERS:  # a state of another trace must not stay
        meta.pop(name, None)
    meta.update((name, encode_raw(value)) for name, value in carrier.items())
    return {**params, "_meta": encode_raw(meta)}, tuple(carrier.items())
