"""The heads of one client's requests: the next one is mostly the last one, but for the length of its body; sans I/O."""

from __future__ import annotations

import re
from typing import Final

import attrs
import msgspec

from argus_trio.wire.http1.request_head import MAX_DIGITS, RequestHead, read_request_head

_NAME: Final = b"content-length"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


@attrs.define(eq=False, repr=False)
class RepeatedHead:
    """Reads the heads of one connection. What it gives is what `read_request_head` would."""

    _front: bytes = attrs.field(default=b"", init=False)
    """What stood before the digits of the last length; empty where there is nothing to compare with."""
    _back: bytes = attrs.field(default=b"", init=False)
    """What stood behind them."""
    _last: RequestHead | None = attrs.field(default=None, init=False)
    _at: int = attrs.field(default=0, init=False)
    """Where the length stands among its header fields."""

    def read(self, head: bytes) -> RequestHead:
        """The request in `head`; raises what `read_request_head` raises."""
        last, front, back = self._last, self._front, self._back
        if last is not None and head.startswith(front) and head.endswith(back):
            digits = head[len(front) : len(head) - len(back)]
            if digits.isdigit() and len(digits) <= MAX_DIGITS:
                headers = last.headers.copy()
                headers[self._at] = (_NAME, digits)
                return msgspec.structs.replace(last, headers=headers, length=int(digits))
        return self._remember(head, read_request_head(head))

    def _remember(self, head: bytes, read: RequestHead) -> RequestHead:
        self._last = None
        places = [at for at, (name, _) in enumerate(read.headers) if name == _NAME]
        length = _LENGTH.search(head) if len(places) == 1 and not read.is_chunked else None
        if length is not None:
            self._last, self._at = read, places[0]
            self._front, self._back = head[: length.start(1)], head[length.end(1) :]
        return read
