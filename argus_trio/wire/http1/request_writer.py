"""A request as it goes to a server (RFC 9112, section 3), checked so that nothing in it ends a line or a head early."""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import TOKEN, Fields

_VALUE: Final = re.compile(rb"(?:[^\x00\s](?:[^\x00\r\n\v\f]*[^\x00\s])?)?")
_TARGET: Final = re.compile(r"[!-~]+")
_METHOD: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_MOST_REMEMBERED: Final = 64
_LONGEST_LINE: Final = 512
_LONGEST_HEAD: Final = 1024
"""How many headers and heads are remembered, and up to how many bytes: most are the same in each request."""


@attrs.define(eq=False, repr=False)
class RequestWriter:
    """Writes the requests to one server."""

    _lines: dict[tuple[bytes, bytes], bytes] = attrs.field(factory=dict, init=False, repr=False)
    """Headers that were found good, as they are written."""
    _heads: dict[tuple[object, ...], bytes] = attrs.field(factory=dict, init=False, repr=False)
    """Whole heads that were found good, as they are written: most differ in the length of the body alone."""

    def write(self, method: str, target: str, headers: Fields, body: bytes) -> bytes:
        """The bytes of a request with its whole body, whose length the headers tell if there is one.

        Raises:
            HttpFault: it holds what cannot be sent, or does not say rightly what it is.
        """
        asked = (method, target, len(body), *headers)
        written = self._heads.get(asked)
        if written is None:
            written = self._head(method, target, headers, body)
            if len(written) <= _LONGEST_HEAD:
                if len(self._heads) >= _MOST_REMEMBERED:
                    self._heads.clear()
                self._heads[asked] = written
        return written + body

    def _head(self, method: str, target: str, headers: Fields, body: bytes) -> bytes:
        if not _METHOD.fullmatch(method) or not _TARGET.fullmatch(target):
            raise HttpFault("the method or the target holds what none may hold")
        names = [name.lower() for name, _ in headers]
        if names.count(b"host") != 1 or b"transfer-encoding" in names:
            raise HttpFault("a request names one host, and is not sent in chunks")
        told = [value for name, value in zip(names, headers, strict=True) if name == b"content-length"]
        if (told or body) and [value for _, value in told] != [b"%d" % len(body)]:
            raise HttpFault("a request says how long its body is")
        lines = self._lines
        head = [lines.get(header) or self._line(header) for header in headers]
        return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode("ascii"), target.encode("ascii"), b"".join(head))

    def _line(self, header: tuple[bytes, bytes]) -> bytes:
        name, value = header
        if not TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise HttpFault("a header holds what no header may hold")
        line = b"%b: %b\r\n" % header
        if len(line) <= _LONGEST_LINE:
            if len(self._lines) >= _MOST_REMEMBERED:
                self._lines.clear()
            self._lines[header] = line
        return line
