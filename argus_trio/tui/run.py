"""The program: one nursery, the model, what it tells and is told."""

from __future__ import annotations

import time

import attrs
import trio

from argus_trio.manage_client.client import ApiClient, open_client
from argus_trio.manage_client.where import GatewayPlace
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.tui.effects.doing import Doing
from argus_trio.tui.message import DashboardMessage, Ticked
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import first, update
from argus_trio.tui.state.world import World
from argus_trio.tui.terminal.display import Display


@attrs.frozen(kw_only=True)
class DashboardOptions:
    """What the command line says."""

    place: GatewayPlace
    token: str = attrs.field(default="", repr=False)
    is_read_only: bool = False


async def run_dashboard(options: DashboardOptions) -> None:
    """Show the dashboard until its user leaves it. Raises CommandFailed where it cannot begin."""
    async with open_client(options.place, options.token) as client:
        await _Dashboard(client, options).run()


class _Dashboard:
    """The model, and who changes it."""

    def __init__(self, client: ApiClient, options: DashboardOptions) -> None:
        world = World(
            shown=options.place.shown,
            view=options.place.view,
            is_read_only=options.is_read_only,
            now=time.time(),
        )
        begun = first(world)
        self._model, self._first = begun.value, begun.effects
        self._client = client
        self._display = Display(lambda: self._model, self._tell)
        self._doing: Doing | None = None

    @property
    def model(self) -> Model:
        """As it is now."""
        return self._model

    async def run(self) -> None:
        """Until the user leaves."""
        async with ServiceNursery() as nursery:
            doing = Doing(client=self._client, nursery=nursery, tell=self._tell, quit=self._display.leave)
            self._doing = doing
            for effect in self._first:
                doing.do(effect)
            nursery.start_soon(self._tick)
            await self._display.run()

    def _tell(self, message: DashboardMessage) -> None:
        step = update(self._model, message)
        if step.value is not self._model:
            self._model = step.value
            self._display.show()
        if self._doing is not None:
            for effect in step.effects:
                self._doing.do(effect)

    async def _tick(self) -> None:
        while True:
            self._tell(Ticked(time.time()))
            await trio.sleep(1)
