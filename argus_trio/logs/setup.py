"""How structlog is set up for this process: levels, formats, and what each event passes on its way to a line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, Literal

import attrs
import structlog

from argus_trio import Value
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.logs.processors import EVENT_WIDTH, RedactEvents, as_json, as_line, show_controls

Format = Literal["console", "json"]


@attrs.frozen
class LineLogger(Value):
    """The end of structlog's chain: hands each rendered event on as a line."""

    _write: Callable[[str], None]

    def msg(self, line: str) -> None:
        """Hand on an event of any level."""
        self._write(line + "\n")

    debug = info = warning = error = critical = exception = msg


_Everything: Final = structlog.make_filtering_bound_logger(logging.NOTSET)


def _levelled(level: CurrentLevel) -> type[structlog.typing.FilteringBoundLogger]:
    """The class of loggers that look at `level` at each event: structlog's own are made for one level."""

    class LevelledLogger(_Everything):  # type: ignore[misc, valid-type]
        """A logger whose level can be changed."""

        def debug(self, event: str, *args: object, **facts: object) -> object:
            return super().debug(event, *args, **facts) if level.number <= logging.DEBUG else None

        def info(self, event: str, *args: object, **facts: object) -> object:
            return super().info(event, *args, **facts) if level.number <= logging.INFO else None

        def warning(self, event: str, *args: object, **facts: object) -> object:
            return super().warning(event, *args, **facts) if level.number <= logging.WARNING else None

        def log(self, number: int, event: str, *args: object, **facts: object) -> object:
            return super().log(number, event, *args, **facts) if level.number <= number else None

    return LevelledLogger


def set_up_logs(
    form: Format, level: CurrentLevel, redact: Redactor, write: Callable[[str], None], *, colours: bool = False
) -> None:
    """Configure structlog for this process: each event becomes text of one line, or with its traceback, for `write`.

    Events below `level` cost next to nothing; it may be changed at any time. `colours` are for a terminal.
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
        wrapper_class=_levelled(level),
        logger_factory=lambda *_: LineLogger(write),
        cache_logger_on_first_use=True,
    )
