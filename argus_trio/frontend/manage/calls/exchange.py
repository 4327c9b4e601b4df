"""A call by the management API, and the way back to who made it: events, questions, cancellation."""

from __future__ import annotations

import secrets
from typing import Final

import attrs
import trio

from argus_trio.contract.calls import AskAnswerRequest
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord, Cut
from argus_trio.errors import ClientCannotAnswer
from argus_trio.frontend.input_required.exchange import undeclared
from argus_trio.frontend.input_required.open_inputs import OpenInput, OpenInputs
from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.frontend.manage.calls import events
from argus_trio.frontend.manage.calls.answers import answer_to
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.wire.envelope import Params

MAX_ASKS: Final = 64
"""Questions of one call that may be open at a time, as in a session of MCP."""
ASK_SECONDS: Final = 600.0
"""How long a question waits for its answer, as elsewhere: people give them, and read first."""
FAREWELL_SECONDS: Final = 1.0
"""How long it may take to say that a question is taken back: a courtesy, which must not hold up the end."""
_ID_BYTES: Final = 12


@attrs.define(eq=False, repr=False, kw_only=True)
class ManagedExchange:
    """An `Exchange`. Without an `outbox` nobody hears of it before its answer, and nobody can be asked."""

    call: Call
    outbox: Outbox | None = None
    record: CallRecord | None = None
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    is_lost: bool = attrs.field(default=False, init=False)
    """Whether who made it is gone."""
    _inputs: OpenInputs = attrs.field(factory=lambda: OpenInputs(_unguessable), init=False)
    _own_id: str = attrs.field(factory=lambda: secrets.token_hex(_ID_BYTES), init=False)

    @property
    def id(self) -> str:
        """What it is known by, once its handler has begun."""
        return (self.record and self.record.id) or self._own_id

    @property
    def backend(self) -> str:
        """The backend that it went to; empty where that is not known."""
        return "" if self.record is None else self.record.backend

    def lose(self) -> None:
        """Who made it is gone."""
        self.is_lost = True
        self._note_cut("client_gone")
        self.scope.cancel()
        if self.outbox is not None:
            self.outbox.discard()

    def end_by(self, limit: float) -> None:
        """The gateway stops, and the call has until `limit` to end."""
        self._note_cut("stopped")
        self.scope.deadline = limit

    async def notify(self, method: str, params: Params) -> None:
        """Tell of progress, and of log messages if they are wanted; may wait for a reader that is slow."""
        event = None if self.outbox is None else events.told(method, params, self.call.log_level)
        if self.outbox is not None and event is not None:
            await self.outbox.put(event)

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask who made the call, by an event, and wait for the answer, for `ASK_SECONDS`.

        Raises:
            ClientCannotAnswer: it was not declared that this can be answered, or nobody answers in time.
            ClientRefused: the answer is an error.
        """
        if self.outbox is None or not self.call.abilities.permits(method, params):
            raise undeclared(method, params)
        if len(self._inputs) >= MAX_ASKS:
            raise ClientCannotAnswer(method, f"{MAX_ASKS} questions to it are open")
        answered = trio.Event()
        ask = self._inputs.open(method, {}, answered.set)
        try:
            await self._put_question(self.outbox, ask.key, events.asked(ask.key, method, params), answered)
        finally:
            self._inputs.close(ask)
        if not answered.is_set():
            raise ClientCannotAnswer(method, f"it did not answer within {ASK_SECONDS:g} s")
        return _answer_of(ask)

    def answer(self, ask_id: str, given: AskAnswerRequest) -> None:
        """Answer a question.

        Raises:
            ManageProblem: nothing of this id is open, or this is no answer to it.
        """
        ask = self._inputs.get(ask_id)
        if ask is None:
            raise ManageProblem("unknown-ask", "the call does not ask this, or not any more")
        self._inputs.settle({ask_id: answer_to(ask.method, given)})

    async def _put_question(self, outbox: Outbox, ask_id: str, event: bytes, answered: trio.Event) -> None:
        """Put a question, and wait for its answer or the end of its time; what nobody answered is taken back."""
        try:
            with trio.move_on_after(ASK_SECONDS):
                await outbox.put(event)
                await answered.wait()
        finally:
            if not answered.is_set():
                with trio.move_on_after(FAREWELL_SECONDS, shield=True):
                    await outbox.put(events.taken_back(ask_id))

    def _note_cut(self, cut: Cut) -> None:
        if self.record is not None:
            self.record.cut = cut


def _unguessable(number: int) -> str:
    """The id of a question: known to nobody but who is asked, for those who do not say who they are have one name."""
    return f"ask-{number}-{secrets.token_hex(_ID_BYTES)}"


def _answer_of(ask: OpenInput) -> bytes:
    if ask.refusal is not None:
        raise ask.refusal
    return ask.answer or b"{}"
