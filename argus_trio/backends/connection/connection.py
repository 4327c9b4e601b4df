"""A live MCP conversation with one backend on one link: calls of clients, and requests of the gateway's own.

Each request has an id and a progress token of ours. What the backend says on its own goes to `inbound.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import count
from math import inf
from typing import Final, TypeVarTuple

import attrs
import structlog
import trio

from argus_trio.backends.connection.handshake import FIRST_CALL_ID, Handshake
from argus_trio.backends.connection.in_flight import InFlight, InFlightTable, followed_round
from argus_trio.backends.connection.inbound import BackendListener, Inbound
from argus_trio.backends.connection.input_required import all_rounds
from argus_trio.backends.connection.notification_queue import CancelNotices, Losses
from argus_trio.backends.connection.outgoing_request import call_request, own_request, plain_question, with_our_token
from argus_trio.backends.connection.server_requests import ServerRequests
from argus_trio.backends.connection.task_notifications import OnTask, ignore_task
from argus_trio.backends.links.hearing import NoMessage, error_of, refusal_of
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.pending import Overdue
from argus_trio.clock import running_clock
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.levels import most_verbose
from argus_trio.core.call.session_policy import TASK_METHODS
from argus_trio.core.health.forgotten import NOT_GREETED, error_doubts_session, greeting_lost
from argus_trio.core.health.probing import SUSPECT_PACE_SECONDS, ProbeState
from argus_trio.core.redaction import Redactor
from argus_trio.errors import (
    AnswerInvalid,
    BackendMisbehaved,
    BackendUnavailable,
    DeadlineExceeded,
    HttpRefused,
    LinkFailed,
    RequestRefused,
    SessionLost,
)
from argus_trio.wire.envelope import ErrorResponse, Params, Response, encode_notification, encode_raw
from argus_trio.wire.error_objects import code_of, retry_after_of
from argus_trio.wire.headers import PROTOCOL_VERSION, Headers
from argus_trio.wire.results import of_backend
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

LOG_LEVEL_SECONDS: Final = 2.0
"""How long a call waits for a backend's answer to `logging/setLevel`: some servers never answer."""

Ts = TypeVarTuple("Ts")


@attrs.define(eq=False, repr=False, kw_only=True)
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
    redact: Redactor = attrs.field(factory=Redactor)
    """Hides secrets where the backend is quoted."""
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
    now: Callable[[], float] = attrs.field(factory=running_clock, init=False)
    """Tells the time, on trio's clock."""
    _level: str | None = attrs.field(default=None, init=False)
    """The log level that the backend was asked for last."""
    _doubting: trio.Lock = attrs.field(factory=trio.Lock, init=False)
    """Held while it is found out whether the backend has forgotten that it was greeted."""
    _known_until: float = attrs.field(default=-inf, init=False)
    """Until when it need not be asked again whether it has, on trio's clock."""
    _notices: CancelNotices = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._notices = CancelNotices(
            backend=self.backend, notify=self.notify, redact=self.redact, nursery=self.nursery, losses=self.losses
        )
        self.in_flight = InFlightTable(self.is_exclusive, self.start_soon)
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
        started, record, perform = self.now() - waited, exchange.record, self._round
        call_in_flight = InFlight(
            exchange=exchange,
            table=self.in_flight,
            deadline=started + timeouts.call,
            patience=timeouts.call,
            latest=started + timeouts.call_max,
            nursery=self.nursery,
            losses=self.losses,
        )
        try:
            if exchange.call.log_level is not None:
                await call_in_flight.within(partial(self._send_log_level, exchange.call.log_level))
            if record is not None:
                record.era, record.revision, record.waits_for = self.handshake.era, self.handshake.revision, "backend"
                if record.follow is not None:
                    perform = partial(followed_round, record, record.follow, perform)
            result = await perform(call_in_flight, params, headers)
            if self.handshake.era is Era.MODERN:
                again = partial(perform, call_in_flight, headers=headers)
                result = await all_rounds(self.backend, call_in_flight, params, result=result, again=again)
        except Overdue:
            now = self.probe_state.overdue_at = self.now()
            self._suspect()
            raise DeadlineExceeded(self.backend, now - started) from None
        return result

    async def _round(self, call_in_flight: InFlight, params: Params, headers: Headers) -> bytes:
        message_id = next(self._ids)
        call_in_flight.token, params = with_our_token(params, message_id) if "_meta" in params else (None, params)
        call = call_in_flight.exchange.call
        outgoing = call_request(self.handshake, message_id, call, params, headers)
        is_of_tasks = call.method.startswith(TASK_METHODS)
        self.in_flight.add(message_id, call_in_flight)
        awaited = True
        try:
            answer = await self._request(outgoing, call_in_flight)
            awaited, self.probe_state.answers_calls = False, True
        except AnswerInvalid as invalid:
            awaited = False
            if isinstance(invalid, NoMessage):
                self.probe_state.answers_calls = False
                self._suspect()
            raise refusal_of(invalid, self.backend, self.redact(invalid.reason)) from invalid
        except LinkFailed as failure:
            awaited = False
            raise self._unavailable(await call_in_flight.within(partial(self._explained, failure))) from failure
        finally:
            self.in_flight.remove(message_id)
            if awaited:
                await self._send_cancelled(message_id)
        if isinstance(answer, Response) and (is_of_tasks or "task" in params or self.handshake.era is Era.MODERN):
            tasks, now = self.inbound.tasks, self.now()  # noted before the reader can run again
            if is_of_tasks:
                tasks.answered(call.method, params, answer.result, now)
            else:
                tasks.begun(answer.result, now, request=message_id, token=call_in_flight.token)
        if (queue := call_in_flight.notifications) is not None and queue.delivering is not None:
            await call_in_flight.within(queue.drained)
        if isinstance(answer, ErrorResponse):
            if error_doubts_session(answer.error) and await call_in_flight.within(self._has_forgotten):
                raise self._unavailable(SessionLost(NOT_GREETED, never_ran=True))
            raise error_of(answer, self.backend, self.redact)
        if (result := of_backend(answer.result, self.handshake.era)) is None:
            raise BackendMisbehaved(self.backend, "its result is no object")
        return result

    async def ask(
        self, method: str, params: Params, *, on_id: Callable[[int], None] | None = None, notice: bool = True
    ) -> bytes:
        """Make a request of the gateway's own, which belongs to no exchange; the raw JSON of the result.

        `on_id` is given the id of the request before it is sent. Has no deadline of its own. Cancelling notifies the
        backend, within `CANCEL_NOTICE_SECONDS`; not without `notice`: what it does late is still wanted.

        Raises:
            LinkFailed: the link died, or the request got no proper answer.
            RequestRefused: the backend answered with an error.
        """
        message_id = next(self._ids)
        if on_id is not None:
            on_id(message_id)
        awaited = notice
        try:
            answer = await self._request(own_request(self.handshake, message_id, method, params))
            awaited = False
        except LinkFailed as failure:
            awaited = False
            if isinstance(failure, AnswerInvalid):
                raise
            raise await self._explained(failure) from None
        finally:
            if awaited:
                await self._send_cancelled(message_id)
        if isinstance(answer, ErrorResponse):
            if error_doubts_session(answer.error) and await self._has_forgotten():
                raise SessionLost(NOT_GREETED, never_ran=True)
            error = answer.error
            raise RequestRefused(method, error, code=code_of(error), retry_after=retry_after_of(error))
        return answer.result

    async def probe(self, method: str) -> None:
        """Ask the backend for a sign of life, which an error is too as long as it knows us.

        Has no deadline of its own. Cancelling notifies nobody.

        Raises:
            LinkFailed: the link died, or the request got no answer.
            SessionLost: it was refused in words that say that the backend has forgotten us.
            AnswerInvalid: it got an answer that is none.
        """
        try:
            answer = await self._request(own_request(self.handshake, next(self._ids), method, {}))
        except HttpRefused as refused:
            if not refused.doubts_session:
                raise
            raise self._forget(SessionLost(refused.reason, never_ran=True)) from refused
        if isinstance(answer, Response):
            return
        if reason := greeting_lost(answer.error, is_modern=self.handshake.era is Era.MODERN):
            raise self._forget(SessionLost(reason, never_ran=True))

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

    async def _explained(self, failure: LinkFailed) -> LinkFailed:
        """`failure`, of a request, or what it comes of where that is a backend which has forgotten us."""
        if isinstance(failure, HttpRefused) and failure.doubts_session and await self._has_forgotten():
            return SessionLost(failure.reason, never_ran=failure.status < 500)  # a 5xx may come late
        if failure.retry_after is None:
            self.probe_state.answers_calls = False
            self._suspect()
        return failure

    async def _has_forgotten(self) -> bool:
        """Whether the backend refuses a plain question too, for it has forgotten us: then the connection is lost.

        A tool may speak of sessions of its own, so that one refusal is none of that kind.
        """
        async with self._doubting:
            if self.lost is None and self.now() >= self._known_until:
                with suppress(LinkFailed):
                    await self.probe(plain_question(self.handshake))
                self._known_until = self.now() + SUSPECT_PACE_SECONDS
        return isinstance(self.lost, SessionLost)

    def _forget(self, failure: SessionLost) -> SessionLost:
        """Take note that the backend has forgotten us, which its owner learns by the next judgement."""
        if self.lost is None:
            self.lost = failure
        self.stirred.set()
        return failure

    def _unavailable(self, failure: LinkFailed) -> BackendUnavailable:
        """The error of a call that got no answer."""
        known, after = self.lost or failure, failure.retry_after
        return BackendUnavailable(self.backend, known.reason, details=known.details, cause=failure, retry_after=after)

    def _suspect(self) -> None:
        self.probe_state.spared_until = -inf  # what fails without asking for a pause is looked into
        self.probe_state.suspect()
        self.stirred.set()

    async def notify(self, method: str, params: Params) -> None:
        """Send the backend a notification.

        Raises:
            LinkFailed: the link has died.
        """
        await self.link.send(encode_notification(method, params), ((PROTOCOL_VERSION, self.handshake.revision),))

    async def _request(self, outgoing: Outgoing, call_in_flight: InFlight | None = None) -> Response | ErrorResponse:
        ask = self.link.request if call_in_flight is None else partial(call_in_flight.ask, self.link)
        try:
            answer = await ask(outgoing)
        except SessionLost as failure:
            self.lost = failure
            raise
        self.probe_state.heard_at = self.now()
        return answer

    async def _send_log_level(self, wanted: str) -> None:
        """Set the log level of a legacy backend: over a shared connection to the most verbose that a client wants."""
        is_settable = self.handshake.era is Era.LEGACY and "logging" in self.handshake.capabilities
        if wanted == self._level or not is_settable:
            return
        if not self.is_exclusive and self._level is not None and most_verbose([wanted, self._level]) == self._level:
            return
        self._level = wanted
        try:
            with trio.move_on_after(LOG_LEVEL_SECONDS) as waiting:
                await self.ask("logging/setLevel", {"level": encode_raw(wanted)}, notice=False)
            if waiting.cancelled_caught:
                log.info("log_level_unanswered", backend=self.backend, wanted=wanted, seconds=LOG_LEVEL_SECONDS)
        except LinkFailed as failure:
            log.debug("log_level_refused", backend=self.backend, wanted=wanted, reason=failure.reason)

    async def _send_cancelled(self, message_id: int) -> None:
        if self.cancels_by_notice and not await self._notices.sent(message_id) and not self.is_left:
            self._notices.send_late(message_id)
