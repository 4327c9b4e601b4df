"""A backend's bulkhead: so many calls are under way there at once, so many more wait their turn, others are refused.

It counts calls of clients alone: the gateway's own probes, lists, notifications and cancellations pass it by. A call
whose client is being asked does not count: a person thinks for minutes, and meanwhile the backend only waits. When the
answer comes the call goes on at once, even if that is one too many for a while; new calls wait for that.

A backend that an operator drains lets no new call in; what has been let in, or asks of what has, goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

import attrs
import structlog
import trio

from argus_trio.clock import running_clock
from argus_trio.config.model.operation import Bounds
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.record import CallRecord
from argus_trio.core.call.session_policy import TASK_METHODS
from argus_trio.core.health.occupancy import Occupancy
from argus_trio.core.journal import Journal
from argus_trio.errors import BackendUnavailable, DeadlineExceeded
from argus_trio.per_call import PerCall
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

SOONEST_RETRY_SECONDS: Final = 1.0
"""The shortest wait that a refused client is advised of: sooner, it would find the same queue."""

LATEST_RETRY_SECONDS: Final = 60.0
"""The longest wait that a refused client is advised of: no estimate from past calls reaches further."""

CALM_SECONDS: Final = 30.0
"""How long without a refusal until the next one is logged again: one line for each crowd, not for each call."""


@attrs.define(eq=False, repr=False)
class Bulkhead:
    """The places of one backend. Calls that wait for one get it in the order of arrival."""

    backend: str
    _limits: Bounds = attrs.field(factory=Bounds)
    drained: str | None = attrs.field(default=None, init=False)
    """Why no new call is let in; None while they are."""
    journal: Journal = attrs.field(factory=Journal, kw_only=True)
    now: Callable[[], float] = attrs.field(factory=running_clock, init=False)
    """Tells the time, on trio's clock."""
    refused: int = attrs.field(default=0, init=False)
    """How many calls were refused so far because the queue was full."""
    _occupancy: Occupancy = attrs.field(factory=Occupancy, init=False)
    _queue: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False)
    _episode: int = attrs.field(default=0, init=False)
    """How many calls were refused of late, with less than `CALM_SECONDS` from each to the next."""
    _refused_at: float = attrs.field(default=0.0, init=False)
    """When a call was refused last."""

    @property
    def limits(self) -> Bounds:
        """The bounds that apply now. Setting them lets in as many calls as now fit, and refuses none that waits."""
        return self._limits

    @limits.setter
    def limits(self, limits: Bounds) -> None:
        self._limits = limits
        self._let_in()

    @property
    def under_way(self) -> int:
        """How many calls have a place."""
        return self._occupancy.count

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return len(self._queue)

    def take(self, now: float) -> bool:
        """Take a place if one is free and no call waits for it; whether that was so."""
        occupancy = self._occupancy
        if occupancy.count >= self._limits.concurrency or self._queue:
            return False
        occupancy.begin(now)
        if self._episode:
            self._relieve(now)
        return True

    def require_open(self) -> None:
        """Raise `BackendUnavailable` if no new call is let in."""
        if self.drained is not None:
            raise BackendUnavailable(self.backend, self.drained)

    def retake(self) -> None:
        """Take a place, free or not: the call was under way before."""
        self._occupancy.begin(self.now())

    def leave(self, since: float) -> None:
        """Give back a place that was taken at `since`, on trio's clock."""
        self._occupancy.end(since, self.now())
        if self._queue:
            self._let_in()

    async def wait(self, patience: float) -> None:
        """Wait for a place and take it.

        Raises:
            BackendUnavailable: too many calls wait already; says when to try again.
            DeadlineExceeded: it took longer than `patience` seconds.
        """
        if len(self._queue) >= self._limits.queue:
            raise self._refusal()
        with trio.move_on_after(patience):
            await self._queue.park()  # whoever wakes us has taken the place for us, so that nobody comes in between
            return
        raise DeadlineExceeded(self.backend, patience, was_waiting=True)

    def _let_in(self) -> None:
        while self._queue and self._occupancy.count < self._limits.concurrency:
            self._occupancy.begin(self.now())
            self._queue.unpark()

    def _refusal(self) -> BackendUnavailable:
        now, waiting = self.now(), len(self._queue)
        self._relieve(now)
        self.refused += 1
        self._episode += 1
        self._refused_at = now
        until_served = self._occupancy.service_time(now) * (waiting + 1) / self._limits.concurrency
        after = round(min(max(SOONEST_RETRY_SECONDS, until_served), LATEST_RETRY_SECONDS), 1)
        facts = {"under_way": self.under_way, "waiting": waiting, "retry_after": after}
        reason = f"{self.under_way} calls are under way there and {waiting} wait (limits.concurrency, limits.queue)"
        if self._episode == 1:
            log.warning("backend_queue_full", backend=self.backend, **facts)
            said = f"{self.backend}: {reason}; more are refused"
            self.journal.note("backend_queue_full", said, severity="warning", backend=self.backend, details=facts)
        return BackendUnavailable(self.backend, reason, retry_after=after)

    def _relieve(self, now: float) -> None:
        if self._episode and now - self._refused_at > CALM_SECONDS:
            log.info("backend_queue_relieved", backend=self.backend, refused=self._episode)
            said, details = f"{self.backend}: calls are taken again", {"refused": self._episode}
            self.journal.note("backend_queue_relieved", said, backend=self.backend, details=details)
            self._episode = 0


class Place(PerCall):
    """One call's place, given back at the end of the `with` block that follows.

    place = Place(bulkhead, exchange, patience)
    if not place.take():
        await place.wait()
    with place:
        ...
    """

    bulkhead: Bulkhead
    exchange: Exchange
    """The exchange to call the backend with; within the block it gives the place back while its client is asked."""
    patience: float
    """Seconds that the call may wait for a place."""
    waited: float = 0.0
    """Seconds that passed until a place was free: they count towards the call's deadline."""
    since: float = 0.0
    """When it was taken last, on trio's clock."""
    _asks: int = 0
    _is_over: bool = False

    def take(self) -> bool:
        """Take a place if one is free and no call waits for it; whether that was so.

        Raises:
            BackendUnavailable: no new calls are let in.
        """
        self.since = self.bulkhead.now()
        if self.bulkhead.drained is not None and not _goes_on(self.exchange.call):
            self.bulkhead.require_open()
        return self.bulkhead.take(self.since)

    async def wait(self) -> None:
        """Wait for a place and take it.

        Raises:
            BackendUnavailable: too many calls wait already.
            DeadlineExceeded: no place was free within `patience`.
        """
        arrived = self.since
        await self.bulkhead.wait(self.patience)
        self.since = self.bulkhead.now()
        self.waited = self.since - arrived

    def __enter__(self) -> Place:
        if self.exchange.call.abilities.has_any:
            self.exchange = AskingExchange(self.exchange, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over = True  # the task of an ask that is withdrawn now ends later than the call
        if not self._asks:
            self.bulkhead.leave(self.since)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give the place back for the length of the block: the call waits for what is not the backend's pace."""
        self.begin_ask()
        try:
            yield
        finally:
            self.end_ask()

    @property
    def is_taken(self) -> bool:
        """Whether the call has its place now: it does not ask its client."""
        return not self._asks

    def begin_ask(self) -> None:
        """Give the place back while the client is asked something."""
        self._asks += 1
        if self._asks == 1 and not self._is_over:
            self.bulkhead.leave(self.since)

    def end_ask(self) -> None:
        """Take the place again: the client has answered, or no longer needs to. Does not wait for a free one."""
        self._asks -= 1
        if not self._asks and not self._is_over:
            self.bulkhead.retake()
            self.since = self.bulkhead.now()


def _goes_on(call: Call) -> bool:
    """Whether a call is a part of what was begun before: about a task, the end of a subscription, or a retry with the
    answers that its backend asked for."""
    return bool(call.continues) or call.method.startswith(TASK_METHODS) or call.method == "resources/unsubscribe"


@attrs.frozen(eq=False, repr=False)
class AskingExchange:
    """The exchange of a client that can be asked: while it is asked, its call has no place."""

    exchange: Exchange
    place: Place

    @property
    def call(self) -> Call:
        """The call of the exchange; see `Exchange`."""
        return self.exchange.call

    @property
    def record(self) -> CallRecord | None:
        """The record of the exchange; see `Exchange`."""
        return self.exchange.record

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification to the client; see `Exchange`."""
        await self.exchange.notify(method, params)

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask the client, with the place given back meanwhile; see `Exchange`."""
        record = self.exchange.record
        if record is not None:
            record.asks += 1
            record.waits_for = "client"
        self.place.begin_ask()
        try:
            return await self.exchange.ask(method, params)
        finally:
            self.place.end_ask()
            if record is not None and self.place.is_taken:
                record.waits_for = "backend"
