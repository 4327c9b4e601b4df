"""A live MCP conversation with one backend on one link: calls of clients, and requests of the gateway's own.

It gives each request an id and a progress token of ours. It neither opens the link (`open.py`) nor decides what happens
when the link dies (`connectivity`); what the backend says on its own goes to `inbound.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Final, TypeVarTuple

import attrs
import msgspec
import structlog
import trio

from argus_trio.backends.connection.handshake import FIRST_CALL_ID, Handshake
from argus_trio.backends.connection.in_flight import InFlight, InFlightTable
from argus_trio.backends.connection.inbound import BackendListener, Inbound
from argus_trio.backends.connection.input_required import MAX_ROUNDS, answer_all, check_declared, read_input_required
from argus_trio.backends.connection.notification_queue import Losses, NotificationQueue
from argus_trio.backends.connection.outgoing_request import call_request, own_request, with_our_token
from argus_trio.backends.connection.server_requests import ServerRequests
from argus_trio.backends.connection.task_notifications import OnTask, ignore_task
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.levels import most_verbose
from argus_trio.core.call.session_policy import TASK_METHODS
from argus_trio.core.call.task_ids import task_id_of
from argus_trio.core.health.probing import ProbeState
from argus_trio.errors import (
    AnswerInvalid,
    BackendError,
    BackendMisbehaved,
    BackendUnavailable,
    DeadlineExceeded,
    HttpRefused,
    LinkFailed,
    RequestRefused,
    SessionLost,
)
from argus_trio.wire.envelope import (
    ErrorResponse,
    Params,
    Response,
    decode_object,
    encode_notification,
    encode_raw,
)
from argus_trio.wire.error_objects import code_of, is_error_object
from argus_trio.wire.headers import PROTOCOL_VERSION, Headers
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

CANCEL_NOTICE_SECONDS: Final = 2.0
"""How long sending `notifications/cancelled` to a backend may take: the caller waits for it, and a backend that does
not read must not hold up the end of a call."""

Ts = TypeVarTuple("Ts")


@attrs.define(eq=False, kw_only=True)
class Connection:
    """The conversation on one link, from the handshake on."""

    backend: str
    """The name of the backend."""
    link: Link
    handshake: Handshake
    """What the backend said of itself when the connection was opened."""
    nursery: trio.Nursery
    """Tasks of this connection run here, so that they do not hold up the link's reader; it ends with the connection."""
    listener: BackendListener
    cancels_by_notice: bool
    """Whether the backend is sent a notification when a call is cancelled; on modern HTTP the closed stream says it."""
    is_exclusive: bool = False
    """Whether one client alone uses the connection."""
    on_task: OnTask = ignore_task
    losses: Losses = attrs.field(factory=Losses)
    """How many notifications from and to the backend were dropped, over all its connections."""
    probe_state: ProbeState
    """When the backend was heard from and how it answered probes: what its health is judged by."""
    lost: LinkFailed | None = attrs.field(default=None, init=False)
    """Why the connection is at its end, as soon as that is known."""
    gone: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once the owner of the connection knows of its end too."""
    is_left: bool = attrs.field(default=False, init=False)
    """Whether the block of `open_connection` has been left."""
    stirred: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set when the probe state should be judged anew; replaced by whoever does."""
    in_flight: InFlightTable = attrs.field(init=False)
    """The calls that wait for their answers."""
    inbound: Inbound = attrs.field(init=False)
    """What the backend says on its own goes here; its `receive` is the link's `Inbox`."""
    _ids: count[int] = attrs.field(factory=lambda: count(FIRST_CALL_ID), init=False)
    _level: str | None = attrs.field(default=None, init=False)
    """The log level that the backend was asked for last."""

    def __attrs_post_init__(self) -> None:
        self.in_flight = InFlightTable(self.is_exclusive)
        server_requests = ServerRequests(self.backend, self.link, ((PROTOCOL_VERSION, self.handshake.revision),))
        self.inbound = Inbound(
            backend=self.backend,
            nursery=self.nursery,
            in_flight=self.in_flight,
            server_requests=server_requests,
            listener=self.listener,
            on_task=self.on_task,
            losses=self.losses,
            probe_state=self.probe_state,
        )

    async def call(
        self, exchange: Exchange, params: Params, timeouts: Timeouts, headers: Headers = (), *, waited: float = 0.0
    ) -> bytes:
        """Perform the exchange's method with `params`; the raw JSON of the result.

        `headers` go with the request on modern HTTP. `waited` is how many seconds the call has waited before: they
        count towards its deadline. Cancelling notifies the backend, within `CANCEL_NOTICE_SECONDS`.

        Raises:
            BackendError: the backend answered with an error, or the client did when it was asked something.
            BackendUnavailable: the link died, or refused the request.
            BackendMisbehaved: the answer is no answer, or neither a result object nor an error object.
            DeadlineExceeded: no answer in `timeouts.call`, which progress extends up to `timeouts.call_max`.
            Overloaded: too many calls are asking their clients already.
        """
        started = trio.current_time() - waited
        with trio.CancelScope(deadline=started + timeouts.call) as scope:
            if exchange.call.log_level is not None:
                await self._send_log_level(exchange.call.log_level)
            call_in_flight = InFlight(
                exchange=exchange,
                scope=scope,
                patience=timeouts.call,
                latest=started + timeouts.call_max,
                notifications=NotificationQueue(exchange, self.nursery, self.losses),
            )
            result = await self._round(call_in_flight, params, headers)
            if self.handshake.era is Era.MODERN:
                result = await self._all_rounds(call_in_flight, params, headers, result)
            return result
        self.probe_state.overdue_at = trio.current_time()
        self._suspect()
        raise DeadlineExceeded(self.backend, trio.current_time() - started)

    async def _all_rounds(self, call_in_flight: InFlight, params: Params, headers: Headers, result: bytes) -> bytes:
        exchange = call_in_flight.exchange
        for _ in range(MAX_ROUNDS):
            required = read_input_required(self.backend, result)
            if required is None:
                return result
            check_declared(self.backend, required, exchange)
            if exchange.call.era is Era.MODERN:
                return result  # the client drives the rounds itself
            with trio.CancelScope() as ask:
                call_in_flight.begin_ask(ask)
                try:
                    answers = await answer_all(self.backend, required, exchange.ask)
                finally:
                    call_in_flight.end_ask(ask)
            result = await self._round(call_in_flight, required.retried(params, answers), headers)
        raise BackendMisbehaved(self.backend, f"it asked more than {MAX_ROUNDS} times in one call")

    async def _round(self, call_in_flight: InFlight, params: Params, headers: Headers) -> bytes:
        message_id = next(self._ids)
        call_in_flight.token, params = with_our_token(params, message_id)
        call = call_in_flight.exchange.call
        outgoing = call_request(self.handshake, message_id, call, params, headers)
        is_of_tasks = call.method.startswith(TASK_METHODS)
        self.in_flight.add(message_id, call_in_flight)
        awaited = True
        try:
            answer = await self._request(outgoing)
            awaited = False
        except AnswerInvalid as invalid:
            awaited = False
            raise BackendMisbehaved(self.backend, invalid.reason) from invalid
        except LinkFailed as failure:
            awaited = False
            if not isinstance(failure, HttpRefused):
                self._suspect()
            known = self.lost or failure
            raise BackendUnavailable(self.backend, known.reason, details=known.details, cause=failure) from failure
        finally:
            self.in_flight.remove(message_id)
            if awaited:
                await self._send_cancelled(message_id)
        if isinstance(answer, Response) and (is_of_tasks or b'"taskId"' in answer.result):
            self._note_tasks(call_in_flight, params, message_id, answer.result)  # before the reader can run again
        if call_in_flight.notifications.delivering is not None:
            await call_in_flight.notifications.drained()
        if isinstance(answer, ErrorResponse):
            raise self._error_of(answer)
        if answer.result[:1] != b"{":
            raise BackendMisbehaved(self.backend, "its result is no object")
        return answer.result

    def _note_tasks(self, call_in_flight: InFlight, params: Params, message_id: int, result: bytes) -> None:
        """Note what the result says of a task that was begun here, for which a progress token outlives its call."""
        tasks, now, method = self.inbound.tasks, trio.current_time(), call_in_flight.exchange.call.method
        if not method.startswith(TASK_METHODS):
            if "task" in params or self.handshake.era is Era.MODERN:
                tasks.begun(result, now, request=message_id, token=call_in_flight.token)
        elif method == "tasks/result":
            tasks.ended(task_id_of(params) or "", now)
        elif b'"status"' in result:
            with suppress(msgspec.DecodeError):
                tasks.heard(decode_object(result), now)

    async def ask(self, method: str, params: Params) -> bytes:
        """Make a request of the gateway's own, which belongs to no exchange; the raw JSON of the result.

        Has no deadline of its own. Cancelling notifies the backend, within `CANCEL_NOTICE_SECONDS`.

        Raises:
            LinkFailed: the link died, or the request got no proper answer.
            RequestRefused: the backend answered with an error.
        """
        message_id = next(self._ids)
        awaited = True
        try:
            answer = await self._request(own_request(self.handshake, message_id, method, params))
            awaited = False
        except LinkFailed as failure:
            awaited = False
            if not isinstance(failure, HttpRefused | AnswerInvalid):
                self._suspect()
            raise
        finally:
            if awaited:
                await self._send_cancelled(message_id)
        if isinstance(answer, ErrorResponse):
            raise RequestRefused(method, answer.error, code=code_of(answer.error))
        return answer.result

    async def probe(self, method: str) -> None:
        """Ask the backend for a sign of life, which an error is too.

        Has no deadline of its own. Cancelling notifies nobody.

        Raises:
            LinkFailed: the link died, or the request got no answer.
            AnswerInvalid: it got an answer that is none.
        """
        await self._request(own_request(self.handshake, next(self._ids), method, {}))

    def start_soon(self, function: Callable[[*Ts], Awaitable[object]], *args: *Ts) -> None:
        """Start a task that ends with the connection; does nothing once the connection has been left.

        Its owner knows that only after its tasks and its link have ended, and others may use it until then.
        """
        if not self.is_left:
            self.nursery.start_soon(function, *args)

    def end(self, failure: LinkFailed) -> None:
        """Note that the connection is at its end, and why; called by its owner, so this sets `gone` as well."""
        self.lost = failure
        self.gone.set()

    def _suspect(self) -> None:
        self.probe_state.suspect()
        self.stirred.set()

    async def notify(self, method: str, params: Params) -> None:
        """Send the backend a notification.

        Raises:
            LinkFailed: the link has died.
        """
        await self.link.send(encode_notification(method, params), ((PROTOCOL_VERSION, self.handshake.revision),))

    async def _request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        try:
            answer = await self.link.request(outgoing)
        except SessionLost as failure:
            self.lost = failure
            raise
        self.probe_state.heard_at = trio.current_time()
        return answer

    def _error_of(self, answer: ErrorResponse) -> BackendError | BackendMisbehaved:
        if is_error_object(answer.error):
            return BackendError(answer.error)
        return BackendMisbehaved(self.backend, "its error is no JSON-RPC error object")

    async def _send_log_level(self, wanted: str) -> None:
        """Set the log level of a legacy backend to what this client wants; over a shared connection, to the most
        verbose level that any client wants."""
        if wanted == self._level or self.handshake.era is Era.MODERN:
            return
        if "logging" not in self.handshake.capabilities:
            return
        if not self.is_exclusive and self._level is not None and most_verbose([wanted, self._level]) == self._level:
            return
        self._level = wanted
        try:
            await self.ask("logging/setLevel", {"level": encode_raw(wanted)})
        except LinkFailed as failure:
            log.debug("log_level_refused", backend=self.backend, level=wanted, reason=failure.reason)

    async def _send_cancelled(self, message_id: int) -> None:
        if not self.cancels_by_notice:
            return
        with trio.move_on_after(CANCEL_NOTICE_SECONDS, shield=True):
            try:
                await self.notify("notifications/cancelled", {"requestId": encode_raw(message_id)})
            except LinkFailed as failure:
                log.debug("cancellation_untold", backend=self.backend, reason=failure.reason)
