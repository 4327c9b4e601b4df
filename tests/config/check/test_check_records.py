"""What is said of logging and telemetry is judged by the file alone."""

from __future__ import annotations

import re

import pytest

from argus_trio.config.model.middleware import LoggingSpec, TelemetrySpec
from argus_trio.pipeline.build import build_pipeline
from tests.config.support.reading import problem, read
from tests.e2e.child import ROOT


def _logging(text: str) -> str:
    return f"middleware: [{{type: logging, {text}}}]"


def _telemetry(text: str) -> str:
    return f"middleware: [{{type: telemetry, {text}}}]"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (_logging("arguments: true, redact: [a, '(']"), "middleware[0].redact[1]", "no regular expression"),
        (_logging("arguments: true, redact: ['a*']"), "middleware[0].redact[0]", "where there is nothing"),
        (_telemetry("otlp_endpoint: collector:4318"), "middleware[0].otlp_endpoint", "http://"),
        (_telemetry("otlp_endpoint: 'grpc://collector'"), "middleware[0].otlp_endpoint", "http://"),
        (_telemetry("otlp_endpoint: 'http://[::1'"), "middleware[0].otlp_endpoint", "URL"),
        (_telemetry("otlp_endpoint: 'http://h:99999'"), "middleware[0].otlp_endpoint", "URL"),
        (_telemetry("otlp_endpoint: 'http://u:p@h'"), "middleware[0].otlp_endpoint", "headers"),
        (_telemetry("otlp_endpoint: 'http://h?k=v'"), "middleware[0].otlp_endpoint", "without ?"),
        (_telemetry("otlp_endpoint: 'http://h/v1/traces'"), "middleware[0].otlp_endpoint", "before /v1"),
        (_telemetry("headers: {'a b': c}"), 'middleware[0].headers."a b"', "name of a header"),
        (_telemetry('headers: {a: "b\\nc"}'), "middleware[0].headers.a", "cannot be sent"),
    ],
)
def test_what_cannot_work_is_a_problem_with_its_path(text: str, path: str, words: str) -> None:
    found = problem(text)
    assert found.path == path
    assert words in f"{found.message} {found.hint}"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (_logging("results: true, redact: ['(a+)+b']"), "middleware[0].redact[0]", "hold up"),
        (_logging("redact: [a]"), "middleware[0].redact", "arguments: true"),
        (_telemetry("otlp_endpoint: 'http://h:4317'"), "middleware[0].otlp_endpoint", "4318"),
    ],
)
def test_what_will_not_work_well_is_a_warning(text: str, path: str, words: str) -> None:
    (warning,) = read(text).warnings
    assert warning.path == path
    assert words in f"{warning.message} {warning.hint}"


def test_headers_for_the_collector_are_secret() -> None:
    config = read(_telemetry("otlp_endpoint: 'https://h/base', headers: {Authorization: Bearer s3cret-token}"))
    assert "Bearer s3cret-token" in config.secrets
    assert "s3cret-token" not in repr(config)


@pytest.mark.parametrize("kind", [LoggingSpec, TelemetrySpec])
def test_the_example_of_the_page_can_be_used_as_it_stands(kind: type[LoggingSpec] | type[TelemetrySpec]) -> None:
    page = (ROOT / "docs" / "middleware.md").read_text()
    word = "logging" if kind is LoggingSpec else "telemetry"
    found = re.search(f"## `type: {word}`.*?```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    config = read(found[1])
    assert (config.warnings, [type(spec) for spec in config.middleware]) == ((), [kind])
    assert len(build_pipeline(config).stages) == 1
