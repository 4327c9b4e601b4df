"""Requests in flight on a duplex link: who waits for which answer. It moves no bytes and knows no transport."""

from __future__ import annotations

from types import TracebackType
from typing import Final

import attrs
import trio

from argus_trio.errors import AnswerInvalid, LinkFailed, ResponseInvalid
from argus_trio.per_call import PerCall
from argus_trio.wire.envelope import ErrorResponse, Response, plain_id

Answer = Response | ErrorResponse

_ANSWER_START: Final = b'{"jsonrpc":"2.0","id":'


class Overdue(Exception):
    """The deadline of a request has passed, and there is no answer."""


class Expected(PerCall):
    """One request in flight, in the table for as long as it is entered.

    An answer or a failure that comes before `wait` is kept for it, so a transport may send between the two:

        with Expected(pending, outgoing.id) as expected:
            await send(outgoing.body)
            return await expected.wait()
    """

    _table: Pending
    _request_id: int
    _key: bytes = b""
    _outcome: Answer | LinkFailed | Overdue | None = None
    _task: trio.lowlevel.Task | None = None
    notices_before: int = 0
    """How many notices had been sent before the request."""

    def __enter__(self) -> Expected:
        """Enter the table.

        Raises:
            LinkFailed: the link has died; nothing has been sent.
        """
        table = self._table
        if table.failure is not None:
            table.check()
        self.notices_before = table.notices
        self._key = b"%d" % self._request_id
        table.waiting[self._key] = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Leave the table: nobody waits any more."""
        self._table.waiting.pop(self._key, None)

    async def wait(self) -> Answer:
        """Wait for the answer. Called at most once; a checkpoint in every case.

        Raises:
            LinkFailed: the link died before the answer came; `AnswerInvalid` if it came and is none.
            Overdue: it was settled with that.
        """
        if self._outcome is None:
            self._task = trio.lowlevel.current_task()
            # Bare parking: an Event costs twice as much, and this stands on the path of every call.
            await trio.lowlevel.wait_task_rescheduled(self._give_up)
        else:
            await trio.lowlevel.checkpoint()
        outcome, self._outcome = self._outcome, None
        if outcome is None:
            raise AssertionError("woken without an outcome")
        if isinstance(outcome, Exception):
            try:
                raise outcome
            finally:
                del outcome  # it holds this frame and all of its call: a cycle, for the collector alone to free
        return outcome

    def settle(self, outcome: Answer | LinkFailed | Overdue) -> None:
        """Keep the outcome of the request, the first one, and wake who waits for it."""
        if self._outcome is None:
            self._outcome = outcome
        if self._task is not None:
            trio.lowlevel.reschedule(self._task)
            self._task = None

    def _give_up(self, _: object) -> trio.lowlevel.Abort:
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED


@attrs.define(eq=False, repr=False)
class Pending:
    """The table of requests in flight. Once failed it stays so, and every later request raises the same failure."""

    waiting: dict[bytes, Expected] = attrs.field(factory=dict, init=False)
    """By the raw id of each request, which is unique for the link's life."""
    failure: LinkFailed | None = attrs.field(default=None, init=False)
    """What the table failed with, if it has."""
    notices: int = attrs.field(default=0, init=False)
    """How many notifications have been sent: the link tells `note_sent`."""
    _notices_taken: int = attrs.field(default=0, init=False)
    """How many of these are the reason of no error any more: a request behind them was answered, or an error came."""

    def __len__(self) -> int:
        return len(self.waiting)

    def note_sent(self, body: bytes) -> None:
        """Count a message that wants no answer, unless it is an answer itself."""
        if not body.startswith(_ANSWER_START):
            self.notices += 1

    def resolve(self, answer: Answer | ResponseInvalid) -> bool:
        """Give `answer` to the request it belongs to; False when none waits for it: it is late, or forged."""
        expected = self.waiting.pop(answer.id, None)
        if expected is None:
            expected = self.waiting.pop(plain_id(answer.id), None)
        if expected is None:
            return False
        if self._notices_taken < expected.notices_before:
            self._notices_taken = expected.notices_before
        if isinstance(answer, ResponseInvalid):
            self._settle(expected, answer)
        else:
            expected.settle(answer)
        return True

    def resolve_alone(self, answer: Answer | ResponseInvalid) -> bool:
        """As `resolve`, and where `answer` does not say which request it belongs to, give it to the only one there is:
        its server could not read, or not write, the id.

        An error may also be about a notice, which some servers take for a request: then it is nobody's."""
        if answer.id != b"null" or len(self.waiting) != 1:
            return self.resolve(answer)
        if isinstance(answer, ErrorResponse) and self._notices_taken < self.notices:
            self._notices_taken += 1
            return False
        _, expected = self.waiting.popitem()
        self._settle(expected, answer)
        return True

    @staticmethod
    def _settle(expected: Expected, answer: Answer | ResponseInvalid) -> None:
        expected.settle(AnswerInvalid(answer.message) if isinstance(answer, ResponseInvalid) else answer)

    def fail(self, failure: LinkFailed) -> None:
        """End every request in flight with `failure`; the first failure stands, later ones change nothing."""
        if self.failure is not None:
            return
        self.failure = failure
        waiting = list(self.waiting.values())
        self.waiting.clear()
        for expected in waiting:
            expected.settle(failure.again())

    def check(self) -> None:
        """Raise the failure, if there is one: whoever asks has sent nothing yet."""
        if self.failure is not None:
            raise self.failure.again(never_ran=True)
