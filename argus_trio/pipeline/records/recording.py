"""The link that gives an exchange its record; outermost, where exchanges are still those that the edges made."""

from __future__ import annotations

from typing import Protocol, cast

from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.core.call.record import CallRecord


class _Recordable(Protocol):
    """What every edge makes: an exchange whose record can be set. One around it tells that of the inner one."""

    record: CallRecord | None


async def begin_record(exchange: Exchange, call_next: Handler) -> bytes:
    """Serve an exchange that has a record from here on."""
    cast("_Recordable", exchange).record = CallRecord()
    return await call_next(exchange)
