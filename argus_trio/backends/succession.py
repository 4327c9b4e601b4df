"""The successors of changed backends: each takes its predecessor's place as soon as it is ready, or has failed to be.

Which backends a reload changes, and how one takes another's place, is decided in `supervisor.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Final

import attrs
import trio

from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.abilities import Abilities

SWAP_SECONDS: Final = 0.5
"""The shortest time from one generation of a reload to the next: each makes all catalogs anew and may tell every
client, so what becomes ready within that time is taken together."""
SUCCESSION_SECONDS: Final = 900.0
"""How long a changed backend stays in its place beside a successor that installs itself, and has no other end: longer
than `timeouts.prepare` and `connect` take by default, so that what works is not given up for what does not yet, and
bounded, for every change of the gateway after this one waits for it."""


@attrs.define(eq=False, kw_only=True)
class Succession:
    """The successors of one reload, which have been started."""

    waiting: dict[str, Scope]
    """The successors that have not taken their places yet, by the names of their backends."""
    abilities: Callable[[], Sequence[Abilities]]
    """Returns the abilities that a successor lists for before it is ready."""
    take: Callable[[Mapping[str, Scope]], None]
    """Has these take their places; they are not `waiting` any more."""
    deadline: float = inf
    """When those take their places that are still neither ready nor have failed, on trio's clock."""
    _ready: list[str] = attrs.field(factory=list, init=False)
    _some_are_ready: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def run(self, *, pause_first: bool) -> None:
        """Have all take their places; returns when the last has. With `pause_first` not before the next is due."""
        async with trio.open_nursery() as nursery:
            for name, scope in self.waiting.items():
                nursery.start_soon(self._prepare, name, scope)
            if pause_first and self.waiting:
                await trio.sleep(SWAP_SECONDS)
            while self.waiting:
                await self._some_are_ready.wait()
                ready, self._ready, self._some_are_ready = self._ready, [], trio.Event()
                self.take({name: self.waiting.pop(name) for name in ready})
                if self.waiting:
                    await trio.sleep(SWAP_SECONDS)

    async def _prepare(self, name: str, scope: Scope) -> None:
        """Wait until the scope has connected and listed for all abilities, or has failed to, or time is up."""
        with trio.move_on_at(self.deadline):
            await scope.shared.tried.wait()
            async with trio.open_nursery() as nursery:
                for abilities in self.abilities():
                    nursery.start_soon(scope.list_for, abilities)
        self._ready.append(name)
        self._some_are_ready.set()
