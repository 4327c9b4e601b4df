"""The event stream format of Server-Sent Events, sans I/O: bytes to events, and a message to the bytes of one event.

Reading follows the WHATWG HTML standard, section 9.2.6. What an event's data means is decided elsewhere.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.errors import ArgusError
from argus_trio.wire.envelope import on_one_line

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The default bound on one event, in bytes."""

COMMENT: Final = b": keep-alive\n"
"""Says nothing, and keeps a silent stream from being taken for a dead one. Without an empty line after it: some clients
take one for an event without data once they have seen an id."""

_BOM: Final = b"\xef\xbb\xbf"
_LINE_ENDS: Final = (b"\n", b"\r")
_RETRY_DIGITS: Final = 9
"""A longer reconnection time (above eleven days) is taken for a mistake and ignored."""


class EventTooLarge(ArgusError):
    """One event of a stream is larger than the bound, `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"an event of the stream is larger than {limit} bytes")
        self.limit = limit


@attrs.frozen
class Event:
    """One event as it was dispatched. `data` is as it came: it may not be UTF-8."""

    event: str
    """Its type, `message` where none was given."""
    data: bytes
    id: str
    """The stream's last event id so far, empty where there is none."""
    retry: int | None
    """The stream's reconnection time so far, in milliseconds."""


class EventParser:
    """One stream being read, in time linear in its bytes however they are cut into chunks.

    `last_id` and `retry` also follow blocks that dispatch no event, as reconnecting needs them.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.last_id = ""
        self.retry: int | None = None
        self._limit = max_event_bytes
        self._size = 0
        self._tail = bytearray()
        self._after_return = False
        self._at_start = True
        self._event = ""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes. An event still open when the stream ends is never dispatched.

        Raises:
            EventTooLarge: the bound is passed; the parser is of no use after that.
        """
        if self._after_return and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_return = False
        if not chunk:
            return []
        self._after_return = chunk[-1:] == b"\r"
        lines = chunk.splitlines()
        rest = b"" if chunk[-1:] in _LINE_ENDS else lines.pop()
        events: list[Event] = []
        for line in lines:
            if self._tail:
                line = bytes(self._tail) + line
                self._tail.clear()
            self._line(line, events)
        self._tail += rest
        if self._size + len(self._tail) > self._limit:
            raise EventTooLarge(self._limit)
        return events

    def restart(self) -> None:
        """The stream broke off and is read anew: an open event is forgotten, `last_id` and `retry` stay."""
        self._tail.clear()
        self._data.clear()
        self._event, self._size = "", 0
        self._after_return, self._at_start = False, True

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(events)
            return
        field, _, value = line.partition(b":")
        if field:
            self._field(field, value.removeprefix(b" "))
        if self._size > self._limit:
            raise EventTooLarge(self._limit)

    def _field(self, field: bytes, value: bytes) -> None:
        if field == b"data":
            self._size += len(value) + 1
            self._data.append(value)
        elif field == b"event":
            self._event = value.decode("utf-8", "replace")
        elif field == b"id":
            if b"\0" not in value:
                self.last_id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
            self.retry = int(value)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append(Event(self._event or "message", data, self.last_id, self.retry))
            self._data.clear()
        self._event = ""
        self._size = 0


def encode_event(data: bytes, *, event: str | None = "message", event_id: str | None = None) -> bytes:
    """One event that carries the JSON message `data`, kept on one line: a line break in it would split the event.

    `event` and `event_id` are the gateway's own words and hold no line break.
    """
    kind = b"" if event is None else b"event: %b\n" % event.encode()
    mark = b"" if event_id is None else b"id: %b\n" % event_id.encode()
    return b"%b%bdata: %b\n\n" % (kind, mark, on_one_line(data))
