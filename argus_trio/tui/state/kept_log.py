"""The latest lines of a backend's log, as they are followed. Pure, and bounded in lines and bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.events import GapEntry
from argus_trio.contract.settings import LogLineEntry
from argus_trio.wire.event_stream import Event

LOG_LINES: Final = 5000
"""How many lines are kept, five times what the gateway keeps itself; the oldest are left out, and the page says so."""
LOG_BYTES: Final = 4 * 1024 * 1024
"""How much of a log is kept, whatever the number of its lines."""
LINE_CHARACTERS: Final = 16 * 1024
"""The longest line that is kept whole; a longer one is cut, and says so."""


@attrs.frozen(kw_only=True)
class KeptLine(Value):
    """A line, or what is told of lines that are missing."""

    number: int
    """Counted from the first that came: a place that stays when older ones are left out."""
    timestamp: str
    source: str
    """As the contract has it, or `gap`."""
    text: str
    id: str = ""


@attrs.frozen(kw_only=True)
class KeptLog(Value):
    """Lines, oldest first."""

    lines: tuple[KeptLine, ...] = ()
    size: int = 0
    left_out: int = 0
    """How many were kept and are not any more."""
    latest: str = ""
    """The id of the latest line; those up to it are known."""

    @property
    def next(self) -> int:
        """The number of the line that comes next."""
        return self.lines[-1].number + 1 if self.lines else self.left_out

    def with_events(self, events: Iterable[Event]) -> KeptLog:
        """The same with what a stream has brought; what is known already, as after a new beginning, is passed over."""
        added: list[KeptLine] = []
        number, latest = self.next, self.latest
        for event in events:
            line = _line(event, number)
            if line is None or (line.id and _is_known(line.id, latest)):
                continue
            added.append(line)
            number, latest = number + 1, line.id or latest
        return self._bounded(added, latest) if added else self

    def begun_again(self, why: str) -> KeptLog:
        """The same before a log that is another one: its lines are counted from the first again."""
        return self._bounded([KeptLine(number=self.next, timestamp="", source="gap", text=why)], "")

    def _bounded(self, added: list[KeptLine], latest: str) -> KeptLog:
        lines, size = (*self.lines, *added), self.size + sum(map(_size, added))
        first = max(len(lines) - LOG_LINES, 0)
        size -= sum(map(_size, lines[:first]))
        while size > LOG_BYTES and first < len(lines) - 1:
            size -= _size(lines[first])
            first += 1
        return KeptLog(lines=lines[first:], size=size, left_out=self.left_out + first, latest=latest)


def _size(line: KeptLine) -> int:
    return len(line.text.encode("utf-8", "replace"))


def _is_known(id_: str, latest: str) -> bool:
    start, _, number = id_.rpartition("-")
    latest_start, _, latest_number = latest.rpartition("-")
    if start != latest_start or not (number.isdecimal() and latest_number.isdecimal()):
        return False  # of another start of the gateway
    return int(number) <= int(latest_number)


def _line(event: Event, number: int) -> KeptLine | None:
    try:
        if event.event == "gap":
            gap = msgspec.json.decode(event.data, type=GapEntry)
            return KeptLine(number=number, timestamp=gap.timestamp, source="gap", text=gap.message)
        if event.event == "line":
            entry = msgspec.json.decode(event.data, type=LogLineEntry)
        else:
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return KeptLine(number=number, timestamp="", source="gap", text="a line that cannot be read")
    text = entry.text
    if (more := len(text) - LINE_CHARACTERS) > 0:
        text = f"{text[:LINE_CHARACTERS]} ({more} more characters are left out)"
    return KeptLine(number=number, timestamp=entry.timestamp, source=entry.source, text=text, id=entry.id)
