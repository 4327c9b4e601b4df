"""The stage of telemetry: a span and a measure for each call, and for each request to a backend that it comes to."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Final

import attrs
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, Span, SpanContext, SpanKind, StatusCode, set_span_in_context

from argus_trio.config.model.middleware import TelemetrySpec
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, EndedSession, Exchange, Handler
from argus_trio.core.call.record import CallRecord
from argus_trio.pipeline.chain import Middleware
from argus_trio.pipeline.factory import FactoryContext
from argus_trio.pipeline.records.excerpt import Excerpts
from argus_trio.pipeline.records.outcomes import OutcomeName, code_of_error, outcome_of_error, outcome_of_result
from argus_trio.pipeline.records.request_log import arguments_of_call, shown_name
from argus_trio.pipeline.stage import Resolve, Stage
from argus_trio.pipeline.telemetry import names
from argus_trio.pipeline.telemetry.export import Export, Instruments
from argus_trio.pipeline.telemetry.trace_context import carried_on, context_of_fields, parent_of
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers

_EXCERPT_BYTES: Final = 2048
"""As much of arguments and results as a span holds."""
_HTTP_CONTEXT: Final[ContextVar[SpanContext]] = ContextVar("http_trace_context", default=INVALID_SPAN_CONTEXT)
"""The trace of the HTTP request that the task serves."""

Facts = dict[str, str | int | float]


def telemetry_stage(spec: TelemetrySpec, context: FactoryContext) -> Stage:
    """The stage that a file describes. What sends is kept over a reload as long as the settings are the same."""
    rule = (spec.otlp_endpoint, spec.sample_ratio, spec.service_name, tuple(sorted(spec.headers.items())))
    export = context.kept.keep(Export, rule, lambda: Export(spec))
    excerpts = Excerpts.of(_EXCERPT_BYTES, (), context.config.secrets) if spec.arguments else None
    telemetry = Telemetry(export, excerpts)
    return Stage(
        call=telemetry.link,
        arrive=telemetry.arrive,
        on_session_end=telemetry.session_ended,
        lifetime=export.lifetime,
    )


@attrs.frozen(eq=False, repr=False)
class Telemetry:
    """Makes a span of each call and measures it."""

    export: Export
    excerpts: Excerpts | None
    """How arguments and results are shown; None where they are not."""

    def link(self, _: Resolve) -> Middleware:
        """Its link in a chain: the same in each."""
        return self

    async def arrive(self, arrival: RequestArrival, principal: Principal | None) -> Principal | None:
        """Keep the trace of the HTTP request for the call that it carries; judges nothing."""
        _HTTP_CONTEXT.set(context_of_fields(arrival.fields))
        return principal

    def session_ended(self, session: EndedSession) -> None:
        """Measure how long a session was."""
        if self.export.now is not None:
            labels = {names.NETWORK: "tcp", names.REVISION: session.revision}
            self.export.now.session_duration.record(time.monotonic() - session.opened, labels)

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        """Serve the exchange within a span."""
        tools, record = self.export.now, exchange.record
        if tools is None or record is None:
            return await call_next(exchange)
        call, started = exchange.call, time.perf_counter()
        facts = _facts_of_call(call)
        span = _begin_span(tools, call, facts)
        record.follow = _FollowCall(tools, call, span)
        try:
            result = await call_next(exchange)
        except BaseException as error:
            self._end(tools, span, exchange, started, _facts_of_error(error, record), None)
            raise
        outcome = outcome_of_result(call.method, result)
        self._end(tools, span, exchange, started, _facts_of_outcome(outcome), result)
        return result

    def _end(
        self, tools: Instruments, span: Span, exchange: Exchange, started: float, ended: Facts, result: bytes | None
    ) -> None:
        call, record = exchange.call, exchange.record or CallRecord()
        labels: Facts = {**_facts_of_call(call), **ended}
        if span.is_recording():
            if record.backend:  # so the name is in a catalog, and may be shown
                span.set_attributes({**_target(call.method, shown_name(call.params)), names.BACKEND: record.backend})
                span.update_name(_span_name(call.method, shown_name(call.params)))
            if self.excerpts is not None and call.method == "tools/call":
                span.set_attribute(names.ARGUMENTS, self.excerpts(arguments_of_call(call)))
                if result is not None:
                    span.set_attribute(names.RESULT, self.excerpts(result))
            if record.waited:
                span.set_attribute(names.WAITED, record.waited)
            _close(span, ended)
        span.end()
        if call.method in _NAMED:
            labels[_NAMED[call.method]] = shown_name(call.params) if record.backend else names.OTHER
        tools.server_duration.record(time.perf_counter() - started, labels)


@attrs.frozen(eq=False, repr=False)
class _FollowCall:
    """Follows the requests to backends that one call comes to; a `Follow`."""

    tools: Instruments
    call: Call
    span: Span

    def __call__(self, record: CallRecord, params: Params) -> _ClientSpan:
        method = _known(self.call.method)
        facts: Facts = {
            names.METHOD: method,
            names.NETWORK: "pipe" if record.transport == "stdio" else "tcp",
            names.REVISION: record.revision,
            names.BACKEND: record.backend,
        }
        context = set_span_in_context(self.span, Context())
        attributes = {**facts, **_target(method, record.own)}
        name = _span_name(method, record.own)
        span = self.tools.tracer.start_span(name, context=context, kind=SpanKind.CLIENT, attributes=attributes)
        sent, headers = carried_on(span, params)
        labels: Facts = {**facts, _NAMED[method]: record.own} if method in _NAMED else facts
        return _ClientSpan(
            tools=self.tools, method=method, record=record, span=span, labels=labels, params=sent, headers=headers
        )


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _ClientSpan:
    """One request to a backend; a `FollowedRequest`."""

    tools: Instruments
    method: str
    record: CallRecord
    span: Span
    labels: Facts
    params: Params
    headers: Headers
    started: float = attrs.field(factory=time.perf_counter, init=False)

    def end(self, result: bytes | None, error: BaseException | None) -> None:
        """End its span and measure it."""
        if error is not None:
            ended = _facts_of_error(error, self.record)
        else:
            ended = _facts_of_outcome(outcome_of_result(self.method, result or b""))
        _close(self.span, ended)
        self.span.end()
        self.tools.client_duration.record(time.perf_counter() - self.started, {**self.labels, **ended})


_NAMED: Final = {"tools/call": names.TOOL, "prompts/get": names.PROMPT}
"""The attribute that holds the name of what a method calls."""


def _known(method: str) -> str:
    return method if method in names.METHODS else names.OTHER


def _facts_of_call(call: Call) -> Facts:
    return {names.METHOD: _known(call.method), names.NETWORK: "tcp", names.REVISION: call.revision}


def _begin_span(tools: Instruments, call: Call, facts: Facts) -> Span:
    context = _HTTP_CONTEXT.get()
    address: Facts = {names.CLIENT_ADDRESS: call.address} if call.address else {}
    return tools.tracer.start_span(
        _known(call.method),
        context=parent_of(call.params),
        kind=SpanKind.SERVER,
        attributes={**facts, **address, names.PROTOCOL: "http"},
        links=(Link(context),) if context.is_valid else (),
    )


def _target(method: str, name: str) -> Facts:
    """The attributes that say what is called."""
    if method == "tools/call":
        return {names.TOOL: name, names.OPERATION: names.EXECUTE_TOOL}
    if method == "prompts/get":
        return {names.PROMPT: name}
    return {names.RESOURCE_URI: name} if method.startswith("resources/") and name else {}


def _span_name(method: str, name: str) -> str:
    """The name of a span: with what is called, but for URIs, of which there are too many."""
    return f"{_known(method)} {name}" if method in _NAMED else _known(method)


def _facts_of_outcome(outcome: OutcomeName) -> Facts:
    return {names.ERROR_TYPE: outcome} if outcome != "ok" else {}


def _facts_of_error(error: BaseException, record: CallRecord) -> Facts:
    code = code_of_error(error, record)
    if code is None:
        return {names.ERROR_TYPE: outcome_of_error(error, record)}
    return {names.ERROR_TYPE: str(code), names.STATUS_CODE: str(code)}


def _close(span: Span, ended: Facts) -> None:
    span.set_attributes(ended)
    if ended:
        span.set_status(StatusCode.ERROR)
