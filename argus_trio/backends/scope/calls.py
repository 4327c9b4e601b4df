"""The calls of clients at one backend: each takes a place in the bulkhead and goes over the connection that it may use.

A call is performed once more where only a forgotten session stood in its way (`retry.py`). Which backend a call goes to
is decided in `routing`. One that says that it does not know what it listed is listed again.
"""

from __future__ import annotations

from functools import partial

import attrs

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connectivity.client_connections import ClientConnections
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.scope.bulkhead import Bulkhead, Place
from argus_trio.backends.scope.retry import retry_after_session_loss
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.session_policy import TASK_METHODS
from argus_trio.core.call.task_ids import task_id_of
from argus_trio.core.catalog.unknown import LISTED_BY, denies, denies_in_result
from argus_trio.errors import BackendError, BackendUnavailable
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers


@attrs.define(eq=False, repr=False)
class BackendCalls:
    """Performs the calls of clients at one backend."""

    shared: SharedConnection
    client_connections: ClientConnections
    bulkhead: Bulkhead

    async def call(self, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
        """Perform the exchange with `params`, once there is a place and the attempt to connect has had its outcome.

        The raw JSON of the result. `headers` go with it on modern HTTP. Cancelling notifies the backend.

        Raises:
            BackendUnavailable: not connected, or too many calls wait; says why.
            DeadlineExceeded: no place was free within `timeouts.call`.
            RpcError: as `Connection.call`.
        """
        record = exchange.record
        if record is not None:
            record.backend, record.transport = self.bulkhead.backend, self.shared.address.spec.type
            record.params, record.waits_for = params, "place"
        place = Place(self.bulkhead, exchange, self.shared.address.spec.timeouts.call)
        if not place.take():
            await place.wait()
        with place:
            if record is not None:
                record.waited += place.waited
                record.waits_for = "connection"
            try:
                result = await self._perform(place, params, headers)
            except BackendUnavailable as failed:
                again = partial(self._perform_again, place, params, headers)
                return await retry_after_session_loss(self.shared.recovery, failed, again)
            except BackendError as error:
                if denies(exchange.call.method, error.encoded):
                    self.shared.lists.doubt(LISTED_BY[exchange.call.method])
                raise
            if record is not None:
                record.waits_for = "pipeline"
            if exchange.call.method == "tools/call" and denies_in_result(result):
                self.shared.lists.doubt("tools")
            return result

    async def _perform_again(self, place: Place, params: Params, headers: Headers) -> bytes:
        if place.exchange.record is not None:
            place.exchange.record.retries += 1
        return await self._perform(place, params, headers)

    async def _perform(self, place: Place, params: Params, headers: Headers) -> bytes:
        connection, sharing = self.shared.connection, self.shared.sharing
        if connection is None or connection.lost is not None or not self.shared.settled.is_set():
            connection = await self.shared.connected()
        exchange, timeouts = place.exchange, self.shared.address.spec.timeouts
        call = exchange.call
        task = task_id_of(params) if call.method.startswith(TASK_METHODS) else None
        may_be_separate = call.abilities.has_any or call.log_level is not None or sharing.setting != "auto"
        if (may_be_separate and sharing.separates(call) and self.client_connections.separates(call)) or (
            task is not None and self.client_connections.table.with_task(call, task)
        ):
            return await self._perform_separately(place, params, headers, task)
        try:
            return await connection.call(exchange, params, timeouts, headers, waited=place.waited)
        except BackendUnavailable as failed:
            raise await self.shared.rivals.advised(failed, connection) from failed.cause

    async def _perform_separately(self, place: Place, params: Params, headers: Headers, task: str | None) -> bytes:
        """Perform the call over a connection of its client's.

        Where its greeting has shown that the backend can be shared, over the shared one: what the call changes in a
        process of its own would be seen by nobody afterwards, its client included.
        """
        exchange, timeouts = place.exchange, self.shared.address.spec.timeouts
        connection: Connection | None = None
        try:
            async with self.client_connections.lease(exchange.call, task, aside=place.aside) as (connection, own):
                if task is not None or self.shared.sharing.separates(exchange.call):
                    return await connection.call(exchange, params, timeouts, headers, waited=place.waited)
            if own.is_idle:
                own.scope.cancel()
            connection = await self.shared.connected()
            return await connection.call(exchange, params, timeouts, headers, waited=place.waited)
        except BackendUnavailable as failed:
            raise await self.shared.rivals.advised(failed, connection) from failed.cause
