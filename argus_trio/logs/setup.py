"""How structlog is set up for this process: levels, formats, and what each event passes on its way to a line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

import attrs
import structlog

from argus_trio.core.redaction import Redactor
from argus_trio.logs.processors import EVENT_WIDTH, RedactEvents, as_json, as_line, show_controls

Format = Literal["console", "json"]


@attrs.frozen
class LineLogger:
    """The end of structlog's chain: hands each rendered event on as a line."""

    _write: Callable[[str], None]

    def msg(self, line: str) -> None:
        """Hand on an event of any level."""
        self._write(line + "\n")

    debug = info = warning = error = critical = exception = msg


def set_up_logs(
    form: Format, level: str, redact: Redactor, write: Callable[[str], None], *, colours: bool = False
) -> None:
    """Configure structlog for this process: each event becomes text of one line, or with its traceback, for `write`.

    `level` is one of `LEVELS`; events below it cost next to nothing. `colours` are for a terminal.
    """
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        RedactEvents(redact),
    ]
    if form == "json":
        processors.append(as_json)
    elif colours:
        renderer = structlog.dev.ConsoleRenderer(colors=True, sort_keys=False, pad_event_to=EVENT_WIDTH)
        processors += [show_controls, renderer]
    else:
        processors += [show_controls, as_line]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: LineLogger(write),
        cache_logger_on_first_use=True,
    )
