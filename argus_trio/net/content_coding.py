"""Bodies that a server compressed although nobody asked it to (RFC 9110, section 8.4.1): gzip and deflate. Sans I/O.

What is decoded comes in pieces of bounded size, and as soon as it can be told: the events of a stream do not wait for
its end.
"""

from __future__ import annotations

import zlib
from typing import Final, Protocol

import attrs

from argus_trio.errors import AnswerInvalid

PIECE_BYTES: Final = 64 * 1024
"""The most that is decoded at once: a few bytes can stand for a thousand times as many."""

_GZIP: Final = zlib.MAX_WBITS | 16
_ZLIB: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ALIASES: Final = {"x-gzip": "gzip"}
_READABLE: Final = ("gzip", "deflate")
_NAMED_CHARACTERS: Final = 40


class _Inflater(Protocol):
    """What of zlib's own object is used."""

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


def coding_of(content_encoding: str) -> str:
    """The one coding that a `Content-Encoding` stands for, in lower case; empty where the body is as it is."""
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    return ", ".join(_ALIASES.get(coding, coding) for coding in codings if coding not in ("", "identity"))


@attrs.define(eq=False, repr=False)
class ContentDecoder:
    """One body on its way out of its coding: `feed` what came, then `next_piece` until it gives nothing.

    A body that ends early is at its end: whoever reads what it holds will know what is missing.
    """

    _coding: str
    _inflater: _Inflater | None = attrs.field(default=None, init=False)
    _waiting: bytes = attrs.field(default=b"", init=False)
    """What came and is not decoded yet."""
    _has_given: bool = attrs.field(default=False, init=False)
    _is_full: bool = attrs.field(default=False, init=False)
    """Whether the last piece was a full one, so that more may follow without anything further that comes."""

    def __attrs_post_init__(self) -> None:
        """Raises `AnswerInvalid` for a coding that cannot be read."""
        if self._coding not in _READABLE:
            named = "".join(c if c.isprintable() else "?" for c in self._coding[:_NAMED_CHARACTERS])
            raise AnswerInvalid(f"its answer is compressed with {named}, though it was told to send it as it is")

    def feed(self, chunk: bytes) -> None:
        """Take what came next."""
        self._waiting += chunk

    def next_piece(self) -> bytes:
        """The next of what is decoded, at most `PIECE_BYTES`; empty once more has to come.

        Raises:
            AnswerInvalid: the body is not in its coding.
        """
        while self._waiting or self._is_full:
            inflater = self._inflater_now()
            if inflater is None:
                break
            try:
                piece = inflater.decompress(self._waiting, PIECE_BYTES)
            except zlib.error:
                raise self._unreadable() from None
            self._is_full = len(piece) == PIECE_BYTES and not inflater.eof
            self._waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if piece:
                self._has_given = True
                return piece
        return b""

    def finish(self) -> None:
        """Take note that nothing more comes.

        Raises:
            AnswerInvalid: there was something, and it was too little to be anything.
        """
        is_read = self._has_given or (self._inflater is not None and self._inflater.eof)
        if not is_read and (self._waiting or self._inflater is not None):
            raise self._unreadable()

    def _unreadable(self) -> AnswerInvalid:
        return AnswerInvalid(f"its answer should be compressed with {self._coding}, and is not")

    def _inflater_now(self) -> _Inflater | None:
        """What reads on; None while too little has come to know that, and behind the end."""
        if self._inflater is None or self._inflater.eof:
            window = self._first_frame() if self._inflater is None else self._next_frame()
            if window is None:
                return None
            self._inflater = zlib.decompressobj(window)
        return self._inflater

    def _first_frame(self) -> int | None:
        if self._coding == "gzip":
            return _GZIP
        if len(self._waiting) < 2:
            return None
        # Some say deflate and leave away the frame that belongs to it (RFC 1950, section 2.2, tells one).
        first, second = self._waiting[:2]
        return _ZLIB if first & 0x0F == 8 and (first << 8 | second) % 31 == 0 else _RAW

    def _next_frame(self) -> int | None:
        """A gzip body may have several members (RFC 1952, section 2.2); what else is behind the end is no one's."""
        begins_member = self._coding == "gzip" and self._waiting[: len(_GZIP_MAGIC)] == _GZIP_MAGIC
        if not begins_member and (self._coding != "gzip" or self._waiting != _GZIP_MAGIC[:1]):
            self._waiting = b""
        return _GZIP if begins_member else None
