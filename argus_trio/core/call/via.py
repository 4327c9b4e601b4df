"""The gateways that a request has come by, so that one which is its own backend is noticed, whatever lies between.

Each gateway has an id. What it sends to its backends names it, and the gateways that have asked it lately: what they
ask for may be what it asks for next. An id stands behind that of the gateway which it asks, or says at which place that
one stands: `a, b, c, d>0` means that `c` asks `b`, which asks `a`, and so does `d`.

A request that names who gets it has come round. Were each gateway of a ring to refuse what comes round, the ring would
be cut in several places, for all of them know of it at about the same time, and they would meet again and again. So
only the one refuses whose id is the least of the ring: it is cut once, and always in the same place.
"""

from __future__ import annotations

import re
from math import inf
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.wire.headers import VIA, Headers

VARIABLE: Final = "ARGUS_VIA"
"""The same for a program: a bridge that is started as a backend passes it on."""
CALLER_SECONDS: Final = 120.0
"""How long a gateway that has asked is named: longer than its signs of life are apart."""
MOST_NAMED: Final = 32
"""How many gateways are named, and read: no chain is longer, and no header may fill the memory."""
_NAMED: Final = re.compile(r"([0-9a-f]{16})(?:>([0-9]{1,2}))?")


@attrs.frozen(kw_only=True)
class _Caller(Value):
    """A gateway that has asked: whom it named, itself first, each with the one that it asks; and until when that is
    named on."""

    named: dict[str, str]
    until: float


@attrs.define(eq=False, repr=False)
class Via:
    """The gateway itself and who has asked it. Without an id of its own it names nobody."""

    own: str = ""
    text: str = attrs.field(default="", init=False)
    """The ids, its own first."""
    _headers: Headers = attrs.field(default=(), init=False)
    _callers: dict[str, _Caller] = attrs.field(factory=dict, init=False)
    """Who has asked, by the id of the last gateway on the way here."""
    _forgets_at: float = attrs.field(default=inf, init=False)

    def __attrs_post_init__(self) -> None:
        self._name()

    def headers(self, now: float) -> Headers:
        """What goes with a request to a backend. Who has not asked for long is named no more."""
        if now >= self._forgets_at:
            self._callers = {each: caller for each, caller in self._callers.items() if caller.until > now}
            self._name()
        return self._headers

    def comes_round(self, value: str, now: float) -> bool:
        """Whether a request with this header has been here before, and is to be refused here. Who sent another one is
        named from now on, and who is refused no longer."""
        named = _named_in(value)
        self.headers(now)
        if not named:
            return False
        sender = next(iter(named))
        if self.own in named and self.own == min(_ring(named, self.own)):
            if self._callers.pop(sender, None) is not None:
                self._name()
            return True
        if sender in self._callers or len(self._callers) < MOST_NAMED - 1:
            self._callers[sender] = _Caller(named=named, until=now + CALLER_SECONDS)
            self._name()
        return False

    def _name(self) -> None:
        self._forgets_at = min((caller.until for caller in self._callers.values()), default=inf)
        if not self.own:
            return
        places = {self.own: 0}
        parts = [self.own]
        for caller in self._callers.values():
            for each, asked in caller.named.items():
                if each in places or len(places) == MOST_NAMED:
                    continue
                at = places.get(asked, 0)
                parts.append(each if at == len(places) - 1 else f"{each}>{at}")
                places[each] = len(places)
        self.text = ", ".join(parts)
        self._headers = ((VIA, self.text),)


def _named_in(value: str) -> dict[str, str]:
    """The ids in a header, each with that of the gateway which it asks; the first, who sent it, with an empty one."""
    named: dict[str, str] = {}
    ids: list[str] = []
    for part in value.split(",", MOST_NAMED)[:MOST_NAMED]:
        found = _NAMED.fullmatch(part.strip())
        if found is None:
            continue
        at = int(found[2]) if found[2] else len(ids) - 1
        named.setdefault(found[1], ids[min(at, len(ids) - 1)] if ids else "")
        ids.append(found[1])
    return named


def _ring(named: dict[str, str], own: str) -> list[str]:
    """The gateways from `own` on to who sent the header: its ring. In `named` who is asked stands before who asks."""
    ring = [own]
    while asked := named[ring[-1]]:
        ring.append(asked)
    return ring
