"""One request to a backend of an exchange that has a record: what is written into it, and who follows the request."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.connection.in_flight import InFlight
from argus_trio.core.call.record import CallRecord
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers


class PerformRound(Protocol):
    """Sends one request of a call and waits for its answer; the raw JSON of the result."""

    def __call__(self, call_in_flight: InFlight, params: Params, headers: Headers) -> Awaitable[bytes]: ...


async def recorded_round(
    record: CallRecord,
    handshake: Handshake,
    perform: PerformRound,
    call_in_flight: InFlight,
    params: Params,
    headers: Headers,
) -> bytes:
    """Perform a round and write down what becomes known by it; raises what `perform` raises."""
    record.era, record.revision = handshake.era, handshake.revision
    record.sent += sum(map(len, params.values()))
    if record.follow is None:
        result = await perform(call_in_flight, params, headers)
        record.received += len(result)
        return result
    followed = record.follow(record, params)
    try:
        result = await perform(call_in_flight, followed.params, (*headers, *followed.headers))
    except BaseException as error:
        followed.end(None, error)
        raise
    record.received += len(result)
    followed.end(result, None)
    return result
