"""What is typed, out of the bytes of a terminal: keys in urwid's words, what was pasted, and the mouse. Sans I/O."""

from __future__ import annotations

from typing import Final

import attrs
from urwid.display.escape import MoreInputRequired, process_keyqueue

from argus_trio import Value
from argus_trio.tui.message import Key, Pasted

READ_BYTES: Final = 4096
"""How much is read at once: urwid's parser takes time with the square of it."""
PASTE_BYTES: Final = 1 << 20
"""How much of a paste is kept; a longer one is cut, and its user is told."""
REST_SECONDS: Final = 0.125
"""How long the rest of a sequence may take, as urwid waits: what has come by then is Escape and letters."""
PASTE_SECONDS: Final = 2.0
"""How long a paste may come to a halt: its end got lost then, and what is typed is to be keys again."""
_PASTE_END: Final = b"\x1b[201~"


@attrs.frozen(kw_only=True)
class MouseInput(Value):
    """What a mouse did, in urwid's words."""

    event: str
    button: int
    column: int
    row: int


@attrs.frozen
class PasteCut(Value):
    """A paste was longer than what is kept of one."""


TypedInput = Key | Pasted | MouseInput | PasteCut


@attrs.define(eq=False, repr=False)
class KeyReader:
    """Reads bytes in any pieces."""

    _codes: list[int] = attrs.field(factory=list, init=False)
    """The beginning of a sequence."""
    _paste: bytearray | None = attrs.field(default=None, init=False)
    """What has come of a paste."""
    _is_cut: bool = attrs.field(default=False, init=False)

    @property
    def patience(self) -> float | None:
        """After how long without more `ended` is to be called; None where nothing is awaited."""
        if self._paste is not None:
            return PASTE_SECONDS
        return REST_SECONDS if self._codes else None

    def fed(self, raw: bytes) -> list[TypedInput]:
        """What is complete by now."""
        return self._parsed(raw, is_more_awaited=True)

    def ended(self) -> list[TypedInput]:
        """Nothing more has come: what a sequence or a paste has begun with is all of it."""
        if self._paste is not None:
            return self._pasted(bytes(self._paste))
        return self._parsed(b"", is_more_awaited=False)

    def _parsed(self, raw: bytes, *, is_more_awaited: bool) -> list[TypedInput]:
        found: list[TypedInput] = []
        while raw or self._codes:
            if (paste := self._paste) is not None:
                raw = self._of_paste(paste, raw, found)
                if not raw:
                    break
                continue
            codes = [*self._codes, *raw]
            raw, self._codes = b"", []
            try:
                raw = self._keys(codes, found, is_more_awaited=is_more_awaited)
            except MoreInputRequired:
                break
        return found

    def _keys(self, codes: list[int], found: list[TypedInput], *, is_more_awaited: bool) -> bytes:
        """Read keys; what stands behind the beginning of a paste is left."""
        while codes:
            self._codes = codes  # kept where the rest of it has to be awaited
            run, codes = process_keyqueue(codes, is_more_awaited)
            self._codes = []
            for typed in run:
                if typed == "begin paste":
                    self._paste, self._is_cut = bytearray(), False
                    return bytes(codes)
                found += _input_of(typed)
        return b""

    def _of_paste(self, paste: bytearray, raw: bytes, found: list[TypedInput]) -> bytes:
        """Take what belongs to a paste; what stands behind its end is left."""
        before = len(paste)
        paste += raw
        end = paste.find(_PASTE_END, max(before - len(_PASTE_END), 0))
        if end >= 0:
            rest = bytes(paste[end + len(_PASTE_END) :])
            found += self._pasted(bytes(paste[:end]))
            return rest
        if len(paste) > PASTE_BYTES + len(_PASTE_END):
            # the tail stays: the end may be split over two reads
            del paste[PASTE_BYTES : -len(_PASTE_END)]
            self._is_cut = True
        return b""

    def _pasted(self, raw: bytes) -> list[TypedInput]:
        self._paste = None
        is_cut = self._is_cut or len(raw) > PASTE_BYTES
        text = raw[:PASTE_BYTES].decode("utf-8", "ignore" if is_cut else "replace")
        told: list[TypedInput] = [Pasted(text.replace("\r\n", "\n").replace("\r", "\n"))]
        return [*told, PasteCut()] if is_cut else told


def _input_of(typed: object) -> list[TypedInput]:
    match typed:
        case str() if typed == "end paste" or (typed.startswith("<") and len(typed) > 1):
            return []  # the end of no paste, or a sequence that nobody knows
        case str():
            return [Key(typed)]
        case (str() as event, int() as button, int() as column, int() as row) if "mouse" in event:
            return [MouseInput(event=event, button=button, column=column, row=row)]
        case _:
            return []  # an answer of the terminal, which was asked nothing
