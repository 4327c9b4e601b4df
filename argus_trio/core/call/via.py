"""The gateways that a request has come by, so that one which is its own backend is noticed, whatever lies between.

Each gateway has an id. What it sends to its backends names it, and the gateways that have asked it lately: what they
ask for may be what it asks for next.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio.wire.headers import VIA, Headers

VARIABLE: Final = "ARGUS_VIA"
"""The same for a program: a bridge that is started as a backend passes it on."""
CALLER_SECONDS: Final = 120.0
"""How long a gateway that has asked is named: longer than its signs of life are apart."""
MOST_NAMED: Final = 32
"""How many gateways are named, and read: no chain is longer, and no header may fill the memory."""
_ID: Final = re.compile(r"[0-9a-f]{16}")


@attrs.define(eq=False)
class Via:
    """The gateway itself and who has asked it. Without an id of its own it names nobody."""

    own: str = ""
    headers: Headers = attrs.field(default=(), init=False)
    """What goes with every request to a backend."""
    _callers: dict[str, float] = attrs.field(factory=dict, init=False)
    """Until when each is named."""

    def __attrs_post_init__(self) -> None:
        self.forget(0.0)

    @property
    def text(self) -> str:
        """The ids, its own first."""
        return ", ".join((self.own, *self._callers)) if self.own else ""

    def comes_round(self, value: str, now: float) -> bool:
        """Whether a request with this header has been here before. Who sent another one is named from now on."""
        ids = [part.strip() for part in value.split(",", MOST_NAMED)][:MOST_NAMED]
        if self.own in ids:
            return True
        for each in ids:
            if _ID.fullmatch(each) and (each in self._callers or len(self._callers) < MOST_NAMED - 1):
                self._callers[each] = now + CALLER_SECONDS
        self.forget(now)
        return False

    def forget(self, now: float) -> None:
        """Name nobody any more who has not asked for long."""
        self._callers = {each: until for each, until in self._callers.items() if until > now}
        self.headers = ((VIA, self.text),) if self.own else ()
