"""Work that several wait for is done once: all hear how far it is, and it ends early when nobody waits any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import attrs
import trio

from argus_trio.core.health.health import PreparingWord
from argus_trio.errors import LinkFailed

T = TypeVar("T")
Hear = Callable[[PreparingWord, str], None]
"""Takes what is being done, and the last line that was said of it."""
Do = Callable[[Hear], Awaitable[T]]
"""Does the work; raises `LinkFailed`."""


def hear_nothing(what: PreparingWord, line: str) -> None:
    """Take no note of it."""


@attrs.define(eq=False, repr=False)
class _Waiter:
    hear: Hear


@attrs.define(eq=False, repr=False, kw_only=True)
class _OneWork(Generic[T]):
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    waiters: list[_Waiter] = attrs.field(factory=list)
    said: tuple[PreparingWord, str] | None = None
    done: trio.Event = attrs.field(factory=trio.Event)
    outcome: T | LinkFailed | None = None

    def say(self, what: PreparingWord, line: str) -> None:
        self.said = what, line
        for waiter in list(self.waiters):
            waiter.hear(what, line)


@attrs.define(eq=False, repr=False)
class SharedWork(Generic[T]):
    """What is under way, by key."""

    _nursery: trio.Nursery
    _under_way: dict[str, _OneWork[T]] = attrs.field(factory=dict, init=False)

    async def outcome(self, key: str, do: Do[T], hear: Hear) -> T:
        """The outcome of the work of that key: of what is under way, else of `do`.

        One that is cancelled waits no more; the last one ends the work, in its own time.

        Raises:
            LinkFailed: the work failed.
        """
        work = self._under_way.get(key)
        if work is None:
            work = self._under_way[key] = _OneWork[T]()
            self._nursery.start_soon(self._run, key, work, do)
        waiter = _Waiter(hear)
        work.waiters.append(waiter)
        try:
            if work.said is not None:
                hear(*work.said)
            await work.done.wait()
        finally:
            work.waiters.remove(waiter)
            if not work.waiters and not work.done.is_set():
                self._forget(key, work)
                work.scope.cancel()
        if isinstance(work.outcome, LinkFailed):
            raise work.outcome.again()
        if work.outcome is None:
            raise LinkFailed("the gateway stops")
        return work.outcome

    async def _run(self, key: str, work: _OneWork[T], do: Do[T]) -> None:
        try:
            with work.scope:
                work.outcome = await do(work.say)
        except LinkFailed as failure:
            work.outcome = failure
        finally:
            self._forget(key, work)
            work.done.set()

    def _forget(self, key: str, work: _OneWork[T]) -> None:
        if self._under_way.get(key) is work:
            del self._under_way[key]
