"""The exchanges under way, by id, and the latest that are over; sans I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord

DONE_KEPT: Final = 1000
"""How many that are over are kept: without their arguments and results."""


@attrs.define(eq=False, kw_only=True)
class OpenExchange:
    """One exchange under way."""

    id: str
    since: float
    """When it began, in seconds of Unix time."""
    call: Call
    record: CallRecord
    cancel: Callable[[], object]
    """Cancels it at an operator's wish; must not block."""


@attrs.frozen(kw_only=True)
class DoneExchange:
    """One that is over: nothing of what it said."""

    id: str
    since: float
    seconds: float
    method: str
    target: str | None
    backend: str
    principal: str
    client: str
    transport: str
    asks: int
    outcome: str
    error_code: int | None


@attrs.define(eq=False, kw_only=True)
class OpenExchanges:
    """All of one gateway, over all reloads."""

    instance: str = ""
    _open: dict[str, OpenExchange] = attrs.field(factory=dict, init=False)
    _done: deque[DoneExchange] = attrs.field(factory=lambda: deque(maxlen=DONE_KEPT), init=False)

    def __iter__(self) -> Iterator[OpenExchange]:
        return iter(tuple(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def get(self, exchange_id: str) -> OpenExchange | None:
        """The exchange of this id, if it is under way."""
        return self._open.get(exchange_id)

    @property
    def done(self) -> tuple[DoneExchange, ...]:
        """The latest that are over, oldest first."""
        return tuple(self._done)
