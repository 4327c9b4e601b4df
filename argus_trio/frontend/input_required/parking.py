"""Calls that may ask their client: the nursery that they run in, and how a retry finds back to its call.

(2026-07-28, Multi Round-Trip Requests.)
"""

from __future__ import annotations

from typing import Final

import attrs
import trio

from argus_trio.core.call.exchange import Call, Handler
from argus_trio.core.memory import Memory
from argus_trio.frontend.input_required.open_calls import OpenCalls
from argus_trio.frontend.input_required.open_inputs import read_answers
from argus_trio.frontend.input_required.parked_call import ParkedCall
from argus_trio.frontend.input_required.request_state import MARK, RequestStates, unwrapped
from argus_trio.frontend.outcome import Outcome
from argus_trio.wire.envelope import encode
from argus_trio.wire.passing.known_result import own_words

ASKING: Final = frozenset({"tools/call", "prompts/get", "resources/read"})
"""The methods that may be answered with a request for input."""


@attrs.define(eq=False, repr=False)
class Parking:
    """The parked calls of one front end. `run` must be running before the first one begins."""

    _handler: Handler
    _states: RequestStates
    _memory: Memory = attrs.field(factory=Memory)
    _open_calls: OpenCalls[ParkedCall] = attrs.field(factory=OpenCalls, init=False)
    _calls: set[ParkedCall] = attrs.field(factory=set, init=False)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)
    _limit: float | None = attrs.field(default=None, init=False)

    def __len__(self) -> int:
        """How many calls wait for their client to come back."""
        return len(self._open_calls)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the nursery of all parked calls, until cancelled, which cancels them."""
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.sleep_forever()

    def begin(self, call: Call) -> ParkedCall:
        """Start a call in a task of its own.

        Raises:
            Overloaded: the gateway holds too much already (`Memory.is_full`).
        """
        self._memory.require_room()
        if self._nursery is None:
            raise RuntimeError("nothing can be parked before `run` is running")
        parked = ParkedCall(call, self._open_calls, self._memory)
        if self._limit is not None:
            parked.stop(self._limit)
        self._calls.add(parked)
        self._nursery.start_soon(self._serve, parked)
        return parked

    def reopened(self, call: Call) -> Call | ParkedCall:
        """What a retry goes on with: its parked call, with its answers; or the call as the backend wants it again.

        Raises:
            InvalidParams: its `requestState` does not belong to it or is used up, or its answers are none.
        """
        state = self._states.read(call, trio.current_time())
        if state.kind == "relayed":
            return unwrapped(call, state)
        parked = self._open_calls.find(state.content or "")
        outcomes = parked.inputs.judge(read_answers(call.params))
        self._open_calls.leave(parked)
        parked.inputs.settle(outcomes)
        parked.come_back(call)
        if parked.inputs:
            self._open_calls.admit(parked)  # there is room: its own place was freed above
        return parked

    def input_required(self, parked: ParkedCall) -> bytes:
        """The raw result that asks a client for what its call wants to know, and lets it come back."""
        state = self._states.give_out(parked.call, "parked", parked.ticket, trio.current_time())
        return b'{"resultType":"input_required","inputRequests":%b,"requestState":%b}' % (
            parked.inputs.requests(),
            encode(state),
        )

    def relayed(self, call: Call, outcome: Outcome) -> Outcome:
        """The outcome of a backend, its own request for input included, as the client may see it."""
        if call.method not in ASKING or outcome.result is None or MARK not in own_words(outcome.result):
            return outcome
        result = self._states.relayed(call, outcome.result, trio.current_time())
        return outcome if result is outcome.result else Outcome(result=result)

    def stop(self, limit: float) -> None:
        """The gateway stops: calls whose client is away are cancelled, the others at `limit`."""
        self._limit = limit
        for parked in tuple(self._calls):
            parked.stop(limit)

    async def _serve(self, parked: ParkedCall) -> None:
        try:
            await parked.run(self._handler)
        finally:
            self._calls.discard(parked)
            self._memory.release(parked)
