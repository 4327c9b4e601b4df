"""The providers of the OpenTelemetry SDK: what makes spans and measures, and the threads that send them.

Nothing is sent on the path of a call. A collector that does not answer costs what waits for it, which the SDK bounds;
that it does not is said once in the log, and again when it does.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import attrs
import structlog
import trio
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Tracer

from argus_trio import __version__
from argus_trio.config.model.middleware import TelemetrySpec
from argus_trio.pipeline.lifetime import Lifetime
from argus_trio.pipeline.telemetry.names import BUCKETS, CLIENT_OPERATION, SERVER_OPERATION, SERVER_SESSION

log = structlog.get_logger()

SHUTDOWN_SECONDS: Final = 0.9
"""How long the end may wait until what was made is sent: a collector that is there takes it in milliseconds, and one
that is not must not hold up a stop; less than `LEAVE_SECONDS`."""
_NAME: Final = "argus-trio"
_DEFAULT_ENDPOINT: Final = "http://localhost:4318"
_NOISY: Final = ("opentelemetry", "urllib3")
"""What writes of each try that fails into the standard library's log, which is none of ours."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Instruments:
    """What spans and measures are made with."""

    tracer: Tracer
    server_duration: Histogram
    client_duration: Histogram
    session_duration: Histogram
    end: Callable[[], None]
    """Sends what is left and ends the threads; may take as long as a collector likes. Blocking."""


@attrs.define(eq=False, repr=False)
class Export:
    """Sends by the settings of one configuration, for as long as a pipeline has them."""

    spec: TelemetrySpec
    lifetime: Lifetime = attrs.field(init=False)
    """Its life, which all pipelines of the same settings share."""
    now: Instruments | None = attrs.field(default=None, init=False)
    """What is used while it is entered."""

    def __attrs_post_init__(self) -> None:
        self.lifetime = Lifetime(self)

    async def __aenter__(self) -> Export:
        """Begin: providers are made, and their threads."""
        try:
            self.now = await trio.to_thread.run_sync(_instruments, self.spec)
        except ValueError as error:  # the file was checked: what is left are the variables
            raise ValueError(f"what one of the variables OTEL_* says cannot be used: {error}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, within `SHUTDOWN_SECONDS`, whatever the collector does."""
        ending, self.now = self.now, None
        if ending is None:
            return
        with trio.CancelScope(shield=True, deadline=trio.current_time() + SHUTDOWN_SECONDS) as scope:
            # A limiter of its own: a thread that is given up keeps its place, and those of the default are for others.
            own = trio.CapacityLimiter(1)
            await trio.to_thread.run_sync(ending.end, abandon_on_cancel=True, limiter=own)
        if scope.cancelled_caught:
            log.warning("telemetry_given_up", endpoint=shown_endpoint(self.spec), seconds=SHUTDOWN_SECONDS)


def _instruments(spec: TelemetrySpec) -> Instruments:
    for name in _NOISY:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
    resource = _resource(spec)
    sampler = None if spec.sample_ratio == 1 else ParentBased(TraceIdRatioBased(spec.sample_ratio))
    tracers = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if _is_wanted("OTEL_TRACES_EXPORTER"):
        tracers.add_span_processor(BatchSpanProcessor(_SpanExporter(spec)))
    readers = [PeriodicExportingMetricReader(_MetricExporter(spec))] if _is_wanted("OTEL_METRICS_EXPORTER") else []
    meters = MeterProvider(metric_readers=readers, resource=resource, shutdown_on_exit=False)
    meter = meters.get_meter(_NAME, __version__)

    def end() -> None:
        tracers.shutdown()
        meters.shutdown()

    return Instruments(
        tracer=tracers.get_tracer(_NAME, __version__),
        server_duration=meter.create_histogram(
            SERVER_OPERATION, "s", "How long calls of clients took", explicit_bucket_boundaries_advisory=BUCKETS
        ),
        client_duration=meter.create_histogram(
            CLIENT_OPERATION, "s", "How long requests to backends took", explicit_bucket_boundaries_advisory=BUCKETS
        ),
        session_duration=meter.create_histogram(
            SERVER_SESSION, "s", "How long sessions of clients lasted", explicit_bucket_boundaries_advisory=BUCKETS
        ),
        end=end,
    )


def _resource(spec: TelemetrySpec) -> Resource:
    known: dict[str, str | bool | int | float] = {"service.version": __version__}
    told = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if spec.service_name is not None or not told:
        known["service.name"] = spec.service_name or _NAME
    return Resource.create(known)


def _is_wanted(variable: str) -> bool:
    return os.environ.get(variable, "").strip() != "none"


def _url(spec: TelemetrySpec, path: str) -> str | None:
    """Where to send; None where the environment says it."""
    return None if spec.otlp_endpoint is None else spec.otlp_endpoint.rstrip("/") + path


def shown_endpoint(spec: TelemetrySpec) -> str:
    """The collector, for the log: without what may be secret in its URL."""
    url = urlsplit(spec.otlp_endpoint or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or _DEFAULT_ENDPOINT)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


@attrs.define(eq=False, repr=False)
class _Reachable:
    """Says in the log when sending begins to fail, and when it works again."""

    _signal: str
    _endpoint: str
    _is_failing: bool = attrs.field(default=False, init=False)

    def note(self, *, was_sent: bool) -> None:
        if was_sent and self._is_failing:
            log.info("telemetry_exported_again", signal=self._signal, endpoint=self._endpoint)
        elif not was_sent and not self._is_failing:
            advice = "see whether the collector takes OTLP over HTTP there; what it does not take is lost"
            log.warning("telemetry_not_exported", signal=self._signal, endpoint=self._endpoint, advice=advice)
        self._is_failing = not was_sent


class _SpanExporter(OTLPSpanExporter):
    """Sends spans, and knows whether they arrive."""

    def __init__(self, spec: TelemetrySpec) -> None:
        super().__init__(endpoint=_url(spec, "/v1/traces"), headers=dict(spec.headers) or None)
        self._reachable = _Reachable("traces", shown_endpoint(spec))

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send; see the SDK."""
        result = super().export(spans)
        self._reachable.note(was_sent=result is SpanExportResult.SUCCESS)
        return result


class _MetricExporter(OTLPMetricExporter):
    """Sends measures, and knows whether they arrive."""

    def __init__(self, spec: TelemetrySpec) -> None:
        super().__init__(endpoint=_url(spec, "/v1/metrics"), headers=dict(spec.headers) or None)
        self._reachable = _Reachable("metrics", shown_endpoint(spec))

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: object
    ) -> MetricExportResult:
        """Send; see the SDK."""
        result = super().export(metrics_data, timeout_millis, **kwargs)
        self._reachable.note(was_sent=result is MetricExportResult.SUCCESS)
        return result
