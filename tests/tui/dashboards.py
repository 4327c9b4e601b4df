"""Dashboards for the tests of the shell, with pages that keep what they are told."""

from __future__ import annotations

from typing import ClassVar

import attrs

from argus_trio.manage_client.where import GatewayPlace
from argus_trio.tui.effect import Effect
from argus_trio.tui.message import DashboardMessage, Key
from argus_trio.tui.pages.page import DashboardPage, KeyHelp
from argus_trio.tui.servers import KnownGateway
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import update
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.tui.step import Step

GATEWAYS = tuple(
    KnownGateway(name=name, place=GatewayPlace(shown=f"http://{name}", host=name, port=80)) for name in ("one", "two")
)


@attrs.frozen(kw_only=True)
class FakePage:
    """Keeps what it is told."""

    keys: ClassVar[tuple[KeyHelp, ...]] = (KeyHelp("d", "drain", "Drain it", changes=True), KeyHelp("Enter", "open"))

    title: str = "Fake"
    is_typing: bool = False
    told_of: tuple[DashboardMessage, ...] = ()
    opened_times: int = 0
    effects: tuple[Effect, ...] = ()
    """What it wants for a key."""
    at_end: tuple[Effect, ...] = ()

    def opened(self, _: World) -> Step[FakePage]:
        return Step(attrs.evolve(self, opened_times=self.opened_times + 1))

    def closed(self) -> Step[None]:
        return Step(None, self.at_end)

    def told(self, message: DashboardMessage, _: World) -> Step[FakePage] | None:
        if isinstance(message, Key) and message.name == "esc":
            return None
        return Step(
            attrs.evolve(self, told_of=(*self.told_of, message)), self.effects if isinstance(message, Key) else ()
        )


def model_of(*pages: DashboardPage, link: str = "connected", **world: object) -> Model:
    """A dashboard with these pages open at the first tab."""
    known = World(shown="http://one", gateway="one", link=GatewayLink(state=link), now=100.0, **world)  # type: ignore[arg-type]
    stacks = {"1": pages or (FakePage(),), "2": (FakePage(title="Other"),)}
    return Model(world=known, stacks=stacks, begun=frozenset({"1"}), gateways=GATEWAYS)


def after(model: Model, *messages: DashboardMessage | str) -> Step[Model]:
    """The model after messages, and the effects of the last one; a text is a key."""
    step = Step(model)
    for message in messages:
        step = update(step.value, Key(message) if isinstance(message, str) else message)
    return step


def shown(model: Model) -> FakePage:
    """The page that is shown."""
    assert isinstance(model.page, FakePage)
    return model.page
