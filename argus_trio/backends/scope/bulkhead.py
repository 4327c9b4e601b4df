"""A backend's bulkhead: so many calls are under way there at once, so many more wait their turn, others are refused.

It counts clients' calls alone: the gateway's own probes, lists, notifications and cancellations pass it by. A call
whose client is being asked does not count: a person thinks for minutes, and meanwhile the backend only waits. When the
answer comes the call goes on at once, even if that is one too many for a while; new ones wait for that.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.operation import Bounds
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.health.occupancy import Occupancy
from argus_trio.errors import BackendUnavailable, DeadlineExceeded
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

SOONEST: Final = 1.0
"""Seconds that a refused client is told to wait, at least."""
LATEST: Final = 60.0
"""The same, at most: no estimate reaches further."""
CALM: Final = 30.0
"""Seconds without a refusal after which the next one is news again."""


@attrs.define(eq=False)
class Bulkhead:
    """The places of one backend. Whoever has to wait for one gets it in the order of arrival."""

    backend: str
    _limits: Bounds = attrs.field(factory=Bounds)
    refused: int = attrs.field(default=0, init=False)
    """Calls refused so far because the queue was full."""
    _occupancy: Occupancy = attrs.field(factory=Occupancy, init=False)
    _queue: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False)
    _episode: int = attrs.field(default=0, init=False)
    """Calls refused of late, with less than `CALM` from each to the next."""
    _refused_at: float = attrs.field(default=0.0, init=False)

    @property
    def limits(self) -> Bounds:
        """What applies now. Setting it lets in as many as now fit; whoever waits already is not sent away."""
        return self._limits

    @limits.setter
    def limits(self, limits: Bounds) -> None:
        self._limits = limits
        self._let_in()

    @property
    def under_way(self) -> int:
        """Calls that have a place."""
        return self._occupancy.count

    @property
    def waiting(self) -> int:
        """Calls that wait for one."""
        return len(self._queue)

    def take(self) -> bool:
        """Take a place if one is free and nobody waits for it; whether that is so."""
        occupancy = self._occupancy
        if occupancy.count >= self._limits.concurrency or self._queue:
            return False
        now = trio.current_time()
        occupancy.begin(now)
        if self._episode:
            self._relieve(now)
        return True

    def retake(self) -> None:
        """Take a place, free or not: the call was under way before."""
        self._occupancy.begin(trio.current_time())

    def leave(self, since: float) -> None:
        """Give back a place that was taken at `since`."""
        self._occupancy.end(since, trio.current_time())
        if self._queue:
            self._let_in()

    async def wait(self, patience: float) -> None:
        """Wait for a place and take it.

        Raises:
            BackendUnavailable: too many wait already.
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
            self._occupancy.begin(trio.current_time())
            self._queue.unpark()

    def _refusal(self) -> BackendUnavailable:
        now, waiting = trio.current_time(), len(self._queue)
        self._relieve(now)
        self.refused += 1
        self._episode += 1
        self._refused_at = now
        until_served = self._occupancy.service_time(now) * (waiting + 1) / self._limits.concurrency
        after = round(min(max(SOONEST, until_served), LATEST), 1)
        facts = {"under_way": self.under_way, "waiting": waiting, "retry_after": after}
        if self._episode == 1:
            log.warning("backend_queue_full", backend=self.backend, **facts)
        reason = f"{self.under_way} calls are under way there and {waiting} wait (limits.concurrency, limits.queue)"
        return BackendUnavailable(self.backend, reason, retry_after=after)

    def _relieve(self, now: float) -> None:
        if self._episode and now - self._refused_at > CALM:
            log.info("backend_queue_relieved", backend=self.backend, refused=self._episode)
            self._episode = 0


@attrs.define(eq=False)
class Place:
    """One call's place, held within `async with`. `exchange` is what the backend is to be called with."""

    bulkhead: Bulkhead
    exchange: Exchange
    patience: float
    waited: float = attrs.field(default=0.0, init=False)
    """Seconds that passed until the place was free: they belong to the call's deadline."""
    _since: float = attrs.field(default=0.0, init=False)
    _asks: int = attrs.field(default=0, init=False)
    _is_over: bool = attrs.field(default=False, init=False)

    async def __aenter__(self) -> Place:
        """Raises what `Bulkhead.wait` raises."""
        arrived = trio.current_time()
        if not self.bulkhead.take():
            await self.bulkhead.wait(self.patience)
        self._since = trio.current_time()
        self.waited = self._since - arrived
        if self.exchange.call.abilities.any:
            self.exchange = AskingExchange(self.exchange, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over = True  # the task of an ask that is withdrawn now ends later than the call
        if not self._asks:
            self.bulkhead.leave(self._since)

    def begin_ask(self) -> None:
        """The client is asked something: give the place back while it is."""
        self._asks += 1
        if self._asks == 1 and not self._is_over:
            self.bulkhead.leave(self._since)

    def end_ask(self) -> None:
        """The client has answered, or no longer needs to."""
        self._asks -= 1
        if not self._asks and not self._is_over:
            self.bulkhead.retake()
            self._since = trio.current_time()


@attrs.frozen(eq=False)
class AskingExchange:
    """The exchange of a client that can be asked: while it is, its call has no place."""

    exchange: Exchange
    place: Place

    @property
    def call(self) -> Call:
        """See `Exchange`."""
        return self.exchange.call

    async def notify(self, method: str, params: Params) -> None:
        """See `Exchange`."""
        await self.exchange.notify(method, params)

    async def ask(self, method: str, params: Params) -> bytes:
        """See `Exchange`."""
        self.place.begin_ask()
        try:
            return await self.exchange.ask(method, params)
        finally:
            self.place.end_ask()
