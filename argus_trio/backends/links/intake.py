"""What is read of all backends, where it is large: entered in the common account, and held back beyond its bound.

Who has no room does not read on, so that its backend waits, as over a slow line. One always goes on, so that all
come to their end. What is small is not entered: it is there in one piece as a rule, and costs nothing here.
"""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Final, Protocol, Self

import attrs
import structlog
import trio

from argus_trio.core.memory import Memory
from argus_trio.errors import AnswerInvalid

log = structlog.get_logger()

FULL: Final = "which holds too much (server.limits.memory)"
"""Why there is no room, for whoever waits."""
STEP_BYTES: Final = 64 * 1024
"""A message up to this size is not entered, and a larger one by steps of at least as much."""
MIDDLING_BYTES: Final = 2 * 1024 * 1024
"""What is entered for one does not wait for larger ones up to this: half of it, a list as a rule, has come then. An
eighth of the common bound is there for such."""
COPIES: Final = 2
"""How often a message is there at its end: as it came, and as the answer that was made of it."""
OWN_WAIT_SECONDS: Final = 60.0
"""How long an answer that comes on a stream of its own waits for room: its client alone waits with it, and not longer
than for a call that nothing else is configured for."""
SHARED_WAIT_SECONDS: Final = 5.0
"""How long a message waits on a stream that carries all that a backend says: the answer to a probe may stand behind it,
and has 10 s."""
SILENT_SECONDS: Final = 2.0
"""How long one that goes on may bring nothing until another one may go on beyond the bound: a slow line brings
something in less."""

STALLED_SECONDS: Final = 30.0
"""How long one may bring nothing while others wait until it is passed over, where its stream can do so: nobody else
ends what comes on a stream that belongs to no call."""
WRITTEN_SECONDS: Final = 0.5
"""How long an answer on a stream of its own leaves those their time that are being written to clients, before it goes
on all the same: it would be refused itself if it came to its end now."""


class NoRoom(AnswerInvalid):
    """A message has waited in vain for room."""

    def __init__(self, size: int, seconds: float) -> None:
        super().__init__(
            f"its answer, of which {size} bytes have come, had no room in the gateway for {seconds:g} s, {FULL}: come "
            "back later"
        )


class Cuttable(Protocol):
    """What a message is read with that comes in pieces."""

    @property
    def held(self) -> int:
        """How much of a message it holds."""

    def cut(self) -> None:
        """Hold no more of it than its ends: it is told as `Oversized` when it is complete."""


@attrs.define(eq=False, repr=False)
class Intake:
    """The large messages that are being read: half of the common bound at most, and beyond it one, where all others
    wait."""

    memory: Memory = attrs.field(factory=Memory)
    held: int = attrs.field(default=0, init=False)
    """What is entered of all of them."""
    _beyond: Portion | None = attrs.field(default=None, init=False)
    """Who goes on although there is no room."""
    _reading: set[Portion] = attrs.field(factory=set, init=False)
    """Those of which something is entered."""
    _waiting: OrderedDict[Portion, trio.Event] = attrs.field(factory=OrderedDict, init=False)
    _is_granting: bool = attrs.field(default=False, init=False)
    _is_crowded: bool = attrs.field(default=False, init=False)

    def admit(self, portion: Portion, wanted: int) -> bool:
        """Enter so many bytes more for `portion`, if it may have them at once: nobody waits, or it is the one that goes
        on."""
        if self._waiting and self._beyond is not portion and portion.held + wanted > MIDDLING_BYTES:
            return False
        return self._enter(portion, wanted)

    async def wait(self, portion: Portion, wanted: int) -> None:
        """Wait in turn until so many bytes more are entered for `portion`.

        Raises:
            NoRoom: for the present message that took too long.
        """
        seconds = SHARED_WAIT_SECONDS if portion.is_shared else OWN_WAIT_SECONDS
        began, granted = trio.current_time(), trio.Event()
        portion.wanted, portion.waits_since = wanted, began
        self._waiting[portion] = granted
        self._tell()
        self._grant()  # it may have been the last one that went on
        try:
            with trio.move_on_after(max(0.0, seconds - portion.waited)):
                while not granted.is_set():
                    self.memory.once_less(self._grant)
                    with trio.move_on_after(WRITTEN_SECONDS):
                        await granted.wait()
                    self._pass_over_stalled()
                    self._grant()
        finally:
            portion.waits_since = inf
            portion.waited += trio.current_time() - began
            if self._waiting.pop(portion, None) is not None:
                self._grant()
        if not granted.is_set():
            raise NoRoom(portion.held // COPIES, seconds)

    def leave(self, portion: Portion) -> None:
        """Enter that `portion` holds nothing any more."""
        self.held -= portion.held
        portion.held = 0
        self._reading.discard(portion)
        if self._beyond is portion:
            self._beyond = None
        if self.held <= self.memory.limit // 4:
            self._is_crowded = False
        self.memory.release(portion)  # which grants, if anybody waits

    def _enter(self, portion: Portion, wanted: int) -> bool:
        if not self._has_room(portion, wanted):
            if self._beyond is not portion and not self._are_stuck_but(portion):
                return False
            self._beyond = portion
        self._reading.add(portion)
        self.held += wanted
        portion.held += wanted
        portion.moved_at = trio.current_time()
        self.memory.hold(portion, wanted)
        return True

    def _has_room(self, portion: Portion, wanted: int) -> bool:
        limit = self.memory.limit
        if self.held == portion.held and not self._is_full_of_others:
            return True
        if portion.held + wanted <= MIDDLING_BYTES:
            return self.held + wanted <= limit * 5 // 8 and self.memory.has_place(wanted)
        # An eighth is left for answers that have come to their end, and are entered anew as they are written.
        return self.held + wanted <= limit // 2 and self.memory.has_place(wanted + limit // 8)

    @property
    def _is_full_of_others(self) -> bool:
        return self.memory.size - self.held > self.memory.limit // 4

    def _are_stuck_but(self, portion: Portion) -> bool:
        """Whether no other one goes on: they wait, or bring nothing."""
        others = self._reading - self._waiting.keys() - {portion}
        # What the silent ones keep is bounded as well: beyond that nobody goes on, and who waits is told in the end.
        if others and self.held > self.memory.limit:
            return False
        now = trio.current_time()
        if not others and self._is_full_of_others:  # answers that are being written, perhaps: they are soon gone
            return now >= portion.waits_since + (0 if portion.is_shared else WRITTEN_SECONDS)
        return all(now >= other.moved_at + SILENT_SECONDS for other in others)

    def _pass_over_stalled(self) -> None:
        stalled_since = trio.current_time() - STALLED_SECONDS
        for portion in self._reading - self._waiting.keys():
            stream = portion.stream if portion.moved_at <= stalled_since else None
            if stream is not None and stream.held > STEP_BYTES:
                stream.cut()
                portion.release()

    def _grant(self) -> None:
        if self._is_granting:  # something went to make room for the one that is being entered
            return
        self._is_granting = True
        try:
            while self._waiting:
                portion = next(iter(self._waiting))
                if not self._enter(portion, portion.wanted):
                    self.memory.once_less(self._grant)
                    return
                self._waiting.pop(portion).set()
        finally:
            self._is_granting = False

    def _tell(self) -> None:
        if not self._is_crowded:
            self._is_crowded = True
            advice = "large answers are read one after the other; raise server.limits.memory if that is too slow"
            log.warning(
                "large_answers_wait", bytes=self.held, held=self.memory.size, limit=self.memory.limit, advice=advice
            )


@attrs.define(eq=False, repr=False)
class Portion:
    """One stream, of which one message is read at a time. What is entered goes when the block is left."""

    intake: Intake
    is_shared: bool = attrs.field(default=False, kw_only=True)
    """Whether it carries all that its backend says."""
    held: int = attrs.field(default=0, init=False)
    """What is entered of it, copies included."""
    stream: Cuttable | None = attrs.field(default=None, init=False)
    """What the message is read with, if it can be passed over."""
    wanted: int = attrs.field(default=0, init=False)
    """What it waits for."""
    waited: float = attrs.field(default=0.0, init=False)
    """How long it has waited for room for the present message, in all."""
    waits_since: float = attrs.field(default=inf, init=False)
    moved_at: float = attrs.field(default=0.0, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    async def take(self, size: int) -> None:
        """Have so many bytes entered for the message that is being read: what there is of it, or what is announced.

        Raises:
            NoRoom: there is no room for more, and it has waited as long as it may.
        """
        if size <= STEP_BYTES:
            self.release()
            return
        self.moved_at = trio.current_time()
        if COPIES * size > self.held:
            wanted = COPIES * max(size, self.held // COPIES + STEP_BYTES) - self.held
            if not self.intake.admit(self, wanted):
                await self.intake.wait(self, wanted)

    def release(self) -> None:
        """Enter that nothing is read any more. Idempotent."""
        self.waited = 0.0
        if self.held:
            self.intake.leave(self)

    def spare(self, wanted: int) -> None:
        """Nothing of it can go; see `MemoryHolder`."""
