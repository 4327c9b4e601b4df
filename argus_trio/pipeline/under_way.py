"""The outermost link: every call that comes in is counted, has a record and a place among the exchanges under way.

It stands where exchanges are still those that the edges made. All that a call has to do here is in one function, for it
is on the path of each; at the end it is one of the calls that are done, and of the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Protocol

import attrs
import trio

from argus_trio.clock import running_clock
from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.core.call.record import CallRecord
from argus_trio.core.figures import OTHER, CallOutcome, Figures
from argus_trio.core.open_exchanges import (
    MOST_METHOD,
    MOST_TARGET,
    CutByStop,
    DoneExchange,
    OpenExchange,
    OpenExchanges,
    target_of,
)
from argus_trio.pipeline.records.outcomes import code_of_error, outcome_of_result
from argus_trio.wire.request_meta import MOST_READ_BYTES


class _OfClient(Protocol):
    """What every edge makes: an exchange with a scope, whose record can be set. One around it tells that of the inner
    one."""

    record: CallRecord | None

    @property
    def scope(self) -> trio.CancelScope: ...


@attrs.define(eq=False, repr=False)
class UnderWay:
    """Counts the calls that have come in and have not been answered, and tells when the last one has."""

    count: int = attrs.field(default=0, init=False)
    is_closed: bool = attrs.field(default=False, init=False)
    """Whether no more calls are to begin."""
    _over: trio.Event = attrs.field(factory=trio.Event, init=False)

    def close(self) -> None:
        """No more calls are to begin."""
        self.is_closed = True
        self.tell_if_over()

    def tell_if_over(self) -> None:
        """Tell who waits if no more calls are to begin, and the last one has ended."""
        if self.is_closed and not self.count:
            self._over.set()

    async def wait_over(self) -> None:
        """Wait until no more calls are to begin, and the last one has ended."""
        await self._over.wait()


@attrs.define(eq=False, repr=False, kw_only=True)
class Entered:
    """The link: enters each exchange for as long as it is under way. One for each generation.

    The scope that an operator or a stop cancels is that of the exchange, in which its edge has it served.
    """

    under_way: UnderWay
    exchanges: OpenExchanges
    figures: Figures
    now: Callable[[], float] = attrs.field(factory=running_clock, init=False)
    """Tells the time, on trio's clock."""

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        exchanges = self.exchanges
        of_client: _OfClient = exchange  # type: ignore[assignment]  # every edge makes one; a `cast` is a call
        exchanges.begun += 1
        scope = of_client.scope
        record = CallRecord(id=f"{exchanges.instance}-{exchanges.begun}", scope=scope)
        if exchanges.ends_at != inf and exchange.call.transport != "management":
            scope.deadline = exchanges.ends_at
        entry = OpenExchange(number=exchanges.begun, since=self.now(), call=exchange.call, record=record, scope=scope)
        of_client.record = record
        exchanges.under_way[record.id] = entry
        self.under_way.count += 1
        try:
            result = await call_next(exchange)
        except BaseException as error:
            if record.cut is None and scope.cancel_called and not isinstance(error, Exception):
                record.cut = "stopped"
                self._leave(entry, None, CutByStop())
            else:
                self._leave(entry, None, error)
            raise
        self._leave(entry, result, None)
        return result

    def _leave(self, entry: OpenExchange, result: bytes | None, failure: BaseException | None) -> None:
        exchanges, under_way, call, record = self.exchanges, self.under_way, entry.call, entry.record
        outcome: CallOutcome = "ok"
        if failure is not None:
            is_error = isinstance(failure, Exception) and not isinstance(failure, CutByStop)
            outcome = "error" if is_error or record.cut == "replaced" else "cancelled"
        elif result is not None and outcome_of_result(call.method, result) == "tool_error":
            outcome = "tool_error"
        seconds = self.now() - entry.since
        exchanges.ended += 1
        exchanges.done.append(
            DoneExchange(
                number=exchanges.ended,
                id=record.id,
                since=entry.since,
                seconds=seconds,
                method=call.method[:MOST_METHOD],
                target=record.name[:MOST_TARGET] or target_of(call, record),
                backend=record.backend,
                principal=call.principal.name,
                client_info=call.client_info if len(call.client_info) <= MOST_READ_BYTES else b"",
                transport=call.transport,
                session=None if call.client is None else call.client.handle,
                asks=record.asks,
                outcome=outcome if failure is None else _why(outcome, record),
                error_code=None if failure is None else code_of_error(failure, record),
            )
        )
        tool = "" if call.method != "tools/call" else record.name if record.backend else OTHER
        self.figures.record(record.backend, tool, outcome, seconds)
        del exchanges.under_way[record.id]
        under_way.count -= 1
        if under_way.is_closed:
            under_way.tell_if_over()


def _why(outcome: CallOutcome, record: CallRecord) -> str:
    """How a call ended that has no result: why it was cut, where it was."""
    if record.cut is not None:
        return record.cut
    return "stopped" if outcome == "cancelled" else outcome
