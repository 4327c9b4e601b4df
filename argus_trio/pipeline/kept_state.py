"""What a middleware keeps over a reload, as long as its rule stays the same: buckets, key sets, counters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import attrs

T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class KeptState:
    """Hands out what is kept: of the pipeline before, or made anew."""

    _before: Mapping[Hashable, object]
    kept: dict[Hashable, object] = attrs.field(factory=dict, init=False)
    """What the new pipeline keeps, by what it belongs to."""

    def keep(self, kind: type[T], rule: Hashable, make: Callable[[], T]) -> T:
        """What belongs to `rule`, of this class: kept from before, else made. Two equal rules share it."""
        key = (kind, rule)
        found = self.kept.get(key, self._before.get(key))
        value = found if isinstance(found, kind) else make()
        self.kept[key] = value
        return value
