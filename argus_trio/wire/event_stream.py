"""The event stream format of Server-Sent Events, sans I/O: bytes to events, and a message to the bytes of one event.

Reading follows the WHATWG HTML standard, section 9.2.6. Nothing here knows what the data of an event means.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.errors import ArgusError
from argus_trio.wire.envelope import on_one_line
from argus_trio.wire.lines import LARGE_PIECE, cut
from argus_trio.wire.outline import KEPT_BYTES, Ends, Oversized

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The default bound on the data of one event: far above any message, far below what starves the machine."""

COMMENT: Final = b": keep-alive\n"
"""A comment that keeps a silent stream from being taken for a dead one. No empty line follows it: some clients take
that for an event without data once they have seen an id."""

_BOM: Final = b"\xef\xbb\xbf"
_LINE_ENDS: Final = (b"\n", b"\r")
_MOST_BYTES: Final = KEPT_BYTES
"""The longest line of an id or a type; a longer one is taken for a mistake and ignored: no header carries it back."""
_RETRY_DIGITS: Final = 9
"""The most digits of a reconnection time; a longer one (above eleven days) is taken for a mistake and ignored."""


class EventTooLarge(ArgusError):
    """One event of a stream is larger than the bound, `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"an event of the stream is larger than {limit} bytes")
        self.limit = limit


@attrs.frozen(kw_only=True)
class Event(Value):
    """One event of a stream, as it was dispatched."""

    event: str
    """The type of the event, `message` where none was given."""
    data: bytes
    """The data of the event as it came: it may not be UTF-8."""
    id: str
    """The stream's last event id at that time, empty where there was none."""
    retry: int | None
    """The stream's reconnection time at that time, in milliseconds."""
    oversized: Oversized | None = None
    """What is known of data beyond the bound, where that is cut; `data` is empty then."""


@attrs.define(eq=False, repr=False)
class EventParser:
    """Reads one event stream, in time linear in its bytes however they are cut into chunks.

    Where it `cuts`, an event beyond the bound is dispatched as `oversized`, and what follows it is read as ever.
    `last_id` and `retry` also follow blocks that dispatch no event, as reconnecting needs them.
    """

    limit: int = attrs.field(default=MAX_EVENT_BYTES, alias="max_event_bytes", kw_only=True)
    """The bound on one event, in bytes."""
    _cuts: bool = attrs.field(default=False, alias="cuts", kw_only=True)
    last_id: str = attrs.field(default="", init=False)
    """The stream's last event id so far, empty where there is none."""
    retry: int | None = attrs.field(default=None, init=False)
    """The stream's reconnection time so far, in milliseconds."""
    _size: int = attrs.field(default=0, init=False)
    _tail: bytearray = attrs.field(factory=bytearray, init=False)
    _after_return: bool = attrs.field(default=False, init=False)
    _at_start: bool = attrs.field(default=True, init=False)
    _event: str = attrs.field(default="", init=False)
    _data: list[bytes] = attrs.field(factory=list, init=False)
    _ends: Ends | None = attrs.field(default=None, init=False)
    """What is kept of the open event once it is beyond the bound."""
    _is_begun: bool = attrs.field(default=False, init=False)
    """Whether these hold a line of data already, perhaps an empty one."""
    _is_within: bool = attrs.field(default=False, init=False)
    """Whether the rest of a line is still to come of which no more is held."""
    _is_data: bool = attrs.field(default=False, init=False)
    """Whether that line is data."""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes. An event still open when the stream ends is never dispatched.

        Raises:
            EventTooLarge: an event is larger than the bound, and it does not cut; the parser is of no use after that.
        """
        if self._after_return and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_return = False
        if not chunk:
            return []
        self._after_return = chunk[-1:] == b"\r"
        lines = chunk.splitlines() if len(chunk) < LARGE_PIECE else _long_lines(chunk)
        rest = b"" if chunk[-1:] in _LINE_ENDS else lines.pop()
        events: list[Event] = []
        for line in lines:
            if self._is_within:
                self._go_on(line)
                self._is_within = False
                continue
            if self._tail:
                self._tail += line
                line = bytes(self._tail)
                self._tail.clear()
            self._line(line, events)
        if self._is_within:
            self._go_on(rest)
            return events
        self._tail += rest
        if self._at_start and len(self._tail) >= len(_BOM):  # it counts for nothing, nor against the bound
            self._at_start = False
            del self._tail[: len(_BOM) if self._tail.startswith(_BOM) else 0]
        if self._size + len(self._tail) > self.limit:
            self._exceed()
        if self._ends is not None and len(self._tail) > KEPT_BYTES:
            self._spill()
        return events

    @property
    def held(self) -> int:
        """How much of an open event is held."""
        return self._size + len(self._tail)

    def cut(self) -> None:
        """Hold no more of the open event than its ends, as if it were beyond the bound: there is no room for it."""
        self._ends = self._ends or Ends(lacks_room=True)
        self._exceed()
        if len(self._tail) > KEPT_BYTES:
            self._spill()

    def restart(self) -> None:
        """Begin a new stream after one that broke off: an open event is forgotten, `last_id` and `retry` stay."""
        self._tail.clear()
        self._data.clear()
        self._event, self._size, self._ends = "", 0, None
        self._is_begun, self._is_within = False, False
        self._after_return, self._at_start = False, True

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(events)
            return
        field, begin = _field_of(line)
        if field == b"data" or (field and len(line) <= _MOST_BYTES):
            self._field(field, line[begin:])
        if self._size > self.limit:
            self._exceed()

    def _exceed(self) -> None:
        """Hold no more of the open event than its ends."""
        if not self._cuts:
            raise EventTooLarge(self.limit)
        self._ends = self._ends or Ends()
        if self._data:
            self._add(b"\n".join(self._data))
            self._data.clear()
        self._size = 0

    def _spill(self) -> None:
        """Hold no more of the open line; only its data is of interest."""
        field, begin = _field_of(self._tail)
        self._is_within, self._is_data = True, field == b"data"
        if self._is_data:
            self._add(self._tail[begin:])
        self._tail.clear()

    def _go_on(self, piece: bytes) -> None:
        if self._is_data and self._ends is not None:
            self._ends.add(piece)

    def _add(self, value: bytes | bytearray) -> None:
        if self._ends is not None:
            if self._is_begun:
                self._ends.add(b"\n")
            self._ends.add(value)
            self._is_begun = True

    def _field(self, field: bytes, value: bytes) -> None:
        if field == b"data" and self._ends is not None:
            self._add(value)
        elif field == b"data":
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
            event = self._event or "message"
            events.append(Event(event=event, data=data, id=self.last_id, retry=self.retry))
            self._data.clear()
        elif self._ends is not None and self._is_begun:
            event, cut = self._event or "message", self._ends.gathered()
            events.append(Event(event=event, data=b"", id=self.last_id, retry=self.retry, oversized=cut))
        self._event = ""
        self._size, self._ends, self._is_begun = 0, None, False


def _long_lines(chunk: bytes) -> list[bytes]:
    """As `chunk.splitlines()`, in less time where its lines are long."""
    *pieces, rest = cut(chunk)
    lines: list[bytes] = []
    for piece in pieces:
        line = piece.removesuffix(b"\r")
        if line.find(b"\r") < 0:
            lines.append(line)
        else:
            lines += (line + b"\r").splitlines()  # the end once more: a return right before it ends a line of its own
    if rest.find(b"\r") >= 0:
        return lines + rest.splitlines()
    return [*lines, rest] if rest else lines


def _field_of(line: bytes | bytearray) -> tuple[bytes, int]:
    """The name of the field that a line holds, and where its value begins: a large one is not copied for that."""
    colon = line.find(b":")
    if colon < 0:
        return bytes(line), len(line)
    return bytes(line[:colon]), colon + 2 if line[colon + 1 : colon + 2] == b" " else colon + 1


def encode_event(data: bytes, *, event: str | None = "message", event_id: str | None = None) -> bytes:
    """The bytes of one event that carries the JSON message `data`, on one line: a line break would split the event.

    `event` and `event_id` are the gateway's words and hold no line break.
    """
    kind = b"" if event is None else b"event: %b\n" % event.encode()
    mark = b"" if event_id is None else b"id: %b\n" % event_id.encode()
    return b"%b%bdata: %b\n\n" % (kind, mark, on_one_line(data))
