"""The exchanges under way, by id, and the latest that are over; sans I/O.

The outermost link of the pipeline (`pipeline/under_way.py`) enters each and takes it out again. That is on the path of
every call: it assigns to `under_way` and appends to `done`, and calls nothing here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import inf
from typing import Final

import attrs

from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord, CancelScope, named_in
from argus_trio.errors import BackendUnavailable, Overloaded, RpcError
from argus_trio.per_call import PerCall, PerCallValue

DONE_KEPT: Final = 1000
"""How many that are over are kept: without their arguments and results."""
MOST_METHOD: Final = 100
"""As much of a method as is kept and shown, in characters."""
MOST_TARGET: Final = 200
"""As much of a name or a URI as is shown, in characters."""


class CancelledByOperator(RpcError):
    """An operator, or whose call it is, cancelled the call by the management API."""

    code = -31017

    def __init__(self) -> None:
        super().__init__("the call was cancelled by an operator of the gateway")


class CutByStop(Overloaded):
    """The gateway stops, and the call has not ended within the drain."""

    def __init__(self) -> None:
        super().__init__("the gateway is stopping, and the call did not end within server.drain_timeout")


class CutByReload(BackendUnavailable):
    """The backend was replaced or removed by a reload or an operator, and the call did not end within the drain."""

    def __init__(self, backend: str) -> None:
        super().__init__(
            backend,
            "it was replaced or removed by a reload or an operator, and the call did not end within "
            "server.drain_timeout",
        )


def cut_error(record: CallRecord) -> RpcError:
    """The error of a call whose scope was cancelled, for a client that is still there."""
    match record.cut:
        case "operator":
            return CancelledByOperator()
        case "replaced":
            return CutByReload(record.backend)
        case _:
            return CutByStop()


class OpenExchange(PerCall, kw_only=True):
    """One exchange under way."""

    number: int
    since: float
    """When it began, on trio's clock."""
    call: Call
    record: CallRecord
    scope: CancelScope

    def cancel(self) -> None:
        """Cancel it at an operator's wish: its backend is told, and its client gets `CancelledByOperator`."""
        self.record.cut = "operator"
        self.scope.cancel()


class DoneExchange(PerCallValue, frozen=True, kw_only=True):
    """One that is over: nothing of what it said."""

    number: int
    """Counts those that are over, from 1."""
    id: str
    since: float
    seconds: float
    method: str
    target: str
    """The name or URI that it asked for; empty where there is none."""
    backend: str
    principal: str
    client_info: bytes
    """What its client said of itself, as raw JSON; empty where that is too much to keep."""
    transport: str
    session: str | None
    """The handle of its session; None where it belonged to none."""
    asks: int
    outcome: str
    error_code: int | None


@attrs.define(eq=False, repr=False, kw_only=True)
class OpenExchanges:
    """All of one gateway, over all reloads."""

    instance: str = ""
    begun: int = attrs.field(default=0, init=False)
    """How many there were so far, as their ids are numbered."""
    ended: int = attrs.field(default=0, init=False)
    """How many of them are over."""
    ends_at: float = attrs.field(default=inf, init=False)
    """When those that begin now have to have ended, on trio's clock: finite once the gateway stops."""
    under_way: dict[str, OpenExchange] = attrs.field(factory=dict, init=False)
    """Those that are not over, oldest first, by their ids."""
    done: deque[DoneExchange] = attrs.field(factory=lambda: deque(maxlen=DONE_KEPT), init=False)
    """The latest that are over, oldest first."""

    def __len__(self) -> int:
        return len(self.under_way)

    def __iter__(self) -> Iterator[OpenExchange]:
        return iter(tuple(self.under_way.values()))

    def end_by(self, limit: float) -> None:
        """The gateway stops: whatever is under way, or begins still, is cut at `limit`, and answered with `CutByStop`.
        Those of the management API are told of it in words of their own."""
        self.ends_at = limit
        for entry in self.under_way.values():
            if entry.call.transport != "management":
                entry.scope.deadline = limit

    def get(self, exchange_id: str) -> OpenExchange | None:
        """The exchange of this id, if it is under way."""
        return self.under_way.get(exchange_id)


def target_of(call: Call, record: CallRecord) -> str:
    """The name or URI that a call asks for, as its client knows it; empty where there is none."""
    return (record.name or named_in(call.params))[:MOST_TARGET]
