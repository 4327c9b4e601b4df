"""The program: one nursery, the model, what it tells and is told; and one gateway at a time that is looked at."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.tui.effect import CopyText, Effect, FollowStream, Quit, Suspend, SwitchGateway
from argus_trio.tui.effects.doing import Doing
from argus_trio.tui.message import DashboardMessage, Done, StreamCame, Ticked
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.servers import KnownGateway
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import first, update
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.tui.terminal.appearance import appearance
from argus_trio.tui.terminal.clipboard import copied, told
from argus_trio.tui.terminal.display import CALM_SECONDS, STILL_SECONDS, Display
from argus_trio.tui.terminal.signals import suspend


@attrs.frozen(kw_only=True)
class DashboardOptions(Value):
    """What the command line says."""

    gateways: tuple[KnownGateway, ...]
    """Those that can be looked at."""
    shown: KnownGateway | None
    """The one that is looked at first; None where the user is to choose."""
    token: str = attrs.field(default="", repr=False)
    """Of the command line or the environment: for those gateways alone that use it."""
    is_read_only: bool = False
    warnings: tuple[str, ...] = ()


async def run_dashboard(options: DashboardOptions) -> int | None:
    """Show the dashboard until its user leaves it; the signal that ended it, if one did."""
    return await _Dashboard(options).run()


class _Dashboard:
    """The model, and who changes it."""

    def __init__(self, options: DashboardOptions) -> None:
        self._options = options
        self._gateway = options.shown
        self._doing: Doing | None = None
        self._session = trio.CancelScope()
        self._model = first(self._world(appearance(os.environ))).value
        self._display = Display(lambda: self._model, self._tell)

    @property
    def model(self) -> Model:
        """As it is now."""
        return self._model

    async def run(self) -> int | None:
        """Until the user leaves, or a signal comes, which is told."""
        async with ServiceNursery() as nursery:
            nursery.start_soon(self._tick)
            nursery.start_soon(self._look_at_one_after_another)
            await self._display.run()
        return self._display.left_by

    def _world(self, look: Appearance) -> World:
        """Nothing is known yet."""
        gateway = self._gateway
        if gateway is None:
            return World(shown="", link=GatewayLink(state="none"), look=look, now=time.time())
        return World(
            shown=gateway.place.shown,
            gateway=gateway.name,
            view=gateway.place.view,
            is_read_only=self._options.is_read_only or gateway.is_read_only,
            now=time.time(),
            look=look,
        )

    async def _look_at_one_after_another(self) -> None:
        warnings = self._options.warnings
        while True:
            with trio.CancelScope() as self._session:
                await self._look_at(self._gateway, warnings)
            warnings = ()

    async def _look_at(self, gateway: KnownGateway | None, warnings: tuple[str, ...]) -> None:
        """Until another one is looked at. Nothing of the one before is left: no model, and nothing under way."""
        told = list(warnings)
        before = self._model.world
        world = attrs.evolve(self._world(before.look), columns=before.columns, rows=before.rows)
        try:
            if gateway is None:
                self._begin(world, told)
                await trio.sleep_forever()
            token = await self._token(gateway, told)
            async with open_client(gateway.place, token) as client, ServiceNursery() as nursery:
                doing = Doing(client=client, nursery=nursery, tell=lambda message: self._told_by(doing, message))
                self._doing = doing
                try:
                    self._begin(world, told)
                    await trio.sleep_forever()
                finally:
                    self._doing = None
        except CommandFailed as failure:
            link = GatewayLink(state="refused", why=str(failure), since=world.now)
            self._begin(attrs.evolve(world, link=link), told)
            await trio.sleep_forever()

    async def _token(self, gateway: KnownGateway, told: list[str]) -> str:
        if gateway.uses_environment:
            return self._options.token
        if not gateway.token_file:
            return ""
        found = partial(find_token, gateway.token_file, {}, told.append)
        return await trio.to_thread.run_sync(found, abandon_on_cancel=True)  # it may be a pipe, or on a slow disk

    def _begin(self, world: World, told: list[str]) -> None:
        begun = first(world, self._options.gateways, tuple(told))
        self._model = begun.value
        self._display.show()
        self._do(begun.effects)

    def _told_by(self, doing: Doing, message: DashboardMessage) -> None:
        """What came of an effect, unless its gateway is not looked at any more."""
        if doing is self._doing:
            self._tell(message)

    def _tell(self, message: DashboardMessage) -> None:
        before, step = self._model.world, update(self._model, message)
        if step.value is not self._model:
            self._model = step.value
            self._display.show(within=_bearable(message, before, step.value.world))
        self._do(step.effects)

    def _do(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Quit):
                self._display.leave()
            elif isinstance(effect, Suspend):
                suspend()
            elif isinstance(effect, CopyText):
                self._copy(effect)
            elif isinstance(effect, SwitchGateway):
                named = (each for each in self._options.gateways if each.name == effect.name)
                self._gateway = next(named, self._gateway)
                self._session.cancel()
            elif self._doing is not None:
                self._doing.do(effect)
            elif isinstance(effect, FollowStream):  # it could not begin, and is to be tried again
                self._session.cancel()

    def _copy(self, effect: CopyText) -> None:
        try:
            self._display.write(copied(effect.text, os.environ))
        except ValueError as error:
            self._tell(Done(what="failed", text=str(error)))
        else:
            self._tell(Done(what="copied", text=told(effect.what, os.environ)))

    async def _tick(self) -> None:
        while True:
            self._tell(Ticked(time.time()))
            await trio.sleep(1)


def _bearable(message: DashboardMessage, before: World, after: World) -> float:
    """How many seconds a change may wait to be drawn: what comes every second, whatever happens, waits for the rest."""
    if isinstance(message, Ticked):
        return STILL_SECONDS
    if not isinstance(message, StreamCame) or any(each.event not in _AMBIENT for each in message.events):
        return 0.0
    was, now = before.figures, after.figures
    return STILL_SECONDS if was and now and was.figures == now.figures else CALM_SECONDS


_AMBIENT: Final = frozenset({"figures", "heartbeat"})
"""Events that come by themselves."""
