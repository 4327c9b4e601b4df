"""Has calls served: each answered as a whole, or on an event stream of its own. Who goes cancels what they called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import trio

from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Handler
from argus_trio.core.memory import LARGE_ANSWER_BYTES, RETRY_AFTER_SECONDS, Memory
from argus_trio.core.open_exchanges import CutByStop
from argus_trio.errors import Overloaded
from argus_trio.frontend.http.errors import ClientGone
from argus_trio.frontend.http.reply import EVENT_STREAM, KEEP_ALIVE_SECONDS
from argus_trio.frontend.http.request import JSON, IncomingRequest, start
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer, problem_answer
from argus_trio.frontend.manage.calls import events
from argus_trio.frontend.manage.calls.exchange import ManagedExchange
from argus_trio.frontend.manage.calls.refusals import problem_of
from argus_trio.frontend.manage.calls.requested import CallBody, Requested, call_of, requested
from argus_trio.frontend.manage.calls.results import answer_body
from argus_trio.frontend.manage.request import ManageRequest
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.frontend.outcome import outcome_of
from argus_trio.wire.event_stream import COMMENT


@attrs.define(eq=False, repr=False, kw_only=True)
class ServedCalls:
    """The calls of the management API that are under way."""

    handler: Handler
    settings: CurrentSettings
    memory: Memory
    requests: Callable[[], int] = int
    """How many requests are in flight by all ways, this one included."""
    _under_way: set[ManagedExchange] = attrs.field(factory=set, init=False)
    _streamed: dict[str, ManagedExchange] = attrs.field(factory=dict, init=False)
    """Those with an event stream, by their ids."""
    _limit: float | None = attrs.field(default=None, init=False)
    """When all must have ended, once the gateway stops."""

    async def serve(self, request: ManageRequest, body: CallBody) -> PageAnswer | None:
        """Call what the body says; None once the answer was written.

        Raises:
            ManageProblem: it was refused, or has failed; on an event stream that has begun, an event says so.
            ClientGone: who asked is gone.
        """
        asked = requested(request, body)
        most = self.settings.now.limits.requests
        if self.requests() > most:
            said = f"{most} requests are in flight, which is as many as the gateway takes; come back later"
            raise problem_of(Overloaded(said, data={"retryAfter": RETRY_AFTER_SECONDS}))
        exchange = ManagedExchange(call=call_of(asked, request.http), outbox=self._outbox() if asked.streams else None)
        self._under_way.add(exchange)
        if self._limit is not None:
            exchange.end_by(self._limit)
        try:
            if exchange.outbox is None:
                await self._answer(request.http, asked, exchange)
            else:
                await self._stream(request.http, asked, exchange, exchange.outbox)
        finally:
            self._under_way.discard(exchange)
        return None

    def asking(self, exchange_id: str, principal: Principal) -> ManagedExchange:
        """The call of this id, whose event stream is open.

        Raises:
            ManageProblem: there is none, or it is another's.
        """
        exchange = self._streamed.get(exchange_id)
        if exchange is None or exchange.call.principal.name != principal.name:
            raise ManageProblem("unknown-exchange", "no call of yours has this id and an event stream")
        return exchange

    def stop(self, limit: float) -> None:
        """The gateway stops: what is under way is cancelled at `limit`."""
        self._limit = limit
        for exchange in self._under_way:
            exchange.end_by(limit)

    def _outbox(self) -> Outbox:
        try:
            self.memory.require_room()
        except Overloaded as full:
            raise problem_of(full) from None
        return Outbox(memory=self.memory)

    async def _answer(self, http: IncomingRequest, asked: Requested, exchange: ManagedExchange) -> None:
        http.disconnects.on_disconnect(exchange.lose)
        body = await self._body(asked, exchange)
        http.disconnects.on_disconnect(None)
        with self._accounted(len(body)):
            await http.answer(200, body, (JSON,))

    async def _stream(self, http: IncomingRequest, asked: Requested, exchange: ManagedExchange, outbox: Outbox) -> None:
        """Write events while the call is under way, and its end. The writer begins at the first wait of the handler:
        by then the exchange has the record that gives it its id."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, http, exchange, outbox)
                last = await self._last_event(asked, exchange)
                outbox.keep(len(last))
                await outbox.put(last)
                outbox.close()
        finally:
            outbox.discard()
            self._streamed.pop(exchange.id, None)

    async def _write(self, http: IncomingRequest, exchange: ManagedExchange, outbox: Outbox) -> None:
        self._streamed[exchange.id] = exchange
        http.disconnects.on_disconnect(exchange.lose)
        await http.send(start(200, EVENT_STREAM))
        chunk = events.begun(exchange.id)
        while chunk:
            await http.send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = COMMENT
            with trio.move_on_after(KEEP_ALIVE_SECONDS):
                chunk = await outbox.take()
        http.disconnects.on_disconnect(None)
        await http.send({"type": "http.response.body", "body": b""})

    async def _last_event(self, asked: Requested, exchange: ManagedExchange) -> bytes:
        try:
            body = await self._body(asked, exchange)
            with self._accounted(len(body)):
                return events.ended(body, is_problem=False)
        except ManageProblem as problem:
            return events.ended(problem_answer(problem).encoded, is_problem=True)
        except ClientGone:
            return b""

    async def _body(self, asked: Requested, exchange: ManagedExchange) -> bytes:
        """The body of the answer to a call. Raises as `serve`."""
        _require_caller(exchange)
        outcome = await outcome_of(self.handler, exchange)
        _require_caller(exchange)
        if isinstance(outcome.error, CutByStop):
            raise ManageProblem("call-cancelled", "the gateway stops", members={"code": None, "data": None})
        if outcome.error is not None:
            raise problem_of(outcome.error)
        return answer_body(asked, exchange.backend, outcome.result or b"{}")

    @contextmanager
    def _accounted(self, size: int) -> Iterator[None]:
        """Account for an answer within the block. Raises `ManageProblem` if the gateway has no room for it."""
        if size <= LARGE_ANSWER_BYTES:
            yield
            return
        if not self.memory.may_write(size):
            detail = f"the answer came, of {size} bytes, and was let go: server.limits.memory is reached"
            raise problem_of(Overloaded(detail, data={"retryAfter": RETRY_AFTER_SECONDS}))
        with self.memory.written(size):
            yield


def _require_caller(exchange: ManagedExchange) -> None:
    """Raise `ClientGone` if nobody is there any more who could be answered."""
    if exchange.is_lost:
        raise ClientGone("who called is gone")
