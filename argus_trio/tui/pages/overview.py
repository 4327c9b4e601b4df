"""The overview: the gateway in a line, and its backends. It is always open, so changes of backends are told here."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from argus_trio import Value
from argus_trio.contract.backends import BACKENDS, BackendEntry
from argus_trio.contract.health import STATUS
from argus_trio.tui.effect import CopyText, Effect, Fetch, Open
from argus_trio.tui.message import (
    Clicked,
    DashboardMessage,
    Fetched,
    FetchFailed,
    Key,
    Pasted,
    StreamCame,
    Wheeled,
)
from argus_trio.tui.pages.backend.change import CHANGE_KEYS, changed_by, wished
from argus_trio.tui.pages.backend.page import BackendPage
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.hearing import EVENTS_KEY
from argus_trio.tui.state.standing import ORDERS, BackendOrder, standing
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

LOAD_SECONDS: Final = 5.0
"""How often, while the overview is seen and figures come, the load of the gateway is asked for: what is parked, clients
and memory change without an event."""


@attrs.frozen(kw_only=True)
class OverviewPage(Value):
    """Which backends are shown in which order, and which is meant."""

    title: ClassVar[str] = "Overview"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Enter", "open", "Open the backend: states, catalog, log, process, network"),
        KeyHelp("/", "filter", "Only backends with these words in name, state, transport or reason (also f)"),
        KeyHelp("s", "sort", "By the file, by state, calls a second, errors, p99"),
        *CHANGE_KEYS,
        KeyHelp("l", "log", "Open the backend at its log", in_foot=False),
        KeyHelp("y", "copy", "Copy the name of the backend", in_foot=False),
    )

    filter: WordFilter = attrs.field(factory=WordFilter)
    order: BackendOrder = "file"
    meant: str = ""
    """The backend at the cursor, wherever it stands now; empty for the first."""
    asked: float = 0.0
    """When the load was asked for the last time."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    def shown(self, world: World) -> tuple[BackendEntry, ...]:
        """The backends that are shown."""
        return standing(world, self.order, self.filter)

    def at(self, shown: tuple[BackendEntry, ...]) -> int:
        """Which of them is meant."""
        return next((at for at, each in enumerate(shown) if each.name == self.meant), 0)

    def opened(self, world: World) -> Step[OverviewPage]:
        """See `DashboardPage`."""
        return Step(attrs.evolve(self, asked=world.now))

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[OverviewPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Fetched | FetchFailed):
            effects = changed_by(message)
            return Step(self, effects) if effects else None
        if isinstance(message, StreamCame):
            return self._figures(message, world)
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        if isinstance(message, Clicked) and message.zone == "backend":
            page = self._meaning(self.shown(world), message.at)
            return Step(page, page.opens() if message.is_double else ())
        if isinstance(message, Wheeled):
            shown = self.shown(world)
            return Step(self._meaning(shown, self.at(shown) + message.lines))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _figures(self, message: StreamCame, world: World) -> Step[OverviewPage] | None:
        # those come only to a page that is seen
        if message.stream.key != EVENTS_KEY or not any(each.event == "figures" for each in message.events):
            return None
        effects: tuple[Effect, ...] = (Fetch(operation=BACKENDS),) if world.draining else ()
        if world.now - self.asked < LOAD_SECONDS:
            return Step(self, effects) if effects else None
        return Step(attrs.evolve(self, asked=world.now), (Fetch(operation=STATUS), *effects))

    def _pressed(self, key: str, world: World) -> Step[OverviewPage] | None:
        filtered = self.filter.pressed("/" if key == "f" and not self.is_typing else key)
        if filtered is not None:
            return Step(attrs.evolve(self, filter=filtered))
        shown = self.shown(world)
        moved = Cursor(self.at(shown)).moved(key, len(shown), world.page - 6) if self._moves(key) else None
        if moved is not None:
            return Step(self._meaning(shown, moved.at))
        if self.is_typing:
            return None
        if key == "s":
            order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
            return Step(attrs.evolve(self, order=order))
        page = self._meaning(shown, self.at(shown)) if shown else self
        return Step(page, effects) if shown and (effects := page.does(key, world)) is not None else None

    def _moves(self, key: str) -> bool:
        return not self.is_typing or (len(key) > 1 and key not in ("home", "end"))

    def does(self, key: str, world: World) -> tuple[Effect, ...] | None:
        """What a key does with the backend that is meant."""
        if key == "enter":
            return self.opens()
        if key == "l":
            return (Open(BackendPage(name=self.meant, part="log")),)
        if key == "y":
            return (CopyText(text=self.meant, what="the name"),)
        return wished(key, self.meant, world)

    def opens(self) -> tuple[Effect, ...]:
        """What Enter does."""
        return (Open(BackendPage(name=self.meant)),) if self.meant else ()

    def _meaning(self, shown: tuple[BackendEntry, ...], at: int) -> OverviewPage:
        return attrs.evolve(self, meant=shown[max(0, min(at, len(shown) - 1))].name if shown else "")
