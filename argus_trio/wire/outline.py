"""What can be known of a message that is too large to be held, or cannot be read: what stands at its two ends.

It is enough to tell whose answer it is, as a message names its request before its result or behind it.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.wire.members import object_or_none

KEPT_BYTES: Final = 4096
"""How much of each end is kept: far more than all members of an envelope need but the result itself."""

_ANSWERS: Final = frozenset({b"result", b"error"})
_CALLS: Final = frozenset({b"method", b"params"})
_MEMBER: Final = re.compile(
    rb'([{,])\s*"(jsonrpc|id|method|params|result|error)"\s*:\s*'
    rb'("(?:[^"\\]|\\.)*+"|-?[0-9][0-9.eE+-]*+(?=\s*[,}])|null)?'
)


@attrs.frozen(kw_only=True)
class Oversized(Value):
    """A message that is larger than its bound: both its ends, and its size in bytes."""

    head: bytes
    tail: bytes
    size: int
    lacked_room: bool = False
    """Whether it is within its bound, and there was no room for it."""


@attrs.define(eq=False, repr=False)
class Ends:
    """Gathers the ends of a message out of its pieces, and forgets what stands between them."""

    size: int = attrs.field(default=0, init=False)
    """The bytes so far."""
    lacks_room: bool = False
    """Whether there is no room for what is within its bound."""
    _head: bytearray = attrs.field(factory=bytearray, init=False)
    _tail: bytearray = attrs.field(factory=bytearray, init=False)

    def add(self, piece: bytes | bytearray) -> None:
        """Take the next piece."""
        self.size += len(piece)
        self._head += piece[: KEPT_BYTES - len(self._head)]
        self._tail += piece[-KEPT_BYTES:]
        del self._tail[:-KEPT_BYTES]

    def gathered(self) -> Oversized:
        """The message, at its end."""
        head, tail = bytes(self._head), bytes(self._tail)
        return Oversized(head=head, tail=tail, size=self.size, lacked_room=self.lacks_room)


@attrs.frozen(kw_only=True)
class Outline(Value):
    """What the ends of a message tell."""

    id: bytes | None
    """Its raw id, None where that is not known, or null."""
    is_answer: bool
    """Whether it means to be an answer: it is JSON-RPC, has an id, a result or an error, and neither method nor params
    as far as that is known."""


def outline(head: bytes, tail: bytes) -> Outline:
    """What stands at the ends of one JSON object; `tail` is empty where it is not known to be the object's end."""
    before, behind = _before(head.lstrip()), _behind(tail.rstrip())
    known = behind | before
    found = known.get(b"id")
    says = before if before.keys() & _ANSWERS else known
    is_answer = b"jsonrpc" in known and bool(known.keys() & {b"id", *_ANSWERS}) and not says.keys() & _CALLS
    return Outline(id=None if found in (None, b"null") else found, is_answer=is_answer)


def _before(head: bytes) -> dict[bytes, bytes | None]:
    """The members of the object itself, and not of one within it: what stands before one is then whole."""
    known: dict[bytes, bytes | None] = {}
    for found in _MEMBER.finditer(head):
        opens, at = found[1] == b"{", found.start()
        if at == 0 if opens else object_or_none(head[:at] + b"}") is not None:
            known[found[2]] = found[3]
    return known


def _behind(tail: bytes) -> dict[bytes, bytes | None]:
    """As `_before`, from the end: what begins with one is then an object of its own."""
    known: dict[bytes, bytes | None] = {}
    for found in _MEMBER.finditer(tail):
        if found[1] == b"," and object_or_none(b"{" + tail[found.start() + 1 :]) is not None:
            known[found[2]] = found[3]
    return known
