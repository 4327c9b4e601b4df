"""The exchanges under way on one connection, and whose is what the backend says meanwhile."""

from __future__ import annotations

from math import inf

import attrs
import msgspec
import trio

from argus_trio.backends.connection.notification_queue import NotificationQueue
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.levels import passes_level
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import int_member, string_member
from argus_trio.wire.revisions import Era


@attrs.define(eq=False, kw_only=True)
class InFlight:
    """One exchange under way: its clock, its client's progress token, its notifications and its open asks."""

    exchange: Exchange
    scope: trio.CancelScope
    patience: float
    """Seconds of silence that the call may take."""
    latest: float
    """The time that no progress moves its deadline beyond."""
    notifications: NotificationQueue
    token: msgspec.Raw | None = attrs.field(default=None, init=False)
    asks: set[trio.CancelScope] = attrs.field(factory=set, init=False)
    _guessed: set[trio.CancelScope] = attrs.field(factory=set, init=False)
    """Those that no request is named in: they may belong to another call of the same client."""
    _successor: InFlight | None = attrs.field(default=None, init=False)
    """Who waits for them now."""
    _left: float = attrs.field(default=0.0, init=False)

    def progressed(self) -> None:
        """Give the call its full patience again, as far as `latest` lets it."""
        if not self.asks:
            self.scope.deadline = min(trio.current_time() + self.patience, self.latest)

    def begin_ask(self, ask: trio.CancelScope, *, is_guess: bool = False) -> None:
        """Stop the clock: it is the client's turn. `is_guess` where it is not certain that the ask is this call's."""
        if is_guess:
            self._guessed.add(ask)
        if not self.asks:
            self._left = self.scope.deadline - trio.current_time()
            self.scope.deadline = inf
        self.asks.add(ask)

    def end_ask(self, ask: trio.CancelScope) -> None:
        """Let the clock run on once no ask is open."""
        if ask not in self.asks and self._successor is not None:
            self._successor.end_ask(ask)
            return
        self._guessed.discard(ask)
        self.asks.discard(ask)
        if not self.asks:
            self.scope.deadline = trio.current_time() + self._left

    def end(self, successor: InFlight | None) -> None:
        """Withdraw what is still asked: nobody waits for it any more. What was a guess goes to `successor`, if any."""
        self._successor = successor
        for ask in tuple(self.asks):
            if successor is None or ask not in self._guessed:
                ask.cancel()
            else:
                self.asks.discard(ask)
                successor.begin_ask(ask, is_guess=True)

    def wants_log(self, params: Params) -> bool:
        """Whether this client hears a log message of that level: what it asked for; a legacy one that asked for nothing
        hears what the backend chooses to send (2025-11-25, Logging)."""
        call = self.exchange.call
        if call.log_level is None:
            return call.era is Era.LEGACY
        return passes_level(level_of(params), call.log_level)


@attrs.define(eq=False)
class InFlightTable:
    """The flights of one connection, by the id of their request."""

    is_exclusive: bool
    """Whether they all belong to one client: then what names no request is said to it."""
    _by_id: dict[int, InFlight] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, message_id: int, call_in_flight: InFlight) -> None:
        """Begin."""
        self._by_id[message_id] = call_in_flight

    def remove(self, message_id: int) -> None:
        """End, with everything that it still asks; but what may have been asked for another call goes on."""
        call_in_flight = self._by_id.pop(message_id)
        if call_in_flight.asks:
            call_in_flight.end(self.of(None))

    def of_token(self, params: Params) -> InFlight | None:
        """The flight that a progress token of ours belongs to."""
        token = int_member(params, "progressToken")
        return None if token is None else self._by_id.get(token)

    def of(self, within: int | None) -> InFlight | None:
        """The flight on whose stream something came, or the latest one where all are one client's."""
        if within is not None and within in self._by_id:
            return self._by_id[within]
        if self.is_exclusive and self._by_id:
            return next(reversed(self._by_id.values()))
        return None


def level_of(params: Params) -> str:
    """The level of a `notifications/message`; what is malformed counts as the gravest, so that it is not lost."""
    level = string_member(params, "level")
    return "emergency" if level is None else level
