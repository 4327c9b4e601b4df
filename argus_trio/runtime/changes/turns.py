"""One change of the running gateway at a time, in the order in which they are asked for.

A change is made in the task that runs the turns: who asks for it only waits, and may cease to. What a change is stands
in `reload.py` and `backend_changes.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import attrs
import trio

T = TypeVar("T")

MOST_TURNS: Final = 64
"""How many changes may wait: each may take as long as a backend takes to start, and nobody waits for so many."""


@attrs.define(eq=False, repr=False)
class ChangeTurn(Generic[T]):
    """One change that waits for its turn. Neither function raises."""

    work: Callable[[], Awaitable[T]]
    """Makes the change; what came of it."""
    cut: Callable[[], T]
    """What is told where the gateway stops before it is made."""
    _outcome: list[T] = attrs.field(factory=list, init=False)
    _done: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def wait(self) -> T:
        """Wait until it has been made, or cut; what came of it. Cancelling this ends the waiting alone."""
        await self._done.wait()
        return self._outcome[0]

    async def take(self) -> None:
        """Make the change."""
        self._settle(await self.work())

    def end(self) -> None:
        """Cut it, if it has not been made."""
        if not self._done.is_set():
            self._settle(self.cut())

    def _settle(self, outcome: T) -> None:
        self._outcome.append(outcome)
        self._done.set()


@attrs.define(eq=False, repr=False)
class Turns:
    """The changes of one gateway: the one under way, and those that wait."""

    _waiting: deque[ChangeTurn[object]] = attrs.field(factory=deque, init=False)
    _running: ChangeTurn[object] | None = attrs.field(default=None, init=False)
    _wanted: trio.Event = attrs.field(factory=trio.Event, init=False)
    _is_over: bool = attrs.field(default=False, init=False)

    @property
    def is_full(self) -> bool:
        """Whether no more may wait, for now."""
        return len(self._waiting) >= MOST_TURNS

    def is_waiting(self, turn: ChangeTurn[T]) -> bool:
        """Whether a change has not begun, for others are before it."""
        return turn in self._waiting

    def add(self, turn: ChangeTurn[T]) -> ChangeTurn[T]:
        """Have a change made after those that wait. Once the turns are over it is cut at once."""
        if self._is_over:
            turn.end()
            return turn
        self._waiting.append(turn)  # type: ignore[arg-type]  # nothing is ever put into a turn from here
        self._wanted.set()
        return turn

    async def run(self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Make the changes, until `stop` is set, which cuts what is under way and what waits."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._take_all)
            task_status.started()
            await stop.wait()
            nursery.cancel_scope.cancel()
        self._is_over = True
        for turn in (self._running, *self._waiting):
            if turn is not None:
                turn.end()
        self._waiting.clear()

    async def _take_all(self) -> None:
        while True:
            while self._waiting:
                self._running = self._waiting.popleft()
                await self._running.take()
                self._running = None
            await self._wanted.wait()
            self._wanted = trio.Event()
