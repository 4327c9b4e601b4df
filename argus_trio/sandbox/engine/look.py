"""Looks for an engine: one at a time for all who plan, repeated when the last one has been overtaken. No I/O here."""

from __future__ import annotations

from math import inf
from typing import Final

import attrs
import trio

from argus_trio.sandbox.engine.facts import EngineFacts, EngineFound, NoEngine

LOOK_SECONDS: Final = 10.0
"""How long a look for an engine may take in all: more than what the probe waits for together."""
LOOK_AGAIN_SECONDS: Final = 5.0
"""After which time it is looked for again where there was none and a backend starts: a start is not held up by each."""
WATCH_SECONDS: Final = 30.0
"""How often it is looked for while backends run bare for want of one: its coming is told, not more."""


@attrs.define(eq=False, repr=False, kw_only=True)
class EngineLook:
    """One look for an engine, and what came of it."""

    done: trio.Event = attrs.field(factory=trio.Event, init=False)
    found: EngineFound = attrs.field(factory=lambda: NoEngine(why="it is still looked for"), init=False)
    is_doubted: bool = attrs.field(default=False, init=False)
    """Whether the engine that was found has failed since."""
    _at: float = attrs.field(default=-inf, init=False)

    def ends(self, found: EngineFound, last: EngineFound | None, now: float) -> None:
        """Take what was found. One that is gone stays the one that is known: what was contained is not run bare."""
        is_gone = isinstance(found, NoEngine) and isinstance(last, EngineFacts)
        self.found = last if is_gone and last is not None else found
        self.is_doubted, self._at = is_gone, now
        self.done.set()

    def is_overtaken(self, now: float) -> bool:
        """Whether another one is due."""
        is_poor = isinstance(self.found, NoEngine) and now - self._at >= LOOK_AGAIN_SECONDS
        return self.done.is_set() and (self.is_doubted or is_poor)
