"""Moments as the contract has them, whichever clock they are told by."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import overload

import attrs
import trio

from argus_trio import Value


@attrs.frozen(kw_only=True)
class Clocks(Value):
    """The same moment on the clock that values use, and as seconds of the Unix epoch."""

    now: float
    unix: float

    @classmethod
    def read(cls) -> Clocks:
        """Both as they are now."""
        return cls(now=trio.current_time(), unix=time.time())

    @overload
    def rfc3339(self, moment: float) -> str: ...
    @overload
    def rfc3339(self, moment: None) -> None: ...
    def rfc3339(self, moment: float | None) -> str | None:
        """A moment of the former, as people and programs write it."""
        return None if moment is None else rfc3339(self.unix + moment - self.now)


def rfc3339(unix: float) -> str:
    """A moment of Unix time, as people and programs write it."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
