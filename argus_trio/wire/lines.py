"""Lines out of bytes that arrive in chunks, in time linear in their total and with a bound on memory.

Nothing here knows what the lines hold, or does I/O.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.errors import ArgusError
from argus_trio.wire.outline import Ends, Oversized

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""The default bound on one line: far above any message, and far below what would starve the machine."""


class LineTooLong(ArgusError):
    """A line is longer than `limit` bytes. `before` holds the whole lines that came before it in the same chunk."""

    def __init__(self, limit: int, before: list[bytes]) -> None:
        super().__init__(f"a line is longer than {limit} bytes")
        self.limit = limit
        self.before = before


@attrs.define(eq=False)
class Lines:
    r"""Cuts one stream of bytes into lines.

    A line ends at `\n`, and one `\r` before that is dropped; a lone `\r` is an ordinary byte. `limit` bounds a line in
    bytes without its `\n`.
    """

    limit: int = MAX_LINE_BYTES
    _partial: bytearray = attrs.field(factory=bytearray, init=False)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends.

        Raises:
            LineTooLong: a line is longer than the limit, ended or not; it is lost, and nothing more may be fed.
        """
        pieces = chunk.split(b"\n") if b"\n" in chunk else (chunk,)  # what is large is copied as seldom as can be
        whole: list[bytes] = []
        for piece in pieces[:-1]:
            if len(self._partial) + len(piece) > self.limit:
                raise self._too_long(whole)
            if self._partial:
                whole.append(b"".join((self._partial, piece)).removesuffix(b"\r"))
                self._partial.clear()
            else:
                whole.append(piece.removesuffix(b"\r"))
        if len(self._partial) + len(pieces[-1]) > self.limit:
            raise self._too_long(whole)
        self._partial += pieces[-1]
        return whole

    def rest(self) -> bytes:
        """The bytes after the last line end; asked for once, at the end of the stream."""
        rest = bytes(self._partial)
        self._partial.clear()
        return rest

    def _too_long(self, before: list[bytes]) -> LineTooLong:
        self._partial.clear()
        return LineTooLong(self.limit, before)


@attrs.define(eq=False)
class BoundedLines:
    """`Lines` that go on behind a line beyond the limit: of that one, both its ends and its size are told, and at no
    time is more of it held than the limit."""

    limit: int
    partial: bytearray = attrs.field(factory=bytearray, init=False)
    """What is held of a line that has not ended."""
    _ends: Ends | None = attrs.field(default=None, init=False)
    """The ends of a line that is beyond the limit and has not ended."""

    def feed(self, chunk: bytes) -> list[bytes | Oversized]:
        """The lines that `chunk` completes, without their ends."""
        pieces = chunk.split(b"\n") if b"\n" in chunk else (chunk,)
        whole: list[bytes | Oversized] = []
        for piece in pieces[:-1]:
            if self._ends is not None or len(self.partial) + len(piece) > self.limit:
                whole.append(self._spilled(piece).gathered())
                self._ends = None
            elif self.partial:
                whole.append(b"".join((self.partial, piece)).removesuffix(b"\r"))
                self.partial.clear()
            else:
                whole.append(piece.removesuffix(b"\r"))
        if self._ends is not None or len(self.partial) + len(pieces[-1]) > self.limit:
            self._spilled(pieces[-1])
        else:
            self.partial += pieces[-1]
        return whole

    @property
    def held(self) -> int:
        """How much of a line is held that has not ended."""
        return len(self.partial)

    def cut(self) -> None:
        """Hold no more of that line than its ends, as if it were beyond the limit: there is no room for it."""
        self._ends = Ends(lacks_room=True)
        self._ends.add(self.partial)
        self.partial.clear()

    def rest(self) -> bytes:
        """The bytes after the last line end, none if they are beyond the limit; asked for once, at the stream's end."""
        rest = bytes(self.partial)
        self.partial.clear()
        return rest

    def _spilled(self, piece: bytes) -> Ends:
        if self._ends is None:
            self._ends = Ends()
            self._ends.add(self.partial)
            self.partial.clear()
        self._ends.add(piece)
        return self._ends
