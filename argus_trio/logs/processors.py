"""What every event of the log passes before it becomes a line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Final

import attrs

from argus_trio.core.redaction import Redactor

TRACEBACK: Final = "exception"
"""The member of an event that may have several lines: a traceback, as structlog renders it."""

_ACTING: Final = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: move the cursor, begin sequences that change the terminal
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls: show text in another order
    "\u2028\u2029"  # line and paragraph separator: begin lines that are none of the log's
    "\ud800-\udfff"  # half characters, which no terminal can show
)
_IN_A_LINE: Final = re.compile(f"[{_ACTING}]")
_IN_LINES: Final = re.compile(f"(?![\n\t])[{_ACTING}]")


LogEvent = MutableMapping[str, object]

_PLAIN: Final = (int, float, type(None))
"""What an event may hold beside texts and be looked at as one text."""
_NEEDS_QUOTES: Final = re.compile("[ \t=\r\n\"']").search
_LEVEL_WIDTH: Final = len("exception")
EVENT_WIDTH: Final = 20
"""What the name of an event takes at least in a line for people."""
_to_json: Final = json.JSONEncoder(default=str).encode


@attrs.define(eq=False, repr=False)
class RedactEvents:
    """A structlog processor that takes secrets out of every text in an event, however deep it stands."""

    _redact: Redactor

    def __call__(self, _logger: object, _method: str, event: LogEvent) -> LogEvent:
        text = _as_one_text(event)
        return event if text is not None and self._redact(text) == text else _each_text(event, self._redact)


def show_controls(_logger: object, _method: str, event: LogEvent) -> LogEvent:
    """A structlog processor for lines on a terminal: whatever would act on it is shown as its escape instead.

    Peers choose much of what is logged: names of clients and tools, Host, Origin, the lines of a backend.
    """
    text = _as_one_text(event)
    if text is not None and _IN_A_LINE.search(text) is None:
        return event
    traceback = event.get(TRACEBACK)
    cleaned = _each_text(event, _shown)
    if isinstance(traceback, str):
        cleaned[TRACEBACK] = _IN_LINES.sub(_escape, traceback)
    return cleaned


def as_json(_logger: object, _method: str, event: LogEvent) -> str:
    """A structlog processor, the last one: an event as a line of JSON."""
    return _to_json(event)


def as_line(_logger: object, _method: str, event: LogEvent) -> str:
    """A structlog processor, the last one: an event as a line for people, as structlog's own renderer makes it without
    colours, which takes three times as long. Expects what `set_up_logs` puts in front of it."""
    traceback = event.pop(TRACEBACK, None)
    head = f"{event.pop('timestamp')} [{event.pop('level'):<{_LEVEL_WIDTH}}] {event.pop('event')!s:<{EVENT_WIDTH}}"
    facts = [
        f"{key}={value if isinstance(value, str) and not _NEEDS_QUOTES(value) else repr(value)}"
        for key, value in event.items()
    ]
    line = " ".join((head, *facts)).rstrip(" ")
    return line if traceback is None else f"{line}\n{traceback}"


def _shown(text: str) -> str:
    return _IN_A_LINE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _as_one_text(event: LogEvent) -> str | None:
    """All texts of an event, to be searched at once: most need no change. None for one with parts of its own."""
    texts = []
    for value in event.values():
        if isinstance(value, str):
            texts.append(value)
        elif not isinstance(value, _PLAIN):
            return None
    return " ".join(texts)


def _each_text(event: Mapping[str, object], change: Callable[[str], str]) -> dict[str, object]:
    def changed(value: object) -> object:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list | tuple):
            return [changed(member) for member in value]
        if isinstance(value, dict):
            return {key: changed(member) for key, member in value.items()}
        return value

    return {key: changed(value) for key, value in event.items()}
