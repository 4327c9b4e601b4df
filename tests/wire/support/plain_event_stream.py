"""A plain reading of event streams, line by line as the WHATWG HTML standard has it (section 9.2.6), of all at once.

Ours is compared with it, however the stream is cut, and with a bound on one event as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

from argus_trio.wire.event_stream import Event, EventParser, EventTooLarge
from argus_trio.wire.outline import KEPT_BYTES
from tests.wire.support.conversations import cut

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_MOST_DIGITS: Final = 9
_MOST_BYTES: Final = 4096
"""Ours: a longer reconnection time, and a longer line of an id or a type, is taken for a mistake."""


@attrs.frozen(kw_only=True)
class PlainStream:
    """What a stream said until it ended."""

    events: list[Event]
    last_id: str
    retry: int | None
    sizes: list[int]
    """How many bytes the lines of each event were."""
    largest: int
    """How many bytes the most were that stood before a blank line, or the end."""


def plainly(whole: bytes) -> PlainStream:
    """The events of a stream."""
    whole = whole.removeprefix(b"\xef\xbb\xbf")
    events: list[Event] = []
    sizes, size, largest, end = [], 0, 0, 0
    data, kind, last_id, retry = b"", "", "", None
    for found in _LINE_END.finditer(whole):
        line = whole[end : found.start()]
        size += found.end() - end
        end = found.end()
        largest = max(largest, size)
        if not line:
            if data:
                events.append(Event(event=kind or "message", data=data[:-1], id=last_id, retry=retry))
                sizes.append(size)
            data, kind, size = b"", "", 0
            continue
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data += value + b"\n"
        elif len(line) > _MOST_BYTES:
            continue
        elif name == b"event":
            kind = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            last_id = value.decode("utf-8", "replace")
        elif name == b"retry" and re.fullmatch(rb"[0-9]{1,%d}" % _MOST_DIGITS, value):
            retry = int(value)
    largest = max(largest, size + len(whole) - end)
    return PlainStream(events=events, last_id=last_id, retry=retry, sizes=sizes, largest=largest)


def compare(whole: bytes, places: Iterable[int], *, limit: int, byte_by_byte: bool = True) -> PlainStream:
    """Ours beside it, of the bytes at once, cut at `places`, and one by one.

    Raises:
        AssertionError: they differ, or what is beyond the `limit` is not told, or what is within it is.
    """
    wanted = plainly(whole)
    ways = [[whole], cut(whole, places)]
    if byte_by_byte:
        ways.append([whole[at : at + 1] for at in range(len(whole))])
    for pieces in ways:
        parser = EventParser()
        assert [event for piece in pieces for event in parser.feed(piece)] == wanted.events
        assert (parser.last_id, parser.retry) == (wanted.last_id, wanted.retry)
        _compare_cut(pieces, wanted, limit)
        _compare_refused(pieces, wanted, limit)
    return wanted


def _compare_cut(pieces: list[bytes], wanted: PlainStream, limit: int) -> None:
    parser = EventParser(max_event_bytes=limit, cuts=True)
    found: list[Event] = []
    for piece in pieces:
        found += parser.feed(piece)
        assert parser.held <= max(limit, KEPT_BYTES), "more is held than may be"
    assert len(found) == len(wanted.events), "events are lost"
    for event, known, size in zip(found, wanted.events, wanted.sizes, strict=True):
        if event.oversized is None:
            assert event == known
            assert len(event.data) < limit, "an event beyond the bound is not cut"
            continue
        assert size > limit, "an event within the bound is cut"
        oversized, data = event.oversized, known.data
        assert attrs.evolve(event, oversized=None, data=data) == known
        assert (oversized.size, oversized.head, oversized.tail) == (len(data), data[:KEPT_BYTES], data[-KEPT_BYTES:])
    assert (parser.last_id, parser.retry) == (wanted.last_id, wanted.retry)


def _compare_refused(pieces: list[bytes], wanted: PlainStream, limit: int) -> None:
    parser = EventParser(max_event_bytes=limit)
    found: list[Event] = []
    try:
        for piece in pieces:
            found += parser.feed(piece)
    except EventTooLarge:
        assert wanted.largest > limit, "an event within the bound is refused"
        assert found == wanted.events[: len(found)]
    else:
        assert found == wanted.events
        assert all(len(event.data) < limit for event in found), "an event beyond the bound is not refused"
