"""The dashboard without a terminal: model, update and effects against a gateway, until something is so."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.where import place_of
from argus_trio.tui.effect import Effect
from argus_trio.tui.effects.doing import Doing
from argus_trio.tui.message import DashboardMessage, Key, Ticked
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import first, update
from argus_trio.tui.state.world import World

UNTIL_SECONDS = 30.0
"""How long something may take to become so on a busy machine."""


@attrs.define(eq=False)
class Headless:
    """A dashboard that is looked at by a test."""

    model: Model
    done: list[Effect] = attrs.field(factory=list)
    """All effects that were done, in order."""
    _do: Callable[[Effect], None] | None = None
    _changed: trio.Event = attrs.field(factory=trio.Event)

    def tell(self, message: DashboardMessage) -> None:
        step = update(self.model, message)
        self.model = step.value
        self.effects(step.effects)
        self._changed.set()

    def effects(self, effects: tuple[Effect, ...]) -> None:
        self.done += effects
        if self._do is not None:
            for effect in effects:
                self._do(effect)

    def begin(self, doing: Doing, effects: tuple[Effect, ...]) -> None:
        self._do = doing.do
        self.effects(effects)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tell(Key(key))

    async def until(self, holds: Callable[[Model], bool]) -> Model:
        """The model as soon as this holds. Raises: trio.TooSlowError."""
        with trio.fail_after(UNTIL_SECONDS):
            while not holds(self.model):
                self._changed = trio.Event()
                await self._changed.wait()
        return self.model


@asynccontextmanager
async def headless(address: str, token: str = "", *, is_read_only: bool = False) -> AsyncIterator[Headless]:
    """A dashboard of this gateway."""
    place = place_of(address, "it")
    world = World(shown=place.shown, gateway=place.shown, is_read_only=is_read_only, now=time.time())
    begun = first(world)
    dashboard = Headless(begun.value)
    async with open_client(place, token) as client, trio.open_nursery() as nursery:
        doing = Doing(client=client, nursery=nursery, tell=dashboard.tell)
        dashboard.begin(doing, begun.effects)
        nursery.start_soon(_tick, dashboard)
        yield dashboard
        nursery.cancel_scope.cancel()


async def _tick(dashboard: Headless) -> None:
    while True:
        dashboard.tell(Ticked(time.time()))
        await trio.sleep(1)
