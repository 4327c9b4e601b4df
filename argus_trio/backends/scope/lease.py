"""What an exchange holds while it is under way, so that what it may still need is not taken from under it.

Every exchange is counted by the generation that accepted it. From the moment on that its backend is known it holds a
lease on that backend's scope, and keeps nothing else from ending.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol

import attrs
import trio


class Counted(Protocol):
    """Where exchanges are counted that have a lease: their generation."""

    routed: int


@attrs.define(eq=False)
class Leases:
    """The leases on one scope. `on_freed` is called whenever one ends while somebody waits for the last."""

    held: set[Lease] = attrs.field(factory=set)
    on_freed: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self.held)

    def cut(self) -> int:
        """Cancel what still holds one; how many that are."""
        for lease in self.held:
            lease.cancel_scope.cancel()
        return len(self.held)


@attrs.define(eq=False)
class Lease:
    """One exchange's hold on a scope, for the length of a `with` block. What is cut leaves the block without an error
    and without a result."""

    leases: Leases
    counted: Counted
    cancel_scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    def __enter__(self) -> Lease:
        self.leases.held.add(self)
        self.counted.routed += 1
        self.cancel_scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return self.cancel_scope.__exit__(kind, error, traceback)
        finally:
            self.counted.routed -= 1
            self.leases.held.discard(self)
            if self.leases.on_freed is not None:
                self.leases.on_freed()
