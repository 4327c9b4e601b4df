"""What a client says on one connection, as we read it and as h11 reads it: its requests with their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from itertools import pairwise
from typing import Final

import attrs
import h11

from argus_trio.wire.http1.chunked import Chunked
from argus_trio.wire.http1.counted import CountedBody
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import Fields
from argus_trio.wire.http1.repeated_head import RepeatedHead
from argus_trio.wire.http1.request_head import find_head_end

MAX_HEAD_BYTES: Final = 32 * 1024
_LINE_ENDS: Final = b"\r\n"

STRICTER_HEADS: Final = {
    "a line ends in a line feed alone": re.compile(rb"(?<!\r)\n"),
    "a line is folded": re.compile(rb"\n[ \t]"),
    "a control character in a value": re.compile(rb"[\x01-\x08\x0e-\x1f\x7f]"),
    "a version that is not spoken": re.compile(rb"HTTP/(?!1\.[01])[0-9]\.[0-9]"),
    "too large, but it came at once": re.compile(rb"(?s).{%d}" % (MAX_HEAD_BYTES + 1,)),
}
"""What h11 takes in a head and we do not."""
STRICTER_BODIES: Final = {
    "a carriage return in a line of a chunk": re.compile(rb"\r[^\n]|\r\r"),
    "a trailer that says where the body ends": re.compile(rb"\n(?i:content-length|transfer-encoding)"),
}
"""What h11 takes in a body in chunks and we do not."""
_HEAD: Final = re.compile(rb"(?s).*?(?:\n\r?\n|\Z)")


class End(Enum):
    """How a connection ends that says no more: between two requests, within one, behind its last, or with a fault."""

    BETWEEN = "between"
    WITHIN = "within"
    LAST = "last"
    REFUSED = "refused"


@attrs.frozen(kw_only=True)
class Asked:
    """One request that came whole."""

    method: str
    target: bytes
    version: bytes
    headers: Fields
    waits_to_continue: bool
    is_last: bool
    body: bytes


@attrs.frozen(kw_only=True)
class Conversation:
    """What was made of all bytes. `left` is what stands from the last request on that did not come whole."""

    asked: list[Asked]
    end: End
    left: bytes = b""


@attrs.define(eq=False)
class OurReader:
    """Reads as `LeanConnection` does, from what it is fed."""

    asked: list[Asked] = attrs.field(factory=list, init=False)
    _heads: RepeatedHead = attrs.field(factory=RepeatedHead, init=False)
    _buffer: bytes = attrs.field(default=b"", init=False)
    _seen: int = attrs.field(default=0, init=False)
    _body: Chunked | CountedBody | None = attrs.field(default=None, init=False)
    _begun: list[bytes] = attrs.field(factory=list, init=False)
    _current: Asked | None = attrs.field(default=None, init=False)

    @property
    def is_over(self) -> bool:
        """Whether the last request has come."""
        return bool(self.asked) and self.asked[-1].is_last

    @property
    def is_within(self) -> bool:
        """Whether a request has begun and not ended."""
        return self._current is not None or bool(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what came.

        Raises:
            HttpFault: it is refused.
        """
        if self._body is not None:
            self._go_on(data)
        else:
            self._buffer += data
        while self._body is None and not self.is_over and self._begins():
            buffer, self._buffer = self._buffer, b""
            self._go_on(buffer)

    def _begins(self) -> bool:
        buffer = self._buffer = self._buffer.lstrip(_LINE_ENDS)
        if not buffer:
            return False
        end = find_head_end(buffer, self._seen, MAX_HEAD_BYTES)
        self._seen = 0 if end else len(buffer)
        if not end:
            return False
        head, self._buffer = self._heads.read(buffer[:end]), buffer[end:]
        self._body = Chunked() if head.is_chunked else CountedBody.of(head.length or 0)
        self._current = Asked(
            method=head.method,
            target=head.target,
            version=head.version,
            headers=head.headers,
            waits_to_continue=head.waits_to_continue,
            is_last=head.is_last,
            body=b"",
        )
        return True

    def _go_on(self, data: bytes) -> None:
        body = self._body
        if body is None or self._current is None:
            raise AssertionError("there is no body")
        self._begun += body.feed(data)
        if body.fault is not None:
            raise body.fault
        if body.is_complete:
            self.asked.append(attrs.evolve(self._current, body=b"".join(self._begun)))
            self._buffer, self._body, self._current, self._begun = body.rest, None, None, []


def as_we_read(pieces: Iterable[bytes]) -> Conversation:
    """What we make of bytes that come in `pieces`."""
    reader = OurReader()
    try:
        for piece in pieces:
            reader.feed(piece)
    except HttpFault:
        return Conversation(asked=reader.asked, end=End.REFUSED)
    if reader.is_over:
        return Conversation(asked=reader.asked, end=End.LAST)
    return Conversation(asked=reader.asked, end=End.WITHIN if reader.is_within else End.BETWEEN)


def as_h11_reads(whole: bytes) -> Conversation:
    """What h11 makes of all bytes at once. As it refuses blank lines before a request it is not shown them."""
    asked: list[Asked] = []
    while whole := whole.lstrip(_LINE_ENDS):
        try:
            found, rest = _one_of_h11(whole)
        except h11.RemoteProtocolError:
            return Conversation(asked=asked, end=End.REFUSED, left=whole)
        if found is None:
            return Conversation(asked=asked, end=End.WITHIN, left=whole)
        asked.append(found)
        if found.is_last:
            return Conversation(asked=asked, end=End.LAST)
        whole = rest
    return Conversation(asked=asked, end=End.BETWEEN)


def _one_of_h11(whole: bytes) -> tuple[Asked | None, bytes]:
    reading = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
    reading.receive_data(whole)
    begun: h11.Request | None = None
    body, waits = b"", False
    while (event := reading.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
        if isinstance(event, h11.Request):
            begun, waits = event, reading.they_are_waiting_for_100_continue
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and begun is not None:
            behind = reading.trailing_data[0]
            reading.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
            reading.send(h11.EndOfMessage())
            return (
                Asked(
                    method=begun.method.decode().upper(),
                    target=begun.target,
                    version=begun.http_version,
                    headers=list(begun.headers),
                    waits_to_continue=waits,
                    is_last=reading.our_state is h11.MUST_CLOSE or _has_two_lengths(list(begun.headers)),
                    body=body,
                ),
                behind,
            )
    return None, b""


def _has_two_lengths(headers: Fields) -> bool:
    """Whether a request says in two ways where it ends, behind which we read nothing more and h11 does."""
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}


def cut(whole: bytes, places: Iterable[int]) -> list[bytes]:
    """`whole` in pieces."""
    at = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(at)]


def compare(whole: bytes, places: Iterable[int], *, byte_by_byte: bool = True) -> Conversation:
    """Both readings, ours of the bytes at once, cut at `places`, and one by one; what we made of it.

    Raises:
        AssertionError: they differ, by more than that we refuse what h11 is about to refuse, or what has one of the
            `reasons`.
    """
    ours, theirs = as_we_read([whole]), as_h11_reads(whole)
    assert as_we_read(cut(whole, places)) == ours, "it matters where it is cut"
    if byte_by_byte:
        assert as_we_read([whole[at : at + 1] for at in range(len(whole))]) == ours, "it matters that it is cut"
    if ours.end is not End.REFUSED:
        assert (ours.asked, ours.end) == (theirs.asked, theirs.end), "both take it, and it differs"
        return ours
    assert ours.asked == theirs.asked[: len(ours.asked)], "before what is refused it differs"
    if theirs.end is not End.REFUSED or ours.asked != theirs.asked:
        awaited = as_h11_reads(whole + b"\r\n\r\n")
        is_early = awaited.end is End.REFUSED and awaited.asked == ours.asked
        assert is_early or reasons(_from(whole, len(ours.asked))), "refused without a reason that we list"
    return ours


def reasons(refused: bytes) -> list[str]:
    """Why we may refuse what h11 takes: what is in `STRICTER_HEADS` and `STRICTER_BODIES` and in these bytes."""
    head = _HEAD.match(refused)
    end = head.end() if head is not None else 0
    found = [name for name, stricter in STRICTER_HEADS.items() if stricter.search(refused[:end])]
    return found + [name for name, stricter in STRICTER_BODIES.items() if stricter.search(refused[end:])]


def _from(whole: bytes, count: int) -> bytes:
    """What follows the first `count` requests."""
    for _ in range(count):
        _, whole = _one_of_h11(whole.lstrip(_LINE_ENDS))
    return whole.lstrip(_LINE_ENDS)
