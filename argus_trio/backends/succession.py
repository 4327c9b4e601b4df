"""The successors of changed backends: each takes its predecessor's place as soon as it is ready, or has failed to be.

One whose image has to be built or pulled first is late: no change waits for it, and it takes its place all the same.
Which backends a reload changes, and how one takes another's place, is decided in `supervisor.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.config import Config
from argus_trio.core.call.abilities import Abilities

log = structlog.get_logger()

SWAP_SECONDS: Final = 0.5
"""The shortest time from one generation of a reload to the next: each makes all catalogs anew and may tell every
client, so what becomes ready within that time is taken together."""
SUCCESSION_SECONDS: Final = 900.0
"""How long a changed backend stays in its place beside a successor that installs itself, and has no other end: longer
than `timeouts.prepare` and `connect` take by default, so that what works is not given up for what does not yet, and
bounded, for every change of the gateway after this one waits for it."""


def _nobody() -> Sequence[Abilities]:
    return ()


def _take_nothing(_: Mapping[str, Scope]) -> None:
    """Let no successor take its place: there is none."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Succession:
    """The successors of one reload, which have been started."""

    waiting: dict[str, Scope] = attrs.field(factory=dict)
    """The successors that have not taken their places yet, by the names of their backends."""
    abilities: Callable[[], Sequence[Abilities]] = _nobody
    """Returns the abilities that a successor lists for before it is ready."""
    take: Callable[[Mapping[str, Scope]], None] = _take_nothing
    """Has these take their places; they are not `waiting` any more."""
    deadline: float = inf
    """When those take their places that are still neither ready nor have failed, on trio's clock."""
    _late: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _ready: list[str] = attrs.field(factory=list, init=False)
    _changed: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def run(self, *, pause_first: bool, leaves_late: bool = False) -> None:
        """Have all take their places; returns when the last has. With `pause_first` not before the next is due.

        With `leaves_late` it does not wait for those whose images are not there yet: they stay `waiting`.
        """
        async with trio.open_nursery() as nursery:
            for name, scope in self.waiting.items():
                nursery.start_soon(self._prepare, name, scope)
                nursery.start_soon(self._hear_late, scope)
            if pause_first and self.waiting:
                await trio.sleep(SWAP_SECONDS)
            while self.waiting and not (leaves_late and self._are_late):
                await self._changed.wait()
                ready, self._ready, self._changed = self._ready, [], trio.Event()
                if ready:
                    self.take({name: self.waiting.pop(name) for name in ready})
                if ready and self.waiting:
                    await trio.sleep(SWAP_SECONDS)
            nursery.cancel_scope.cancel()

    async def run_late(self) -> None:
        """Have those take their places that were left, until another change goes on with them. Raises nothing."""
        try:
            with self._late:
                await self.run(pause_first=False)
        except Exception:  # the boundary: no change waits for it, and its fault must not end the gateway
            log.exception("succession_fault", backends=sorted(self.waiting))

    def go_on(self, config: Config, names: Collection[str]) -> dict[str, Scope]:
        """Leave to another change those of `names` that it has the same specification for, and give up the others."""
        going_on = {
            name: scope for name, scope in self.waiting.items() if name in names and scope.spec == config.backends[name]
        }
        for name in going_on:
            del self.waiting[name]
        self.give_up()
        return going_on

    def give_up(self) -> None:
        """Let no one take its place any more."""
        self._late.cancel()
        for scope in self.waiting.values():
            scope.cancel_scope.cancel()
        self.waiting.clear()

    @property
    def _are_late(self) -> bool:
        shared = [scope.shared for scope in self.waiting.values()]
        return all(each.awaited.is_set() and not each.tried.is_set() for each in shared)

    async def _hear_late(self, scope: Scope) -> None:
        await scope.shared.awaited.wait()
        self._changed.set()

    async def _prepare(self, name: str, scope: Scope) -> None:
        """Wait until the scope has connected and listed for all abilities, or has failed to, or time is up."""
        with trio.move_on_at(self.deadline):
            await scope.shared.tried.wait()
            async with trio.open_nursery() as nursery:
                for abilities in self.abilities():
                    nursery.start_soon(scope.list_for, abilities)
        self._ready.append(name)
        self._changed.set()
