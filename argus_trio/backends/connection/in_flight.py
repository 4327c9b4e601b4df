"""The calls in flight on one connection, and which of them it is that the backend says something about.

A call's clock stands still while its client is being asked. One task keeps the time of all that only wait for their
answers: a cancel scope for each would be a twelfth of a call. What is sent to clients goes through
`notification_queue.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import Final, Protocol, TypeVar

import attrs
import msgspec
import trio

from argus_trio.backends.connection.notification_queue import Losses, NotificationQueue
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.pending import Answer, Expected, Overdue
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.levels import passes_level
from argus_trio.core.call.record import CallRecord, Follow
from argus_trio.errors import DeadlineExceeded
from argus_trio.per_call import PerCall
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.members import int_member, string_member
from argus_trio.wire.revisions import Era

ATTRIBUTION_SECONDS: Final = 30.0
"""How long it may take until it is clear which of several clients a backend means that was not expected to ask any:
most calls are over by then, and the one that asks has half of its usual deadline left for the answer."""

T = TypeVar("T")


class InFlight(PerCall, kw_only=True):
    """One call in flight: its clock, its client's progress token, its notifications and what its client is asked."""

    exchange: Exchange
    table: InFlightTable
    """The table that keeps its time."""
    deadline: float
    """When it is overdue, on trio's clock; see `move`."""
    patience: float
    """Seconds that the call may take without an answer or progress."""
    latest: float
    """The time beyond which no progress moves the deadline, on trio's clock."""
    nursery: trio.Nursery
    """Where its notifications are sent."""
    losses: Losses
    notifications: NotificationQueue | None = None
    """What is sent to its client; None until there is anything."""
    token: msgspec.Raw | None = None
    """The progress token that the client chose, if it wants progress."""
    asks: set[trio.CancelScope] = msgspec.field(default_factory=set)
    """The requests of the backend that the client is to answer and has not yet, by their scopes."""
    _guessed: set[trio.CancelScope] = msgspec.field(default_factory=set)
    """The part of `asks` that names no request: those may belong to another call of the same client."""
    _successor: InFlight | None = None
    """The call that those of `_guessed` went over to when this one ended."""
    _left: float = 0.0
    """Seconds that were left when the clock was stopped."""
    _scope: trio.CancelScope | None = None
    """The scope of `within`, while it is under way."""
    _expected: Expected | None = None
    """What `ask` waits for, if it does so without a scope."""

    async def ask(self, link: Link, outgoing: Outgoing) -> Answer:
        """Send the request, and wait for its answer.

        Raises:
            LinkFailed: as `Link.request`.
            Overdue: the deadline passed.
        """
        expected = self._expected = link.begin(outgoing)
        if expected is None:
            return await self.within(partial(link.request, outgoing))
        try:
            if self.deadline < self.table.wakes_at:
                self.table.wake_by(self.deadline)
            return await expected.wait()
        finally:
            self._expected = None
            expected.leave()

    async def within(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what may wait for anything, until the deadline.

        Raises:
            Overdue: it passed, which has cancelled `work`.
        """
        if self._scope is not None:
            return await work()
        with trio.CancelScope(deadline=self.deadline) as self._scope:
            try:
                return await work()
            finally:
                self._scope = None
        raise Overdue

    def move(self, deadline: float) -> None:
        """Put the deadline at another time."""
        self.deadline = deadline
        if self._scope is not None:
            self._scope.deadline = deadline
        if deadline < self.table.wakes_at:
            self.table.wake_by(deadline)

    def judge(self, now: float) -> float:
        """End the wait for an answer if it is overdue; when to judge again if it is not."""
        if self._expected is None:
            return inf
        if now < self.deadline:
            return self.deadline
        self._expected.settle(Overdue())
        return inf

    def tell(self, method: str, params: Params) -> None:
        """Send its client a notification; returns at once."""
        if self.notifications is None:
            self.notifications = NotificationQueue(self.exchange, self.nursery, self.losses)
        self.notifications.put(method, params)

    def progressed(self) -> None:
        """Give the call its full patience again, as far as `latest` lets it."""
        if not self.asks:
            self.move(min(trio.current_time() + self.patience, self.latest))

    def begin_ask(self, ask: trio.CancelScope, *, is_guess: bool = False) -> None:
        """Stop the clock, for it is the client's turn: it is asked something, in the scope `ask`.

        `is_guess` says that it is not certain that this call is the one meant.
        """
        if is_guess:
            self._guessed.add(ask)
        if not self.asks:
            self._left = self.deadline - trio.current_time()
            self.move(inf)
        self.asks.add(ask)

    def end_ask(self, ask: trio.CancelScope) -> None:
        """Let the clock run on, once the client is asked nothing any more."""
        if ask not in self.asks and self._successor is not None:
            self._successor.end_ask(ask)
            return
        self._guessed.discard(ask)
        self.asks.discard(ask)
        if not self.asks:
            self.move(trio.current_time() + self._left)

    def end(self, successor: InFlight | None) -> None:
        """End the call, and cancel what its client is still asked; guesses go over to `successor`, if there is one."""
        self._successor = successor
        for ask in tuple(self.asks):
            if successor is None or ask not in self._guessed:
                ask.cancel()
            else:
                self.asks.discard(ask)
                successor.begin_ask(ask, is_guess=True)

    def wants_log(self, params: Params) -> bool:
        """Whether the client is to be sent a log message with these params, by the level that it asked for.

        A legacy client that asked for none is sent what the backend chooses to send (2025-11-25, Logging).
        """
        call = self.exchange.call
        if call.log_level is None:
            return call.era is Era.LEGACY
        return passes_level(level_of(params), call.log_level)


@attrs.define(eq=False, repr=False)
class InFlightTable:
    """The calls in flight on one connection, by the ids of their requests."""

    is_exclusive: bool
    """Whether all calls belong to one client: then what names no request is meant for that client."""
    start_soon: Callable[[Callable[[], Awaitable[object]]], object]
    """Starts the task that keeps the time, in which it may end with the connection."""
    wakes_at: float = attrs.field(default=inf, init=False)
    """When it looks at the deadlines next, on trio's clock."""
    _nap: trio.CancelScope | None = attrs.field(default=None, init=False)
    _by_id: dict[int, InFlight] = attrs.field(factory=dict, init=False)
    _removed: trio.Event | None = attrs.field(default=None, init=False)
    """Set at the end of a call; None while nobody waits for one."""

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, message_id: int, call_in_flight: InFlight) -> None:
        """Note that a call begins, with this request id."""
        self._by_id[message_id] = call_in_flight

    def remove(self, message_id: int) -> None:
        """End a call, and what its client is still asked for it; what may be asked for another call goes on."""
        call_in_flight = self._by_id.pop(message_id)
        if call_in_flight.asks:
            call_in_flight.end(self.of(None) or self._sibling(call_in_flight))
        if self._removed is not None:
            self._removed.set()
            self._removed = None

    def wake_by(self, deadline: float) -> None:
        """Look at the deadlines at this time, which is before `wakes_at`."""
        self.wakes_at = deadline
        if self._nap is not None:
            self._nap.deadline = deadline
        else:
            self._nap = trio.CancelScope()
            self.start_soon(self._keep_time)

    async def _keep_time(self) -> None:
        try:
            while True:
                with trio.CancelScope(deadline=self.wakes_at) as self._nap:
                    await trio.sleep_forever()
                now = trio.current_time()
                self.wakes_at = min((each.judge(now) for each in self._by_id.values()), default=inf)
        finally:
            self._nap, self.wakes_at = None, inf

    async def asking(self) -> InFlight | None:
        """The call whose request it is that came just now, where nothing but its client tells the calls apart.

        It is one of those under way, and does not end before it has its answer: so calls are ruled out as they end,
        until all that are left are of one client. None if they are of several after `ATTRIBUTION_SECONDS`.
        """
        possible = set(self._by_id)
        with trio.move_on_after(ATTRIBUTION_SECONDS):
            while True:
                left = [self._by_id[each] for each in sorted(possible & self._by_id.keys())]
                if all(_is_of_one_client(left[0], each) for each in left):
                    return left[-1] if left else None
                if self._removed is None:
                    self._removed = trio.Event()
                await self._removed.wait()
        return None

    def of_token(self, params: Params) -> InFlight | None:
        """The call in flight that the progress token in these params, one of ours, belongs to."""
        token = int_member(params, "progressToken")
        return None if token is None else self._by_id.get(token)

    def of(self, within: int | None) -> InFlight | None:
        """The call in flight on whose stream something came: `within` is its request id.

        Without one it is the latest call, where all belong to one client, and else none.
        """
        if within is not None and within in self._by_id:
            return self._by_id[within]
        if self.is_exclusive and self._by_id:
            return next(reversed(self._by_id.values()))
        return None

    def _sibling(self, call_in_flight: InFlight) -> InFlight | None:
        """The latest other call of the same session."""
        return next((e for e in reversed(self._by_id.values()) if _is_of_one_client(e, call_in_flight)), None)


def _is_of_one_client(one: InFlight, other: InFlight) -> bool:
    """Whether two calls are known to be of one client: calls without a session may be anybody's."""
    client = one.exchange.call.client
    return one is other or (client is not None and client is other.exchange.call.client)


def level_of(params: Params) -> str:
    """The level of a `notifications/message`; what is malformed counts as the gravest, so that it is not lost."""
    level = string_member(params, "level")
    return "emergency" if level is None else level


class PerformRound(Protocol):
    """Sends one request of a call and waits for its answer; the raw JSON of the result."""

    def __call__(self, call_in_flight: InFlight, params: Params, headers: Headers) -> Awaitable[bytes]: ...


async def followed_round(
    record: CallRecord,
    follow: Follow,
    perform: PerformRound,
    call_in_flight: InFlight,
    params: Params,
    headers: Headers,
) -> bytes:
    """Perform a round that somebody follows; raises what `perform` raises."""
    followed, began = follow(record, params), trio.current_time()
    try:
        result = await perform(call_in_flight, followed.params, (*headers, *followed.headers))
    except Overdue:
        followed.end(None, DeadlineExceeded(record.backend, trio.current_time() - began))
        raise
    except BaseException as error:
        followed.end(None, error)
        raise
    followed.end(result, None)
    return result
