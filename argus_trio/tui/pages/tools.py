"""Tools, resources and prompts, searched as one types."""

from __future__ import annotations

from typing import ClassVar

import attrs

from argus_trio.contract.capabilities import ToolEntry
from argus_trio.tui.message import DashboardMessage, Key
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.line import EditedLine
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step


@attrs.frozen(kw_only=True)
class ToolsPage:
    """What is searched for, and which entry is meant."""

    title: ClassVar[str] = "Tools"
    keys: ClassVar[tuple[KeyHelp, ...]] = (KeyHelp("/", "search"), KeyHelp("Enter", "call"))

    cursor: Cursor = attrs.field(factory=Cursor)
    search: EditedLine | None = None
    """What is typed; None while nobody types."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.search is not None

    def shown(self, world: World) -> tuple[ToolEntry, ...]:
        """The tools that are searched for."""
        wanted = self.search.text.lower() if self.search else ""
        tools = world.capabilities.tools if world.capabilities else ()
        return tuple(each for each in tools if wanted in each.name.lower())

    def opened(self, world: World) -> Step[ToolsPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[ToolsPage] | None:
        """See `DashboardPage`."""
        if not isinstance(message, Key):
            return None
        if self.search is not None and (line := self.search.pressed(message.name)) is not None:
            return Step(attrs.evolve(self, search=line, cursor=Cursor()))
        if message.name == "/" and self.search is None:
            return Step(attrs.evolve(self, search=EditedLine()))
        if message.name == "esc" and self.search is not None:
            return Step(attrs.evolve(self, search=None))
        moved = self.cursor.moved(message.name, len(self.shown(world)), world.page - 2)
        return None if moved is None else Step(attrs.evolve(self, cursor=moved))
