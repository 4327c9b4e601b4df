"""Leases: an exchange holds one on the scope of its backend, which does not end before it.

Every exchange is counted by the generation that accepted it. From the moment on that its backend is known it holds a
lease on that backend's scope, and keeps no other scope from ending. How long a scope waits for the end of its leases is
decided in `drain.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol

import attrs
import trio

from argus_trio.core.call.record import CallRecord
from argus_trio.errors import BackendUnavailable

CUT: Final = (
    "it was replaced or removed by a reload or an operator, and the call did not end within server.drain_timeout"
)
"""Why a call was cut, in the words of its error."""


class Counted(Protocol):
    """What counts the exchanges that hold a lease: their generation."""

    routed: int
    """How many exchanges hold a lease."""


@attrs.define(eq=False, repr=False)
class Leases:
    """The leases on the scope of one backend. `on_freed` is called at the end of each, once `drain` has been called."""

    backend: str
    on_freed: Callable[[], None]
    held: set[Lease] = attrs.field(factory=set, init=False)
    is_draining: bool = attrs.field(default=False, init=False)

    def __len__(self) -> int:
        return len(self.held)

    def drain(self) -> None:
        """Call `on_freed` at the end of each lease from now on: somebody waits for the last."""
        self.is_draining = True

    def cut(self) -> int:
        """Cancel the blocks of all leases; how many those are."""
        for lease in self.held:
            lease.cancel_scope.cancel()
        return len(self.held)


@attrs.define(eq=False, repr=False)
class Lease:
    """One exchange's hold on a scope, for the length of a `with` block.

    Raises (on leaving):
        BackendUnavailable: the lease was cut, which has cancelled the block.
    """

    leases: Leases
    counted: Counted
    record: CallRecord | None = None
    """The record of the exchange, where it has one."""
    cancel_scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)

    def __enter__(self) -> Lease:
        self.leases.held.add(self)
        self.counted.routed += 1
        if self.record is not None:
            self.record.waits_for = "backend start"
        self.cancel_scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        leases = self.leases
        try:
            self.cancel_scope.__exit__(kind, error, traceback)
        finally:
            self.counted.routed -= 1
            leases.held.discard(self)
            if leases.is_draining:
                leases.on_freed()
        if self.cancel_scope.cancelled_caught:
            if self.record is not None:
                self.record.cut = "replaced"
            raise BackendUnavailable(leases.backend, CUT) from None
