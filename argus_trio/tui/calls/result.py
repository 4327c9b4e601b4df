"""A result as it is read once, when it comes: its parts are found and left as they are. Pure, and bounded."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

SMALL_BYTES: Final = 1024 * 1024
"""A result up to this size is read whatever it holds."""
OBJECTS_READ: Final = 100_000
"""A larger result with more objects than this is not taken apart: it is shown as the text that it is, and saved."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReadResult:
    """The members of the results of all three kinds of calls."""

    content: list[dict[str, msgspec.Raw]] = attrs.field(factory=list)
    structuredContent: msgspec.Raw = msgspec.Raw()  # noqa: N815, RUF009 - as MCP writes it; a Raw is never changed
    isError: bool = False  # noqa: N815
    contents: list[dict[str, msgspec.Raw]] = attrs.field(factory=list)
    messages: list[dict[str, msgspec.Raw]] = attrs.field(factory=list)
    description: str | None = None
    backend: str | None = None

    @property
    def structured(self) -> msgspec.Raw | None:
        """The structured content; None where there is none."""
        return self.structuredContent if bytes(memoryview(self.structuredContent)[:5]) not in (b"", b"null") else None


def read_result(raw: bytes) -> ReadResult | None:
    """The parts of a result; None for one that is not as MCP has it, or of too many parts."""
    if len(raw) > SMALL_BYTES and raw.count(b"{") > OBJECTS_READ:
        return None
    try:
        return msgspec.json.decode(raw, type=ReadResult)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def says_error(raw: bytes, result: ReadResult | None) -> bool:
    """Whether a result says that the tool failed, be it one that is not taken apart."""
    return result.isError if result is not None else b'"isError":true' in raw
