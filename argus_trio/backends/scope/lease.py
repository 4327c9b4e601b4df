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
from argus_trio.core.open_exchanges import CutByReload
from argus_trio.per_call import PerCall

_NOT_CUT: Final = frozenset({None, "expired"})
"""What the record of a call says that nobody has cut: `expired` stands there in advance while its client is away. Who
was first has said why, and the client is told that."""


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
        """Cancel what holds a lease; how many those are."""
        for lease in self.held:
            lease.cut()
        return len(self.held)


class Lease(PerCall):
    """One exchange's hold on a scope, for the length of a `with` block.

    An exchange whose `record` has its scope is cut as a whole, and its client told why by its edge: one cancel scope
    less on the path of a call. Else the block alone is.

    Raises (on leaving):
        CutByReload: the lease was cut, which has cancelled the block.
    """

    leases: Leases
    counted: Counted
    record: CallRecord | None = None
    """The record of the exchange, where it has one and holds no other lease beside this."""
    _scope: trio.CancelScope | None = None
    """The scope of the block, if it has one."""

    def cut(self) -> None:
        """Cancel the block: its backend waits no longer for it."""
        record = self.record
        if record is not None:
            if record.cut in _NOT_CUT:
                record.cut, record.backend = "replaced", self.leases.backend
            if record.scope is not None:
                record.scope.cancel()
        if self._scope is not None:
            self._scope.cancel()

    def __enter__(self) -> Lease:
        self.leases.held.add(self)
        self.counted.routed += 1
        record = self.record
        if record is not None:
            record.waits_for = "backend start"
        if record is None or record.scope is None:
            self._scope = trio.CancelScope()
            self._scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._scope is not None:
                self._scope.__exit__(kind, error, traceback)
        finally:
            self.counted.routed -= 1
            self.leases.held.discard(self)
            if self.leases.is_draining:
                self.leases.on_freed()
        if self._scope is not None and self._scope.cancelled_caught:
            raise CutByReload(self.leases.backend) from None
