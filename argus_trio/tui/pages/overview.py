"""The overview: the gateway in a line, and its backends."""

from __future__ import annotations

from typing import ClassVar

import attrs

from argus_trio.tui.message import DashboardMessage, Key
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step


@attrs.frozen(kw_only=True)
class OverviewPage:
    """Which backend is meant."""

    title: ClassVar[str] = "Overview"
    is_typing: ClassVar[bool] = False
    keys: ClassVar[tuple[KeyHelp, ...]] = (KeyHelp("Enter", "open", "Open the backend: states, catalog, log, network"),)

    cursor: Cursor = attrs.field(factory=Cursor)

    def opened(self, world: World) -> Step[OverviewPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[OverviewPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Key):
            moved = self.cursor.moved(message.name, len(world.backends), world.page - 3)
            return None if moved is None else Step(attrs.evolve(self, cursor=moved))
        return None
