"""The answer to one request, as we read it and as h11 reads it: its head, its body, and what is left behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

import attrs
import h11

from argus_trio.wire.http1.answer_head import AnswerHeadReader
from argus_trio.wire.http1.chunked import MAX_LINE_BYTES, Chunked
from argus_trio.wire.http1.counted import CountedBody
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import Fields
from tests.wire.support.conversations import cut

LIMIT: Final = 8000
"""The largest head."""
_H11_BYTES: Final = 1 << 20
"""What h11 holds at most: the bounds are ours, it is asked about the grammar."""
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_BODILESS: Final = (204, 304)

STRICTER: Final = {
    "a carriage return in a line of a chunk": re.compile(rb"\r[^\n]|\r\r"),
    "a trailer that says where the body ends": re.compile(rb"\n(?i:content-length|transfer-encoding)"),
    "a line of a chunk, or trailers, too long": re.compile(rb"(?s).{%d}" % (MAX_LINE_BYTES - 1)),
}
"""What h11 takes in a body in chunks and we do not. Of heads we refuse what is larger than the `LIMIT`, and no more."""


class Outcome(Enum):
    """What an answer came to with the end of its connection."""

    WHOLE = "whole"
    BROKEN = "broken"
    REFUSED = "refused"


@attrs.frozen(kw_only=True)
class Answered:
    """What was made of all bytes; without a `status`, no head of an answer was."""

    outcome: Outcome
    status: int = 0
    fields: Fields = attrs.field(factory=list)
    body: bytes = b""
    """What was given of it, before it was refused or broke off too."""
    is_kept: bool = False
    rest: bytes = b""
    """What stands behind it, if it is whole."""


def as_we_read(pieces: Iterable[bytes]) -> Answered:
    """What we make of bytes that come in `pieces`, behind which the connection ends: as `HttpConnection` reads."""
    reader, left = AnswerHeadReader(LIMIT), iter(pieces)
    try:
        head = next((head for piece in left if (head := reader.feed(piece)) is not None), None)
    except HttpFault:
        return Answered(outcome=Outcome.REFUSED)
    if head is None:
        return Answered(outcome=Outcome.BROKEN)
    found = Answered(outcome=Outcome.BROKEN, status=head.status, fields=head.fields)
    given: list[bytes] = []
    if not head.is_chunked and head.length is None:
        return attrs.evolve(found, outcome=Outcome.WHOLE, body=reader.rest + b"".join(left))
    body = Chunked() if head.is_chunked else CountedBody.of(head.length or 0)
    try:
        given += body.feed(reader.rest)
        while not body.is_complete:
            if body.fault is not None:
                raise body.fault
            given += body.feed(next(left))
    except HttpFault:
        return attrs.evolve(found, outcome=Outcome.REFUSED, body=b"".join(given))
    except StopIteration:
        return attrs.evolve(found, body=b"".join(given))
    rest = body.rest + b"".join(left)
    return attrs.evolve(found, outcome=Outcome.WHOLE, body=b"".join(given), is_kept=head.is_kept, rest=rest)


@attrs.define(eq=False)
class OfH11:
    """What h11 makes of all bytes at once."""

    whole: bytes
    unread: int = attrs.field(default=0, init=False)
    """How much it held at the end of what is no whole line, or no whole head."""
    _asked: h11.Connection = attrs.field(init=False)
    _found: Answered = attrs.field(factory=lambda: Answered(outcome=Outcome.BROKEN), init=False)

    @_asked.default
    def _that_asked(self) -> h11.Connection:
        asked = h11.Connection(h11.CLIENT, max_incomplete_event_size=_H11_BYTES)
        asked.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
        asked.send(h11.EndOfMessage())
        return asked

    def answered(self) -> Answered:
        """Read on to the end of the answer, or of the connection."""
        try:
            if self.whole:
                self._asked.receive_data(self.whole)
            if self._goes_on():
                self.unread = len(self._asked.trailing_data[0])
                if self._found.status and not self._knows_its_end():
                    self._asked.receive_data(b"")
                    self._goes_on()
        except h11.RemoteProtocolError:
            return attrs.evolve(self._found, outcome=Outcome.REFUSED)
        return self._found

    def _knows_its_end(self) -> bool:
        names = {name for name, _ in self._found.fields}
        return bool(names & {b"content-length", b"transfer-encoding"}) or self._found.status in _BODILESS

    def _goes_on(self) -> bool:
        """Take events; whether there would have to be more bytes for another one."""
        while (event := self._asked.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                fields = [(name, bytes(value)) for name, value in event.headers]
                self._found = attrs.evolve(self._found, status=event.status_code, fields=fields)
            elif isinstance(event, h11.Data):
                self._found = attrs.evolve(self._found, body=self._found.body + bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                names = {name for name, _ in self._found.fields}
                # A length beside chunks is believed no further, and nobody is asked once more behind it.
                is_doubtful = self._found.status not in _BODILESS and {b"content-length", b"transfer-encoding"} <= names
                self._found = attrs.evolve(
                    self._found,
                    outcome=Outcome.WHOLE,
                    is_kept=self._asked.our_state is h11.DONE and self._knows_its_end() and not is_doubtful,
                    rest=self._asked.trailing_data[0],
                )
                return False
        return True


def compare(whole: bytes, places: Iterable[int], *, byte_by_byte: bool = True) -> Answered:
    """Both readings, ours of the bytes at once, cut at `places`, and one by one; what we made of it.

    Raises:
        AssertionError: they differ, by more than that we refuse what h11 is about to refuse, what is `STRICTER`, or a
            head beyond its bound.
    """
    ours, reading = as_we_read([whole]), OfH11(whole)
    theirs = reading.answered()
    assert as_we_read(cut(whole, places)) == ours, "it matters where it is cut"
    if byte_by_byte:
        assert as_we_read([whole[at : at + 1] for at in range(len(whole))]) == ours, "it matters that it is cut"
    if ours.outcome is Outcome.REFUSED and not ours.status:
        assert not theirs.status or _has_large_head(whole), "a head is refused without a reason that we list"
        assert theirs.outcome is Outcome.REFUSED or _has_large_head(whole) or _is_refused(whole + b"\r\n\r\n")
        return ours
    lowered = [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in ours.fields]
    ours_as_theirs = attrs.evolve(ours, fields=lowered)
    if ours.outcome is not Outcome.REFUSED:
        assert ours_as_theirs == theirs, "both take it, and it differs"
        bound = MAX_LINE_BYTES + 1 if ours.status else LIMIT
        assert reading.unread <= bound, "more is held than may be"
        return ours
    assert attrs.evolve(theirs, outcome=ours.outcome, body=ours.body, is_kept=False, rest=b"") == ours_as_theirs
    assert theirs.body.startswith(ours.body), "before what is refused it differs"
    if theirs.outcome is not Outcome.REFUSED or ours.body != theirs.body:
        assert _is_refused(whole + b"\r\n\r\n") or reasons(whole), "refused without a reason that we list"
    return ours


def reasons(refused: bytes) -> list[str]:
    """Why we may refuse what h11 takes in the body of this answer, whose head is taken by both."""
    reader = AnswerHeadReader(LIMIT)
    reader.feed(refused)
    return [name for name, stricter in STRICTER.items() if stricter.search(reader.rest)]


def _is_refused(whole: bytes) -> bool:
    return OfH11(whole).answered().outcome is Outcome.REFUSED


def _has_large_head(whole: bytes) -> bool:
    """Whether one of the heads that all begins with, or what may be one, is larger than the bound."""
    at = 0
    for blank in _BLANK_LINE.finditer(whole):
        if blank.end() - at > LIMIT:
            return True
        at = blank.end()
    return len(whole) - at > LIMIT
