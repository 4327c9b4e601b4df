"""The head of an answer (RFC 9112, sections 4 and 6): its status, its headers, and where its body ends.

Nearly every server writes it in one plain grammar, which one expression takes. What h11 takes beyond that (other line
ends, folded lines, no reason) is read line by line, and means the same.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.field_lines import BLANK_LINE, Fields, fields_of, lines_of

_VALUE: Final = rb"[^\x00\r\n\v\f]*"
_LINE: Final = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+:" + _VALUE + rb"\r\n"
_PLAIN: Final = re.compile(rb"HTTP/1\.1 ([2-9][0-9]{2}) %b\r\n((?:%b)*)\r\n" % (_VALUE, _LINE))
_FIELD: Final = re.compile(rb"([^:]+):[ \t]*(%b)\r\n" % _VALUE)
"""What finds the fields in lines that are known to be such."""
_STATUS: Final = re.compile(rb"HTTP/([0-9]\.[0-9]) ([1-9][0-9]{2})(?: %b)?" % _VALUE)
_LENGTH: Final = re.compile(rb"[0-9]{1,20}")

_CONTENT_LENGTH: Final = b"content-length"
_TRANSFER_ENCODING: Final = b"transfer-encoding"
_FRAMING: Final = frozenset((_CONTENT_LENGTH, _TRANSFER_ENCODING, b"connection"))
_BODILESS: Final = (204, 304)


@attrs.frozen(kw_only=True)
class AnswerHead(Value):
    """What an answer says before its body. Without a `length`, and not chunked, that ends with the connection."""

    status: int
    fields: Fields = attrs.field(repr=False)
    length: int | None
    is_chunked: bool
    is_kept: bool
    """Whether the connection may serve another request behind the answer."""


@attrs.define(eq=False, repr=False)
class AnswerHeadReader:
    """The head of the answer to one request, as it comes; what only informs (1xx) is passed over."""

    limit: int
    """The largest head, in bytes, with all that only informs before it: an answer may be announced so without end."""
    rest: bytes = attrs.field(default=b"", init=False, repr=False)
    """What came behind the head."""
    _held: bytearray = attrs.field(factory=bytearray, init=False, repr=False)
    _passed: int = attrs.field(default=0, init=False)
    """How long what only informed was."""

    @property
    def is_begun(self) -> bool:
        """Whether there is a part of a head."""
        return bool(self._held)

    def feed(self, data: bytes) -> AnswerHead | None:
        """Take what came next; the head once it is whole, and nothing is to be fed after it.

        Raises:
            HttpFault: this is no head, a longer one than the limit, or one that may be understood in two ways.
        """
        if not self._held and (plain := _PLAIN.match(data)) is not None and plain.end() <= self.limit:
            self.rest = data[plain.end() :]
            fields = [(name.lower(), value.rstrip(b" \t")) for name, value in _FIELD.findall(plain[2])]
            return _framed(int(plain[1]), fields)
        held = self._held
        start = max(len(held) - 2, 0)
        held += data
        while held:
            if held[0] <= 0x20:
                raise HttpFault("an answer begins with white space, or is none")
            blank = BLANK_LINE.search(held, start)
            if self._passed + (len(held) if blank is None else blank.end()) > self.limit:
                raise HttpFault("the head of an answer is too long")
            if blank is None:
                return None
            head = _read(bytes(held[: blank.end()]))
            del held[: blank.end()]
            self._passed += blank.end()
            start = 0
            if head.status == 101:
                raise HttpFault("the protocol is switched although nobody asked for that")
            if head.status >= 200:
                self.rest = bytes(held)
                return head
        return None


def _read(block: bytes) -> AnswerHead:
    first, *others = lines_of(block)
    said = _STATUS.fullmatch(first)
    if said is None:
        raise HttpFault("the first line is none of an answer")
    return _framed(int(said[2]), fields_of(others), is_old=said[1] < b"1.1")


def _framed(status: int, fields: Fields, *, is_old: bool = False) -> AnswerHead:
    lengths, codings, is_closed = [], [], is_old
    for name, value in fields:
        if name in _FRAMING:
            if name == _CONTENT_LENGTH:
                lengths.append(value)
            elif name == _TRANSFER_ENCODING:
                codings.append(value)
            else:
                is_closed = is_closed or b"close" in (each.strip() for each in value.lower().split(b","))
    if codings and (len(codings) > 1 or codings[0].lower() != b"chunked"):
        raise HttpFault("the transfer coding is another one than chunked")
    length = None
    if lengths:
        told = _one_length(lengths)
        length = int(told)
        if lengths != [told]:
            fields = _with_length(fields, told)
    # An answer that says both is read as chunked by all, and believed no further (RFC 9112, section 6.3).
    is_kept = not is_closed and (length is None if codings else length is not None)
    if status in _BODILESS:
        return AnswerHead(status=status, fields=fields, length=0, is_chunked=False, is_kept=not is_closed)
    return AnswerHead(
        status=status,
        fields=fields,
        length=None if codings else length,
        is_chunked=bool(codings),
        is_kept=is_kept,
    )


def _one_length(lengths: list[bytes]) -> bytes:
    told = {each.strip() for value in lengths for each in value.split(b",")}
    length = told.pop()
    if told or not _LENGTH.fullmatch(length):
        raise HttpFault("the length of the body is said in two ways, or is no number")
    return length


def _with_length(fields: Fields, told: bytes) -> Fields:
    """The fields with the length once, where it is said first."""
    at = [name for name, _ in fields].index(_CONTENT_LENGTH)
    others = [field for field in fields[at:] if field[0] != _CONTENT_LENGTH]
    return [*fields[:at], (_CONTENT_LENGTH, told), *others]
