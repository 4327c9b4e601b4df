"""Tells the first use of a name from the others, for as long as the names are good. Pure."""

from __future__ import annotations

from typing import Final

import attrs

MOST_NAMES: Final = 10_000
"""How many uses are remembered in one such time. Beyond, a first use passes for a further one."""


@attrs.define(eq=False, repr=False)
class FirstUses:
    """The names that were used, each kept for once to twice the time that it is good for."""

    good_ns: int
    _now: set[str] = attrs.field(factory=set, init=False)
    _before: set[str] = attrs.field(factory=set, init=False)
    _turned_at: int = attrs.field(default=0, init=False)

    def is_first(self, name: str, now_ns: int) -> bool:
        """Note a use of `name`; whether it is the first one."""
        if now_ns - self._turned_at >= self.good_ns:
            is_over = now_ns - self._turned_at >= 2 * self.good_ns
            self._now, self._before, self._turned_at = set(), set() if is_over else self._now, now_ns
        if name in self._now or name in self._before or len(self._now) >= MOST_NAMES:
            return False
        self._now.add(name)
        return True
