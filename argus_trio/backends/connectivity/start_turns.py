"""Whose turn it is to start: a bounded number of programs at once, in order, one for each command.

A first start may be a download: twenty at once on two processors end in mid-install, and two of the same package break
the cache that they share. For `npx` that is a folder for each package, whatever arguments follow it.

Remote servers are connected to at a pace: each attempt is some milliseconds of work, and hundreds of them together
would hold up every client.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from math import inf
from operator import attrgetter
from pathlib import PurePath
from typing import Final

import attrs
import trio

from argus_trio.backends.connection.open import BackendAddress
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.health.activity import ActivityMonitor
from argus_trio.errors import LinkFailed

SHARED_FOLDERS: Final = frozenset({"npx", "pnpx", "bunx"})
"""Programs that unpack a package into a folder of its own, where two of them at once are in each other's way."""

PREPARING_SECONDS: Final = 8.0
"""How long a program may work before its first message until it counts as preparing: one that merely starts has spoken
by then."""
IDLE_SECONDS: Final = 2.0
"""How long nothing of a start moves until it no longer takes a turn: two looks at it."""
REMOTE_AT_ONCE: Final = 64
"""How many attempts to connect to remote servers may begin together: as many as most configurations have."""
REMOTE_PER_SECOND: Final = 100.0
"""How many may begin in a second beyond that: a third of a processor's work where all of them fail."""


def _take_no_note() -> None:
    """Let it be."""


@attrs.define(eq=False, repr=False)
class StartTurns:
    """The turns of one gateway. `limit` is asked anew for each turn: a reload may change it."""

    limit: Callable[[], int]
    _starting: list[object] = attrs.field(factory=list, init=False, repr=False)
    """What is started at the moment, by command."""
    _resting: int = attrs.field(default=0, init=False)
    """How many of them only wait, and take nobody's place."""
    _preparing: set[Turn] = attrs.field(factory=set, init=False, repr=False)
    """Those whose image is made or pulled."""
    _waiting: list[Turn] = attrs.field(factory=list, init=False, repr=False)
    """What waits, in the order of the tickets."""
    _paced_until: float = attrs.field(default=-inf, init=False)
    """When the latest attempt to connect to a remote server was due, as if there were no bursts."""
    _tickets: Iterator[int] = attrs.field(factory=count, init=False)
    _changed: trio.Event = attrs.field(factory=trio.Event, init=False)

    def ticket(self) -> int:
        """A place in the order, behind all that were given before."""
        return next(self._tickets)

    @asynccontextmanager
    async def turn(
        self, spec: BackendSpec, ticket: int | None = None, on_held_up: Callable[[], None] = _take_no_note
    ) -> AsyncIterator[Turn]:
        """A turn to start, once there is one; it is over when it is ended, or when the block is left.

        Without a ticket of before it is behind all that wait. A remote server needs no turn, and begins at a pace.
        `on_held_up` is called if an image is made meanwhile: then it may be long until there is a turn.
        """
        command = _started(spec) if isinstance(spec, StdioBackend) else None
        turn = Turn(self, command, self.ticket() if ticket is None else ticket)
        if turn.command is not None:
            await self._take(turn, on_held_up)
        else:
            await self._keep_pace()
        try:
            yield turn
        finally:
            turn.end()

    def give_back(self, turn: Turn, *, has_rested: bool) -> None:
        """Let somebody else start: what had this turn is ready, or has failed."""
        self._preparing.discard(turn)
        self._starting.remove(turn.command)
        self._resting -= has_rested
        self._wake()

    def give_room(self) -> None:
        """Let something else start beside one that only waits."""
        self._resting += 1
        self._wake()

    def prepare(self, turn: Turn) -> None:
        """Take note that the image of what has this turn is made or pulled; idempotent."""
        if turn not in self._preparing:
            self._preparing.add(turn)
            self._wake()

    def share_nothing(self, turn: Turn) -> None:
        """Let the like of what has this turn start as well, as far as there is room: its image is there."""
        self._preparing.discard(turn)
        self._starting[self._starting.index(turn.command)] = turn
        turn.command = turn
        self._wake()

    async def _keep_pace(self) -> None:
        now = trio.current_time()
        self._paced_until = max(self._paced_until, now - REMOTE_AT_ONCE / REMOTE_PER_SECOND) + 1 / REMOTE_PER_SECOND
        if self._paced_until > now:
            await trio.sleep_until(self._paced_until)

    async def _take(self, turn: Turn, on_held_up: Callable[[], None]) -> None:
        insort(self._waiting, turn, key=attrgetter("ticket"))
        try:
            # Tasks that were started together run in any order: until here all of them have come.
            await trio.lowlevel.checkpoint()
            while not self._is_next(turn):
                if self._preparing:
                    on_held_up()
                await self._changed.wait()
                await trio.lowlevel.checkpoint()  # who gave a turn back to try again at once has come by then
            self._starting.append(turn.command)
            turn.is_held = True
        finally:
            self._waiting.remove(turn)
            self._wake()

    def _is_next(self, turn: Turn) -> bool:
        """Whether there is room, and nothing that came before could start instead."""
        if len(self._starting) - self._resting >= self.limit() or turn.command in self._starting:
            return False
        return next(each for each in self._waiting if each.command not in self._starting) is turn

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


@attrs.define(eq=False, repr=False)
class Turn:
    """The turn of one start."""

    turns: StartTurns
    command: object | None = attrs.field(repr=False)
    """What is started; None for what needs no turn."""
    ticket: int
    is_held: bool = attrs.field(default=False, init=False)
    _rests: bool = attrs.field(default=False, init=False)

    def rest(self) -> None:
        """Let something else start, but not the same: this start only waits, perhaps for the network. Idempotent."""
        if self.is_held and not self._rests:
            self._rests = True
            self.turns.give_room()

    def prepares_image(self, *, only_waits: bool) -> None:
        """Take note that its image is made, or pulled, which only waits for the network. Idempotent."""
        if self.is_held:
            self.turns.prepare(self)
        if only_waits:
            self.rest()

    def share_nothing(self) -> None:
        """Take note that what starts has no folder in common with its like: in a container of its own. Idempotent."""
        if self.is_held and self.command is not self:
            self.turns.share_nothing(self)

    def end(self) -> None:
        """Give the turn back. Idempotent."""
        if self.is_held:
            self.is_held = False
            self.turns.give_back(self, has_rested=self._rests)


@attrs.define(eq=False, repr=False)
class StartClock:
    """The clock of one start: `timeouts.connect` from its turn on, and what it works before its first message more."""

    address: BackendAddress
    turn: Turn
    prepares: Callable[[], None]
    """Called, again and again, while the program works for long before its first message."""
    began: float = attrs.field(factory=trio.current_time, init=False)
    limit: trio.CancelScope = attrs.field(init=False)
    _worked: float = attrs.field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self.limit = trio.CancelScope(deadline=self.began + self.address.spec.timeouts.connect)

    def sampled(self, monitor: ActivityMonitor, now: float) -> None:
        """Take what the program has done so far."""
        if monitor.silent_seconds(now) >= IDLE_SECONDS:
            self.turn.rest()  # what only waits is in nobody's way, but for its like
        if monitor.has_spoken:
            return
        timeouts = self.address.spec.timeouts
        self._worked = monitor.busy_seconds
        self.limit.deadline = self.began + timeouts.connect + min(self._worked, timeouts.prepare)
        if self._worked >= PREPARING_SECONDS:
            self.prepares()

    def failure(self) -> LinkFailed:
        """Why there is no connection in time."""
        timeouts = self.address.spec.timeouts
        worked = f", and {self._worked:.0f} s of work before its first message" if self._worked else ""
        reason = f"it was not ready within {timeouts.connect:g} s (timeouts.connect){worked}"
        if self._worked >= timeouts.prepare:
            reason = f"it was not prepared within {timeouts.prepare:g} s (timeouts.prepare)"
        return LinkFailed(reason, details=self.address.stderr.excerpt())


def _started(spec: StdioBackend) -> tuple[str, ...]:
    """What two programs have in common that must not start at once: the package, or else the whole command line."""
    program = PurePath(spec.command).name
    if program in SHARED_FOLDERS:
        package = next((argument for argument in spec.args if not argument.startswith("-")), None)
        if package is not None:
            return (program, package)
    return (spec.command, *spec.args)
