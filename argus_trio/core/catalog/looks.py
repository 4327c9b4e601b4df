"""When to list again what nobody said has changed: sans I/O, kind by kind of one connection.

A list that did not come is asked for again, ever later. One whose changes cannot be heard of is looked at in intervals;
one that was empty at first some seconds after; one that a call throws doubt on soon, but ever later while there was
nothing to it. What a backend itself says has changed is paced in `storm.py`.
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Final

import attrs

from argus_trio.core.catalog.storm import LONGEST_VAIN_SECONDS

EMPTY_SECONDS: Final = (3.0, 12.0)
"""How long after an empty first list it is looked at again, and how long after that once more: servers that fill their
lists after they have greeted, and cannot say so, have done so by then."""
DOUBT_SECONDS: Final = 1.0
"""The shortest time from one look at a list to the next that a call gives rise to, or that somebody asks for; doubled
with each that found nothing new, up to `LONGEST_VAIN_SECONDS`: clients repeat a call that fails."""
LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0
"""How long a backend is left alone at most that asks for it: an hour is the longest window of usual rate limits."""


class Why(Enum):
    """Why a list is to be looked at."""

    INTERVAL = "interval"
    """It has counted as true for long enough."""
    FAILED = "failed"
    """It did not come the last time."""
    EMPTY = "empty"
    """It was empty at first."""
    DOUBTED = "doubted"
    """A call was answered as if it were not true."""
    ASKED = "asked"
    """Somebody asked for it."""


@attrs.define(eq=False, repr=False, kw_only=True)
class _Look:
    """What is known of the list of one kind, and when it is looked at next."""

    due_at: float = inf
    why: Why = Why.INTERVAL
    looked_at: float = -inf
    failures: int = 0
    """The number of times in a row that it did not come."""
    empty: int = 0
    """The number of times in a row, from the first, that it was empty."""
    vain_doubts: int = 0
    """The number of doubts in a row to which there was nothing."""

    def bring_forward(self, due_at: float, why: Why) -> None:
        """Have the next look at `due_at`, unless one is due before."""
        if due_at < self.due_at:
            self.due_at, self.why = due_at, why


@attrs.define(eq=False, repr=False)
class Looks:
    """The looks at the lists of one connection. Times are seconds of one clock."""

    _looks: dict[str, _Look] = attrs.field(factory=dict, init=False)

    @property
    def due_at(self) -> float:
        """When the next look is due; infinite if none is."""
        return min((look.due_at for look in self._looks.values()), default=inf)

    def due(self, now: float) -> dict[str, Why]:
        """The kinds that are to be looked at by now, each with the reason."""
        return {kind: look.why for kind, look in self._looks.items() if look.due_at <= now}

    def next_of(self, kind: str) -> float:
        """When this kind is looked at again; infinite if that is not planned."""
        return self._of(kind).due_at

    def failures_of(self, kind: str) -> int:
        """How many times in a row this kind did not come."""
        return self._of(kind).failures

    def came(self, kind: str, now: float, interval: float, *, is_empty: bool, has_changed: bool) -> None:
        """Note that a list came; `interval` is how long it counts as true."""
        look = self._of(kind)
        is_first = look.looked_at == -inf
        if look.why is Why.DOUBTED:
            look.vain_doubts = 0 if has_changed else look.vain_doubts + 1
        look.failures, look.looked_at = 0, now
        look.due_at, look.why = now + interval, Why.INTERVAL
        if not is_empty or not (is_first or look.empty):
            look.empty = 0
        elif look.empty < len(EMPTY_SECONDS):
            look.bring_forward(now + EMPTY_SECONDS[look.empty], Why.EMPTY)
            look.empty += 1

    def failed(self, kind: str, now: float, delay: float, retry_after: float | None) -> None:
        """Note that a list did not come; it is due after `delay` seconds, or as long as the backend asked for."""
        look = self._of(kind)
        look.failures += 1
        look.due_at = now + max(delay, min(retry_after or 0.0, LONGEST_RETRY_AFTER_SECONDS))
        look.why = Why.FAILED

    def doubted(self, kind: str, now: float) -> None:
        """Note that there is reason to look at a list that came."""
        look = self._of(kind)
        wait = min(LONGEST_VAIN_SECONDS, DOUBT_SECONDS * 2.0 ** min(look.vain_doubts, 32))
        look.bring_forward(max(now, look.looked_at + wait), Why.DOUBTED)

    def asked(self, kind: str, now: float) -> None:
        """Note that somebody wants the list looked at now."""
        look = self._of(kind)
        look.bring_forward(max(now, look.looked_at + DOUBT_SECONDS), Why.ASKED)

    def put_off(self, kind: str, until: float) -> None:
        """Have the next look at a list not before `until`: for now it counts as true, or is being looked at."""
        self._of(kind).due_at = until

    def _of(self, kind: str) -> _Look:
        return self._looks.setdefault(kind, _Look())
