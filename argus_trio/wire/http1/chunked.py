"""A body in chunks (RFC 9112, section 7.1), as it comes. How much it may be in all is its reader's business."""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import BLANK_LINE, fields_of, lines_of

MAX_LINE_BYTES: Final = 16 * 1024
"""The longest line before a chunk, and the most that all trailers together may be."""
MANY_CHUNKS: Final = 256
LITTLE_BYTES: Final = 4 * 1024
"""How much to read at once behind a read that held more chunks than that: others wait while they are taken apart."""

# The alternatives exclude each other: no line takes longer than its length. A carriage return alone is taken by some
# for the line's end, so that what one reads as an extension would be data to the other.
_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,20})(?:;[^\r\n]*|[ \t]*)\r\n")
_FRAMING: Final = frozenset((b"content-length", b"transfer-encoding"))


@attrs.define(eq=False, repr=False)
class Chunked:
    """One body on its way: `feed` what came, until it `is_complete`."""

    is_complete: bool = attrs.field(default=False, init=False)
    """Whether the last chunk and the trailers behind it have been read."""
    rest: bytes = attrs.field(default=b"", init=False, repr=False)
    """What came behind the end."""
    fault: HttpFault | None = attrs.field(default=None, init=False)
    """Why the body is none. What came before that is still given, and the fault is raised by the next `feed`."""
    _left: int = attrs.field(default=0, init=False)
    """What of the current chunk has yet to come, its line end included: 0 before a line that tells a size."""
    _is_in_trailers: bool = attrs.field(default=False, init=False)
    _held: bytearray = attrs.field(factory=bytearray, init=False, repr=False)
    """The beginning of a line, or of the trailers, that is not whole yet."""

    def feed(self, data: bytes) -> list[bytes]:
        """What of the body is in `data`, in order and in slices of it. Trailers are read and dropped.

        Raises:
            HttpFault: it goes on with what is no chunk.
        """
        if self.fault is not None:
            raise self.fault
        pieces: list[bytes] = []
        at, end = 0, len(data)
        try:
            while at < end and not self.is_complete:
                if self._left:
                    at = self._take_chunk(data, at, pieces)
                elif self._is_in_trailers:
                    at = self._take_trailers(data, at)
                else:
                    at = self._take_size(data, at)
        except HttpFault as fault:
            self.fault = fault
            if not pieces:
                raise
        else:
            if at < end:
                self.rest += data[at:]
        return pieces

    def _take_chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Take what there is of the chunk and of its line end, and say where what follows begins."""
        left = self._left
        if left > 2:
            piece = data[at : at + left - 2]
            pieces.append(piece)
            at += len(piece)
            left -= len(piece)
        if left <= 2:
            seen = data[at : at + left]
            if not b"\r\n"[-left:].startswith(seen):
                raise HttpFault("a chunk does not end where it should")
            at += len(seen)
            left -= len(seen)
        self._left = left
        return at

    def _take_size(self, data: bytes, at: int) -> int:
        if not self._held and (line := _SIZE_LINE.match(data, at)) is not None:
            at = line.end()
            length = at - line.start()
        else:
            held = self._held
            before = self._hold(data, at)
            ends = held.find(b"\r\n", max(before - 1, 0))
            if ends < 0:
                return self._wait(data)
            length = ends + 2
            at += length - before
            line = _SIZE_LINE.fullmatch(bytes(held[:length]))
            held.clear()
        if line is None or length > MAX_LINE_BYTES:
            raise HttpFault("a chunk's size is malformed")
        size = int(line[1], 16)
        self._left = size + 2 if size else 0
        self._is_in_trailers = not size
        return at

    def _take_trailers(self, data: bytes, at: int) -> int:
        if not self._held and data.startswith(b"\r\n", at):  # as a rule there are none
            self.is_complete = True
            return at + 2
        held = self._held
        before = self._hold(data, at)
        if held.startswith((b"\n", b"\r\n")):
            length = held.index(b"\n") + 1
        elif (blank := BLANK_LINE.search(held, max(before - 2, 0))) is not None:
            length = blank.end()
            names = {name for name, _ in fields_of(lines_of(bytes(held[:length])))}
            if length > MAX_LINE_BYTES or names & _FRAMING:
                raise HttpFault("the trailers are too long, or say where the body ends")
        else:
            return self._wait(data)
        held.clear()
        self.is_complete = True
        return at + length - before

    def _hold(self, data: bytes, at: int) -> int:
        """Put what follows to what is held, no more of it than may be there, and say how much it was before."""
        before = len(self._held)
        self._held += data[at : at + MAX_LINE_BYTES + 1 - before]
        return before

    def _wait(self, data: bytes) -> int:
        if len(self._held) > MAX_LINE_BYTES:
            raise HttpFault("a chunk's line is too long, or the trailers are")
        return len(data)
