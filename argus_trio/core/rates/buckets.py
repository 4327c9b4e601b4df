"""The buckets of one limit, in bounds; and a charge of several limits, which is made to all of them or to none.

What is full is forgotten: a bucket that nobody knows is full. At the bound whoever has no bucket yet is charged to one
that many share, so that coming under ever new names brings nobody a fresh one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.rates.callers import EVERYBODY, crowd_of
from argus_trio.core.rates.gcra import NANOSECONDS, BucketRule

MOST_BUCKETS: Final = 100_000
"""How many callers of one limit are told apart at a time: some 15 MB, and far more than a gateway has clients."""
MOST_CROWDS: Final = 4096
"""How many buckets are shared by those beyond. Whose crowd has none shares the one of everybody."""
SWEEP_NS: Final = 60 * NANOSECONDS
"""How often it is begun to look for full buckets, where there is room; at the bound always."""
LOOKED_AT: Final = 64
"""How many are looked at for each caller that is new: a look at all of them at once would stop everybody else."""


@attrs.define(eq=False, repr=False)
class Buckets:
    """The buckets of one limit, by caller."""

    rule: BucketRule
    _most: int = MOST_BUCKETS
    _full_at: dict[str, int] = attrs.field(factory=dict, init=False)
    _crowds: dict[str, int] = attrs.field(factory=dict, init=False)
    _unseen: list[str] = attrs.field(factory=list, init=False)
    """Whose buckets have still to be looked at, whether they are full."""
    _began_at: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._full_at) + len(self._crowds)

    def wait_ns(self, caller: str, now_ns: int) -> int:
        """How long until a call of `caller` may come; 0 if it may now."""
        full_at = self._full_at.get(caller)
        if full_at is None:
            self._forget(now_ns)
            if len(self._full_at) < self._most:
                return 0
            full_at = self._crowds.get(self._crowd(caller), 0)
        return self.rule.wait_ns(full_at, now_ns)

    def charge(self, caller: str, now_ns: int) -> None:
        """Take one call of `caller`, which may come now."""
        full_at = self._full_at.get(caller)
        if full_at is None and len(self._full_at) >= self._most:
            crowd = self._crowd(caller)
            self._crowds[crowd] = self.rule.charged(self._crowds.get(crowd, 0), now_ns)
        else:
            self._full_at[caller] = self.rule.charged(full_at or 0, now_ns)

    def _crowd(self, caller: str) -> str:
        crowd = crowd_of(caller)
        return crowd if crowd in self._crowds or len(self._crowds) < MOST_CROWDS else EVERYBODY

    def _forget(self, now_ns: int) -> None:
        """Forget some of the full buckets. More are looked at than come in, so what is left are those that are not."""
        now = self.rule.ticks(now_ns)
        if not self._unseen:
            if now_ns - self._began_at < SWEEP_NS and len(self._full_at) < self._most:
                return
            self._began_at, self._unseen = now_ns, list(self._full_at)
            self._crowds = {crowd: full_at for crowd, full_at in self._crowds.items() if full_at > now}
        for caller in self._unseen[-LOOKED_AT:]:
            if self._full_at.get(caller, now + 1) <= now:
                del self._full_at[caller]
        del self._unseen[-LOOKED_AT:]


@attrs.frozen
class Charge(Value):
    """One call of `caller`, to be taken from a bucket of the limit with this number."""

    limit: int
    caller: str


@attrs.frozen(kw_only=True)
class Shortage(Value):
    """The limit that refuses a call, of several the one that does so longest; and when the call may come again."""

    limit: int
    wait_ns: int


def take(limits: Sequence[Buckets], charges: Sequence[Charge], now_ns: int) -> Shortage | None:
    """Make all `charges`, or none of them if one of the `limits` refuses; then, why."""
    shortage: Shortage | None = None
    for charge in charges:
        wait = limits[charge.limit].wait_ns(charge.caller, now_ns)
        if wait and (shortage is None or wait > shortage.wait_ns):
            shortage = Shortage(limit=charge.limit, wait_ns=wait)
    if shortage is None:
        for charge in charges:
            limits[charge.limit].charge(charge.caller, now_ns)
    return shortage
