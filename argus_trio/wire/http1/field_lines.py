"""The lines of a head or of trailers, whatever their line ends, and the header fields that they are. The careful way.

Whoever has seen that a head is written in the plain grammar takes it apart faster by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from argus_trio.wire.http1.fault import HttpFault

Fields = list[tuple[bytes, bytes]]
"""Header fields in order, names in lower case, values without the white space around them."""

BLANK_LINE: Final = re.compile(rb"\n\r?\n")
"""Where lines end that are followed by an empty one: from the end of the last of them to behind the empty one."""

TOKEN: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
"""What a header's name and a method are made of."""

FORBIDDEN: Final = re.compile(rb"[\x00\n\v\f\r]")
"""What no value of a header may hold. Other control characters are sent, and taken, by many."""


def lines_of(block: bytes) -> list[bytes]:
    """The lines of what ends in a blank line, without their ends and without that line."""
    return [line.removesuffix(b"\r") for line in block.split(b"\n")[:-2]]


def fields_of(lines: Iterable[bytes]) -> Fields:
    """The header fields that `lines` are.

    Raises:
        HttpFault: a line is none.
    """
    fields = []
    for line in _unfolded(lines):
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name) or FORBIDDEN.search(value):
            raise HttpFault("a header's line is malformed")
        fields.append((name.lower(), value.strip(b" \t")))
    return fields


def _unfolded(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, with those that begin in white space behind the one that they continue (RFC 9112, section 5.2)."""
    parts: list[bytes] = []
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            if parts:
                yield b" ".join(parts)
            parts = [line]
        elif parts:
            parts.append(line.lstrip(b" \t"))
        else:
            raise HttpFault("the first header's line continues another one")
    if parts:
        yield b" ".join(parts)
