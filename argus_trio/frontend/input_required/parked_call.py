"""A call that may ask its client, and so outlives its POST: its own task, its input requests, and the POST that
attends it.

It is the `Exchange` that its handler sees. While no POST attends it, its client is away.
"""

from __future__ import annotations

from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, Handler
from argus_trio.core.call.payer import payer_of
from argus_trio.core.call.record import CallRecord, Cut
from argus_trio.core.memory import Memory
from argus_trio.errors import ClientCannotAnswer, InvalidParams, Overloaded, RpcError
from argus_trio.frontend.http.request import Disconnects
from argus_trio.frontend.input_required.exchange import AskingRequest, undeclared
from argus_trio.frontend.input_required.notification_buffer import NotificationBuffer
from argus_trio.frontend.input_required.open_calls import OpenCalls
from argus_trio.frontend.input_required.open_inputs import OpenInputs
from argus_trio.frontend.input_required.parked_state import ParkedEvent, ParkedState, after
from argus_trio.frontend.input_required.request_state import STATE_LIFE_SECONDS
from argus_trio.frontend.outcome import Outcome, outcome_of
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

GATHER_SECONDS: Final = 0.02
"""How long an input request waits for others that come at the same time, so that one answer carries them all: longer
than a backend takes to send them, shorter than a person notices."""


@attrs.define(eq=False, repr=False)
class ParkedCall:
    """One call. `run` is its task; `attend` is for the POST that its client waits on."""

    call: Call
    _open_calls: OpenCalls[ParkedCall]
    _memory: Memory
    record: CallRecord | None = attrs.field(default=None, init=False)
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    """The scope in which the call is served: the outcome is kept until it is collected, even of one that was cut."""
    ticket: str = attrs.field(default="", init=False)
    inputs: OpenInputs = attrs.field(factory=OpenInputs, init=False)
    _abilities: Abilities = attrs.field(init=False)
    _buffer: NotificationBuffer = attrs.field(factory=NotificationBuffer, init=False)
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _limit: float = attrs.field(default=inf, init=False)
    """When the call must have ended: finite once the gateway stops."""
    _request: AskingRequest | None = attrs.field(default=None, init=False)
    """The request that is sent the call's notifications; None while they wait in the buffer."""
    _state: ParkedState = attrs.field(default=ParkedState.ATTENDED, init=False)
    _outcome: Outcome | None = attrs.field(default=None, init=False)
    _collected: trio.Event = attrs.field(factory=trio.Event, init=False)
    _changed: trio.Event = attrs.field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._abilities = self.call.abilities

    @property
    def account(self) -> object:
        """Who pays for the call; see `Payer`."""
        return payer_of(self.call).account

    async def run(self, handler: Handler) -> None:
        """Have the call served, and keep its outcome until it is collected, or the client has been away too long."""
        try:
            with self._scope:
                self._outcome = await outcome_of(handler, self)
                self._move(ParkedEvent.ANSWERED)
                await self._collected.wait()
            if self._scope.cancelled_caught and self.is_away and not self._is_stopping:
                log.info("parked_call_expired", method=self.call.method)
        finally:
            self._move(ParkedEvent.OVER)
            self._open_calls.leave(self)

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification by the request that attends the call; it waits, in bounds, while none does."""
        if self._request is None:
            before = self._buffer.size
            self._buffer.put(method, params)
            self._memory.hold(self, self._buffer.size - before)
        else:
            await self._request.tell(method, params)

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask the client by the next answer to it, and wait for the retry that brings the client's.

        Raises:
            ClientCannotAnswer: the client did not declare it, or the gateway stops.
            ClientRefused: the client answered with an error.
            Overloaded: too many calls are asking.
        """
        if self._is_stopping:
            raise _stopping(method)
        if not self._abilities.permits(method, params):
            raise undeclared(method, params)
        if not self.ticket:
            self._admit()
            self._memory.hold(self, sum(map(len, self.call.params.values())))
        size = sum(map(len, params.values()))
        self._memory.hold(self, size)
        answered = trio.Event()
        ask = self.inputs.open(method, params, answered.set)
        self._changed.set()
        try:
            await answered.wait()
        finally:
            self.inputs.close(ask)
            self._memory.hold(self, -size)
            self._leave_if_done()
        if ask.refusal is not None:
            raise ask.refusal
        return ask.answer or b"{}"

    async def attend(self, request: AskingRequest, disconnects: Disconnects) -> Outcome | None:
        """Wait with a request until its answer is due: the outcome; None if the client is to be asked (`is_away`).

        None as well if the client went meanwhile, which cancels the call, as the end of the waiting task does.
        """
        disconnects.on_disconnect(self._lose)
        try:
            await self._tell_buffered(request)
            return await self._until_due()
        except BaseException:
            self._note_cut("stopped" if self._is_stopping else "client_gone")
            self._scope.cancel()
            raise
        finally:
            disconnects.on_disconnect(None)

    def come_back(self, call: Call) -> None:
        """The client is back with the retry `call`: it may declare less than before."""
        self._move(ParkedEvent.CAME_BACK)
        self._note_cut(None)
        self._scope.deadline = self._limit
        self._abilities = call.abilities
        self.inputs.refuse_undeclared(call.abilities)

    def stop(self, limit: float) -> None:
        """The gateway stops: the client cannot come back, and the call has until `limit` to end."""
        self._limit = self._scope.deadline = limit
        self._note_cut("stopped")
        if self.is_away:
            self._scope.cancel()
        else:
            self.inputs.refuse_all(_stopping)

    def spare(self, wanted: int) -> None:
        """Let notifications go that wait for the client, oldest first; see `MemoryHolder`."""
        aim = self._buffer.size - wanted
        while self._buffer and self._buffer.size > aim:
            self._take_buffered()
            self._buffer.dropped += 1

    @property
    def is_away(self) -> bool:
        """Whether the client was asked, and has not come back."""
        return self._state.is_away

    @property
    def _is_stopping(self) -> bool:
        return self._limit != inf

    def _admit(self) -> None:
        try:
            self._open_calls.admit(self)
        except Overloaded as full:
            if self._open_calls.refusals.is_news(trio.current_time()):
                log.warning("parked_calls_full", method=self.call.method, reason=full.message)
            raise

    def _move(self, happened: ParkedEvent) -> None:
        self._state = after(self._state, happened)
        self._changed.set()

    async def _tell_buffered(self, request: AskingRequest) -> None:
        if self._buffer.dropped:
            log.warning("parked_notifications_dropped", method=self.call.method, dropped=self._buffer.dropped)
            self._buffer.dropped = 0
        while self._buffer:
            await request.tell(*self._take_buffered())
        self._request = request

    def _take_buffered(self) -> tuple[str, Params]:
        before = self._buffer.size
        taken = self._buffer.take()
        self._memory.hold(self, self._buffer.size - before)
        return taken

    async def _until_due(self) -> Outcome | None:
        while self._state is not ParkedState.LOST:
            if self._state is ParkedState.ANSWERED:
                self._move(ParkedEvent.COLLECTED)
                self._collected.set()
                return self._outcome
            if self._state is ParkedState.ENDED:
                return Outcome(error=_ended(self._is_stopping))
            if self.inputs:
                await trio.sleep(GATHER_SECONDS)
                if self._is_asking():
                    self._go_away()
                    return None
            await self._changed.wait()
            self._changed = trio.Event()
        return None

    def _is_asking(self) -> bool:
        """Whether there is something to ask, and a call left that the answer could come back to."""
        return bool(self.inputs) and not self._scope.cancel_called and self._state is not ParkedState.ENDED

    def _go_away(self) -> None:
        self._move(ParkedEvent.ASKED)
        self._request = None
        self._note_cut("expired")  # unless it comes back before
        self._scope.deadline = trio.current_time() + STATE_LIFE_SECONDS

    def _leave_if_done(self) -> None:
        if not self.inputs and not self.is_away:
            self._open_calls.leave(self)

    def _lose(self) -> None:
        self._move(ParkedEvent.LOST)
        self._note_cut("client_gone")
        self._scope.cancel()

    def _note_cut(self, why: Cut | None) -> None:
        """Write down why the call will have ended, if it ends before its time; whoever has cut it has said so."""
        if self.record is not None and not self.scope.cancel_called:
            self.record.cut = why


def _stopping(method: str) -> ClientCannotAnswer:
    return ClientCannotAnswer(method, "the gateway is stopping")


def _ended(is_stopping: bool) -> RpcError:
    if is_stopping:
        return Overloaded("the gateway is stopping")
    return InvalidParams("requestState has expired; begin anew without it")
