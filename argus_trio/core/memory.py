"""What the gateway holds for its clients, in bytes, and the one bound that all of it has in common; sans I/O.

Whoever keeps something for a client says so here, at the moment when it does, and when it lets go of it. Nothing is
measured: what the figure means is the bytes of messages, not those of the objects around them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import attrs

from argus_trio.errors import Overloaded
from argus_trio.per_call import PerCall

MEMORY_BYTES: Final = 256 * 1024 * 1024
"""What is held in all, where nothing else is said: far more than honest clients leave lying, far less than a machine
has."""
DELIVERED_BYTES: Final = 32 * 1024 * 1024
"""What is kept in all of what clients have been sent already: they may have lost it on the way, the latest most likely.
Some results of the usual largest size."""
ALWAYS_BYTES: Final = 4096
"""A message up to this size is kept however full it is: it is the refusal of a larger one, as often as not."""
RETRY_AFTER_SECONDS: Final = 5.0
"""How long a client should wait that was refused: what is held is fetched, or given up, within seconds."""

SMALL_BYTES: Final = 64 * 1024
"""A body up to this size is only added up with the others, which costs a request nothing that could be measured."""
ALL_SMALL_BYTES: Final = 8 * 1024 * 1024
"""What of small bodies is only added up, in all: those of thousands of usual requests. Beyond it they are entered like
large ones."""
LARGE_ANSWER_BYTES: Final = 256 * 1024
"""The size from which an answer is accounted while it is written: as much as a client must read in one go
(`transport.WRITE_BYTES`). What a client takes at once is not accounted, and most answers are no larger."""
ANSWER_COPIES: Final = 2
"""How often an answer is there while it is written: as it was made, and as HTTP frames it."""
COPIES: Final = 3
"""How often a large body is there while a backend does not read it: as it came, as the request that was made of it,
and as that is written."""


def _default() -> int:
    return MEMORY_BYTES


def _nothing(_: int, __: int) -> None:
    """Nobody wants to know."""


class MemoryHolder(Protocol):
    """Something that holds data for clients."""

    def spare(self, wanted: int) -> None:
        """Let go of `wanted` bytes, if so many can go: what is missed least, oldest first. It says so by `hold`."""


@attrs.define(eq=False, repr=False)
class _WrittenAnswer:
    """A large answer that is being written."""

    def spare(self, wanted: int) -> None:
        """Nothing of it can go; see `MemoryHolder`."""


@attrs.define(eq=False, repr=False)
class Memory:
    """The accounts of all holders. `limit` is asked for anew each time, for a reload may change it.

    `on_full` is called, synchronously, with what is held and the limit, whenever `is_full` becomes true.
    """

    _limit: Callable[[], int] = _default
    _on_full: Callable[[int, int], object] = attrs.field(default=_nothing, kw_only=True)
    size: int = attrs.field(default=0, init=False)
    """What all of them hold together."""
    peak: int = attrs.field(default=0, init=False)
    """The most that `size` was since somebody has set this back."""
    is_full: bool = attrs.field(default=False, init=False)
    """Whether what would keep more is to be refused: seven eighths are taken by what cannot go. The rest is for what
    was begun before."""
    _tried: int = attrs.field(default=0, init=False)
    """Up to which size it is no use to ask the holders again: they were asked, and what they have left cannot go."""
    _is_making_room: bool = attrs.field(default=False, init=False)
    _held: dict[MemoryHolder, int] = attrs.field(factory=dict, init=False)
    _delivered: OrderedDict[object, tuple[int, Callable[[], object]]] = attrs.field(factory=OrderedDict, init=False)
    _delivered_size: int = attrs.field(default=0, init=False)
    _told_once: list[Callable[[], object]] = attrs.field(factory=list, init=False)

    @property
    def limit(self) -> int:
        """What may be held in all, as it is now."""
        return self._limit()

    def hold(self, holder: MemoryHolder, size: int) -> None:
        """Enter that `holder` holds so many bytes more, or fewer, if it is negative. What can go may go meanwhile."""
        before = self._held.get(holder, 0)
        size = max(size, -before)  # who has released everything has no more to give back
        if before + size:
            self._held[holder] = before + size
        else:
            self._held.pop(holder, None)
        self.size += size
        if self.size > self.peak:
            self.peak = self.size
        if size > 0 or self.is_full:
            self._settle()
        if size < 0 and self._told_once:
            told, self._told_once = self._told_once, []
            for tell in told:
                tell()

    def once_less(self, tell: Callable[[], object]) -> None:
        """Call `tell` once, synchronously, as soon as anything has gone. The same one is called once in all."""
        if tell not in self._told_once:
            self._told_once.append(tell)

    def release(self, holder: MemoryHolder) -> None:
        """Enter that `holder` holds nothing any more. Idempotent."""
        self.hold(holder, -self._held.get(holder, 0))

    def delivered(self, key: object, size: int, forget: Callable[[], object]) -> None:
        """Enter that so many of the bytes that are held, in all for this `key`, were delivered: `forget` lets them go.

        Beyond `DELIVERED_BYTES` those go that were delivered first.
        """
        self.forgotten(key)
        if size <= 0:
            return
        self._delivered[key] = size, forget
        self._delivered_size += size
        while self._delivered_size > DELIVERED_BYTES:
            self._forget_first()
        if self.is_full:
            self._tried = 0
            self._settle()

    def forgotten(self, key: object) -> None:
        """Enter that what was delivered for this `key` has gone. Idempotent."""
        size, _ = self._delivered.pop(key, (0, None))
        self._delivered_size -= size

    def may_write(self, size: int) -> bool:
        """Whether there is room for an answer of this size while it is written."""
        return self.has_room(ANSWER_COPIES * size)

    @contextmanager
    def written(self, size: int) -> Iterator[None]:
        """Account for an answer of this size within the block, in which it is written."""
        holder = _WrittenAnswer()
        self.hold(holder, ANSWER_COPIES * size)
        try:
            yield
        finally:
            self.release(holder)

    def has_room(self, size: int) -> bool:
        """Whether so much more can be kept, once everything that can go has gone."""
        missing = self.size + size - self._limit()
        if missing > 0:
            self._make_room(missing)
        return size <= ALWAYS_BYTES or self.size + size <= self._limit()

    def has_place(self, size: int) -> bool:
        """Whether so much more can be held for a while, without that anything goes but what was delivered."""
        full = self._limit() * 7 // 8
        while self._delivered and self.size + size > full:
            self._forget_first()
        return self.size + size <= full

    def require_room(self) -> None:
        """Let in what may keep more.

        Raises:
            Overloaded: `is_full`.
        """
        if self.is_full:
            self._settle()  # the limit may have been raised
        if self.is_full:
            raise Overloaded(
                f"the gateway holds {self.size} bytes for its clients, of {self._limit()} (server.limits.memory)",
                data={"retryAfter": RETRY_AFTER_SECONDS},
            )

    def _settle(self) -> None:
        full = self._limit() * 7 // 8
        if self.size > max(full, self._tried) and not self._is_making_room:
            self._make_room(self.size - full)
            self._tried = self.size + full // 64
        is_full = self.size > full
        if not is_full:
            self._tried = 0
        if is_full and not self.is_full:
            self._on_full(self.size, self._limit())
        self.is_full = is_full

    def _make_room(self, wanted: int) -> None:
        if self._is_making_room:  # a holder says that something has gone
            return
        self._is_making_room = True
        try:
            self._ask_holders(self.size - wanted)
        finally:
            self._is_making_room = False

    def _ask_holders(self, aim: int) -> None:
        while self._delivered and self.size > aim:
            self._forget_first()
        if self.size <= aim:
            return
        for holder in sorted(self._held, key=self._held.__getitem__, reverse=True):
            holder.spare(self.size - aim)
            if self.size <= aim:
                return

    def _forget_first(self) -> None:
        _, (size, forget) = self._delivered.popitem(last=False)
        self._delivered_size -= size
        forget()


class Body(PerCall):
    """The body of one request, for as long as it is entered."""

    bodies: Bodies
    small: int = 0
    """What of it is only added up."""
    held: int = 0
    """What of it is entered, copies included."""

    def take(self, size: int) -> None:
        """Enter that so many bytes more have come.

        Raises:
            Overloaded: there is no room for them.
        """
        held = COPIES * size
        self.bodies.require_room(held, self.held)
        self.held += held
        self.bodies.held += held
        self.bodies.memory.hold(self, held)

    def release(self) -> None:
        """Enter that nothing of it is needed any more. Idempotent."""
        self.bodies.small -= self.small
        self.small = 0
        if self.held:
            self.bodies.left(self.held)
            self.held = 0
            self.bodies.memory.release(self)

    def spare(self, wanted: int) -> None:
        """Nothing of it can go, its client waits for the answer; see `MemoryHolder`."""


@attrs.define(eq=False, repr=False)
class Bodies:
    """The bodies of all requests in flight. They take half of the common bound at most, so that a flood of them makes
    nobody's session let go of what it keeps.

    `on_refused` is called, synchronously, with what is held and how much may be, at the first refusal of each crowd.
    """

    memory: Memory = attrs.field(factory=Memory)
    _on_refused: Callable[[int, int], object] = attrs.field(default=_nothing, kw_only=True)
    small: int = attrs.field(default=0, init=False)
    """The bytes of small ones that are only added up."""
    held: int = attrs.field(default=0, init=False)
    """The bytes that are entered, copies included."""
    _is_refusing: bool = attrs.field(default=False, init=False)

    def announced(self, size: int) -> None:
        """Let a large body in that a client has announced. Nothing is entered: it may never come.

        Raises:
            Overloaded: there is no room for it.
        """
        self.require_room(COPIES * size, 0)

    def require_room(self, wanted: int, own: int) -> None:
        """Let in so many bytes more of a body of which `own` are entered; one that is alone always is.

        Raises:
            Overloaded: there is no room for them.
        """
        if self.held == own:
            return
        most = self.memory.limit // 2
        if self.held + wanted > most or not self.memory.has_place(wanted):
            if not self._is_refusing:
                self._is_refusing = True
                self._on_refused(self.held, most)
            raise Overloaded(
                f"the gateway holds {self.held} bytes of requests in flight, of {most} at most, and {self.memory.size} "
                f"in all, of {self.memory.limit} (server.limits.memory): come back later",
                data={"retryAfter": RETRY_AFTER_SECONDS},
            )

    def left(self, size: int) -> None:
        """Enter that so many bytes are not held any more."""
        self.held -= size
        if self.held <= self.memory.limit // 4:
            self._is_refusing = False
