"""Checks what is said of logging and telemetry: patterns, the collector's address, its headers. No I/O."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import LoggingSpec, TelemetrySpec
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath

GRPC_PORT: Final = 4317
_EXAMPLE: Final = "for example http://127.0.0.1:4318"
_SIGNALS: Final = ("/v1/traces", "/v1/metrics", "/v1/logs")
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REPEATED_REPETITION: Final = re.compile(r"[+*}]\??\)(?:[+*]|\{\d+,\d*\})")
"""Where a group that ends in a repetition is repeated itself: such a pattern may take exponentially long to fail."""


def check_records(config: Config, findings: Findings) -> None:
    """Report what cannot work, and warn of what will not work well."""
    for index, spec in enumerate(config.middleware):
        if isinstance(spec, LoggingSpec):
            _check_logging(spec, ("middleware", index), findings)
        elif isinstance(spec, TelemetrySpec):
            _check_telemetry(spec, ("middleware", index), findings)


def _check_logging(spec: LoggingSpec, place: KeyPath, findings: Findings) -> None:
    for index, pattern in enumerate(spec.redact):
        key_path = (*place, "redact", index)
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            findings.add(
                key_path, f"no regular expression: {error}", r"\ ( ) [ ] { } . * + ? stand for themselves behind \ "
            )
            continue
        if compiled.search("") is not None:
            findings.add(key_path, "it matches where there is nothing", "write what has to be there, such as + for *")
        elif _REPEATED_REPETITION.search(pattern):
            findings.warn(
                key_path, "a repetition is repeated: it may hold up the gateway", "write it without the inner one"
            )
    if spec.redact and not spec.arguments and not spec.results:
        message = "nothing is there to be hidden: neither arguments nor results are logged"
        findings.warn((*place, "redact"), message, "arguments: true and results: true log them")


def _check_telemetry(spec: TelemetrySpec, place: KeyPath, findings: Findings) -> None:
    if spec.otlp_endpoint is not None:
        _check_endpoint(spec.otlp_endpoint, (*place, "otlp_endpoint"), findings)
    for name, value in spec.headers.items():
        key_path = (*place, "headers", name)
        if not _FIELD_NAME.fullmatch(name):
            findings.add(key_path, "no name of a header", "letters, digits and - as in X-Api-Key")
        elif not value.isascii() or not value.isprintable():
            findings.add(key_path, "the value holds a character that cannot be sent")


def _check_endpoint(endpoint: str, key_path: KeyPath, findings: Findings) -> None:
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError:
        findings.add(key_path, "expected a URL", _EXAMPLE)
        return
    if url.scheme not in ("http", "https") or not url.hostname:
        findings.add(key_path, "expected http:// or https:// and a host", _EXAMPLE)
    elif url.username is not None or url.password is not None:
        findings.add(key_path, "a URL must not hold credentials", "write them under headers, as Authorization")
    elif url.query or url.fragment:
        findings.add(key_path, "expected an address without ? and #", _EXAMPLE)
    elif url.path.rstrip("/").endswith(_SIGNALS):
        findings.add(key_path, "the path of one signal", "write what stands before /v1: each signal adds its own path")
    elif port == GRPC_PORT:
        message = "4317 is where collectors take OTLP over gRPC; this is OTLP over HTTP"
        findings.warn(key_path, message, "their port for that is 4318")
