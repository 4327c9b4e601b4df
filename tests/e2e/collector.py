"""A small OTLP/HTTP collector: takes what is posted to it and tells what it holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

import attrs
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

T = TypeVar("T")
WAIT_SECONDS = 10.0
SERVER, CLIENT = 2, 3
"""The kinds of spans (opentelemetry.proto.trace.v1, Span.SpanKind)."""


@attrs.frozen(kw_only=True)
class SeenSpan:
    """One span, as the collector was told of it."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    facts: dict[str, str]
    is_error: bool


@attrs.define(eq=False)
class Collector:
    """What came to it. `url` is what a file calls it by."""

    url: str = ""
    bodies: list[bytes] = attrs.field(factory=list)
    headers: list[dict[str, str]] = attrs.field(factory=list)
    spans: list[SeenSpan] = attrs.field(factory=list)
    labels: list[tuple[str, dict[str, str], tuple[float, ...]]] = attrs.field(factory=list)
    """The measures, each with its name, its labels and its bounds."""
    resource: dict[str, str] = attrs.field(factory=dict)
    _came: threading.Condition = attrs.field(factory=threading.Condition)

    def wait_for(self, find: Callable[[], T | None]) -> T:
        """What `find` gives as soon as it gives something. Raises: AssertionError if it never does."""
        with self._came:
            found = self._came.wait_for(find, WAIT_SECONDS)
            assert found, (self.spans, self.labels)
            return found

    def span(self, name: str, kind: int = SERVER) -> SeenSpan:
        """The first span of this name and kind."""
        return self.wait_for(
            lambda: next((each for each in self.spans if (each.name, each.kind) == (name, kind)), None)
        )

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._came:
            self.bodies.append(body)
            self.headers.append(headers)
            if path.endswith("/v1/traces"):
                self._take_traces(ExportTraceServiceRequest.FromString(body))
            else:
                self._take_metrics(ExportMetricsServiceRequest.FromString(body))
            self._came.notify_all()

    def _take_traces(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            self.resource = _facts(resource.resource.attributes)
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                seen = SeenSpan(
                    name=span.name,
                    kind=span.kind,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple(link.span_id.hex() for link in span.links),
                    facts=_facts(span.attributes),
                    is_error=span.status.code == 2,
                )
                self.spans.append(seen)

    def _take_metrics(self, request: ExportMetricsServiceRequest) -> None:
        for resource in request.resource_metrics:
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                for point in metric.histogram.data_points:
                    self.labels.append((metric.name, _facts(point.attributes), tuple(point.explicit_bounds)))


def _facts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {each.key: each.value.string_value or str(each.value.double_value) for each in attributes}


@contextmanager
def collecting(*, status: int = 200) -> Iterator[Collector]:
    """A collector on a port of loopback, that answers everything with this status; 0: it never answers."""
    collector = Collector()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if status == 0:
                over.wait(60)
                return
            if status == 200:
                headers = {name.lower(): value for name, value in self.headers.items()}
                collector.take(self.path, headers, body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
