"""All there is to know of a tool, a prompt, a resource or a template; and what Enter on it does."""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec

from argus_trio.contract.capabilities import PromptEntry, ResourceEntry, ResourceTemplateEntry, ToolEntry
from argus_trio.tui.calls.start import resource_read
from argus_trio.tui.effect import CopyText, Effect, Open, Tell
from argus_trio.tui.message import DashboardMessage, Key, Wheeled
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.calling.subject import subject_of
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.entries import ShownEntry
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

LONGEST_PAGE = 100_000
"""How far one can scroll, in lines; a view stops at its last one."""


def opening(shown: ShownEntry, world: World) -> tuple[Effect, ...]:
    """What Enter does: the form of a tool, prompt or template; a resource is read at once."""
    if isinstance(shown.entry, ResourceEntry):
        start = resource_read(world.calls, shown.key, view=world.view)
        return (start, Open(CallPage(id=start.id)))
    return (Open(InvokePage.of(subject_of(shown.entry), view=world.view)),)


@attrs.frozen(kw_only=True)
class EntryPage:
    """Which entry is shown, and how far it is scrolled."""

    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Enter", "call", "Call a tool by its form, read a resource, get a prompt"),
        KeyHelp("J", "JSON", "Schemas as they came, or as a tree"),
        KeyHelp("y", "copy", "Copy its definition as JSON"),
    )
    is_typing: ClassVar[bool] = False

    shown: ShownEntry = attrs.field(eq=False)
    is_raw: bool = False
    cursor: Cursor = attrs.field(factory=Cursor)
    """The line on top."""

    @property
    def title(self) -> str:
        """What it shows."""
        return self.shown.key

    def opened(self, world: World) -> Step[EntryPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[EntryPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Wheeled):
            return Step(attrs.evolve(self, cursor=Cursor(max(self.cursor.at + message.lines, 0))))
        if not isinstance(message, Key):
            return None
        if message.name == "enter":
            if self.shown.hidden:
                return Step(self, (Tell(text=f"it cannot be called: {self.shown.hidden}", kind="warning"),))
            return Step(self, opening(self.shown, world))
        if message.name == "J":
            return Step(attrs.evolve(self, is_raw=not self.is_raw, cursor=Cursor()))
        if message.name == "y":
            return Step(self, (CopyText(text=definition(self.shown), what="the definition"),))
        moved = self.cursor.moved(message.name, LONGEST_PAGE, world.page)
        return None if moved is None or message.name in ("end", "G") else Step(attrs.evolve(self, cursor=moved))


def definition(shown: ShownEntry) -> str:
    """The entry as JSON, as the management API gives it."""
    entry: ToolEntry | PromptEntry | ResourceEntry | ResourceTemplateEntry = shown.entry
    return msgspec.json.format(msgspec.json.encode(entry), indent=2).decode()
