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
LARGE_PIECE: Final = 4096
"""From this size on a piece is not copied but for being joined, and its end is found by `find`, which goes straight to
it: `split` looks at each byte, but costs less than a `find` for each of many lines."""
_SOME_LINES: Final = 8
"""How many short lines are found one by one before a long one."""


class LineTooLong(ArgusError):
    """A line is longer than `limit` bytes. `before` holds the whole lines that came before it in the same chunk."""

    def __init__(self, limit: int, before: list[bytes]) -> None:
        super().__init__(f"a line is longer than {limit} bytes")
        self.limit = limit
        self.before = before


def cut(chunk: bytes) -> list[bytes]:
    r"""As `chunk.split(b"\n")`, in less time where its lines are long."""
    pieces: list[bytes] = []
    start = 0
    while len(chunk) - start >= LARGE_PIECE and len(pieces) <= _SOME_LINES + start // LARGE_PIECE:
        end = chunk.find(b"\n", start)
        if end < 0:
            return [*pieces, chunk[start:]]
        pieces.append(chunk[start:end])
        start = end + 1
    return pieces + chunk[start:].split(b"\n")


@attrs.define(eq=False, repr=False)
class _Beginning:
    """What has come of a line that has not ended: large pieces as they came, to be copied once, when it has."""

    size: int = attrs.field(default=0, init=False)
    _pieces: list[bytes | bytearray] = attrs.field(factory=list, init=False)

    def add(self, piece: bytes) -> None:
        """Hold another piece."""
        self.size += len(piece)
        if len(piece) >= LARGE_PIECE:
            self._pieces.append(piece)
        elif self._pieces and isinstance(self._pieces[-1], bytearray):
            self._pieces[-1] += piece  # on its own each would take much more than its bytes
        else:
            self._pieces.append(bytearray(piece))

    def taken(self, *end: bytes) -> bytes:
        """What is held, and then `end`; nothing is held any more."""
        whole = b"".join((*self._pieces, *end))
        self._pieces.clear()
        self.size = 0
        return whole


@attrs.define(eq=False, repr=False)
class Lines:
    r"""Cuts one stream of bytes into lines.

    A line ends at `\n`, and one `\r` before that is dropped; a lone `\r` is an ordinary byte. `limit` bounds a line in
    bytes without its `\n`.
    """

    limit: int = MAX_LINE_BYTES
    _begun: _Beginning = attrs.field(factory=_Beginning, init=False)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends.

        Raises:
            LineTooLong: a line is longer than the limit, ended or not; it is lost, and nothing more may be fed.
        """
        pieces = chunk.split(b"\n") if len(chunk) < LARGE_PIECE else cut(chunk)
        whole: list[bytes] = []
        for piece in pieces[:-1]:
            if self._begun.size + len(piece) > self.limit:
                raise self._too_long(whole)
            line = self._begun.taken(piece) if self._begun.size else piece
            whole.append(line.removesuffix(b"\r"))
        if self._begun.size + len(pieces[-1]) > self.limit:
            raise self._too_long(whole)
        if pieces[-1]:
            self._begun.add(pieces[-1])
        return whole

    def rest(self) -> bytes:
        """The bytes after the last line end; asked for once, at the end of the stream."""
        return self._begun.taken()

    def _too_long(self, before: list[bytes]) -> LineTooLong:
        self._begun.taken()
        return LineTooLong(self.limit, before)


@attrs.define(eq=False, repr=False)
class BoundedLines:
    """`Lines` that go on behind a line beyond the limit: of that one, both its ends and its size are told, and at no
    time is more of it held than the limit."""

    limit: int
    _begun: _Beginning = attrs.field(factory=_Beginning, init=False)
    _ends: Ends | None = attrs.field(default=None, init=False)
    """The ends of a line that is beyond the limit and has not ended."""

    def feed(self, chunk: bytes) -> list[bytes | Oversized]:
        """The lines that `chunk` completes, without their ends."""
        pieces = chunk.split(b"\n") if len(chunk) < LARGE_PIECE else cut(chunk)
        whole: list[bytes | Oversized] = []
        begun = self._begun
        for piece in pieces[:-1]:
            if self._ends is not None or begun.size + len(piece) > self.limit:
                whole.append(self._spilled(piece).gathered())
                self._ends = None
            else:
                line = begun.taken(piece) if begun.size else piece
                whole.append(line.removesuffix(b"\r"))
        rest = pieces[-1]
        if self._ends is not None or begun.size + len(rest) > self.limit:
            self._spilled(rest)
        elif rest:
            begun.add(rest)
        return whole

    @property
    def held(self) -> int:
        """How much of a line is held that has not ended."""
        return self._begun.size

    def cut(self) -> None:
        """Hold no more of that line than its ends, as if it were beyond the limit: there is no room for it."""
        self._ends = Ends(lacks_room=True)
        self._ends.add(self._begun.taken())

    def rest(self) -> bytes:
        """The bytes after the last line end, none if they are beyond the limit; asked for once, at the stream's end."""
        return self._begun.taken()

    def _spilled(self, piece: bytes) -> Ends:
        if self._ends is None:
            self._ends = Ends()
            self._ends.add(self._begun.taken())
        self._ends.add(piece)
        return self._ends
