"""Where the buckets of limits are kept: in memory, behind a protocol that a store of several gateways could fulfil."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from argus_trio.core.rates.buckets import Buckets, Charge, Shortage, take


class BucketStore(Protocol):
    """The buckets of the limits of one stage."""

    async def take(self, charges: Sequence[Charge], now_ns: int) -> Shortage | None:
        """Make all charges, or none of them if one of the limits refuses; then, why. Nothing comes in between."""


@attrs.frozen(eq=False, repr=False)
class MemoryBucketStore:
    """Buckets in the memory of this process; they are gone with it."""

    limits: tuple[Buckets, ...]

    async def take(self, charges: Sequence[Charge], now_ns: int) -> Shortage | None:
        """Make all charges, or none of them; see `BucketStore`. No checkpoint."""
        return take(self.limits, charges, now_ns)
