"""The log: events go to stderr, as lines for people or as JSON lines, with every known secret taken out."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Literal

import attrs
import structlog

from argus_trio.core.redaction import Redactor

Format = Literal["console", "json"]
LEVELS = ("debug", "info", "warning", "error")
"""The levels that a log can be limited to, from the most verbose to the gravest."""


@attrs.define(eq=False)
class RedactEvents:
    """A structlog processor that takes secrets out of every text in an event, however deep it stands."""

    _redact: Redactor

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, object]) -> dict[str, object]:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: object) -> object:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, list | tuple):
            return [self._clean(member) for member in value]
        if isinstance(value, dict):
            return {key: self._clean(member) for key, member in value.items()}
        return value


def set_up_logs(form: Format, level: str, redact: Redactor) -> None:
    """Configure structlog for this process. `level` is one of `LEVELS`; events below it cost next to nothing."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        rendering: list[structlog.typing.Processor] = [
            structlog.processors.format_exc_info,
            RedactEvents(redact),
            structlog.processors.JSONRenderer(default=str),
        ]
    else:
        colours = sys.stderr.isatty()
        rendering = [
            structlog.processors.format_exc_info,
            RedactEvents(redact),
            structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False, pad_event_to=20),
        ]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
