"""The calls of this dashboard, under way and over: to look at, repeat, edit, save and copy."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import attrs
import msgspec

from argus_trio.contract.capabilities import PromptEntry, ToolEntry
from argus_trio.tui.calls.call import CallUnderWay, PastCall
from argus_trio.tui.calls.command import command_line
from argus_trio.tui.calls.start import again
from argus_trio.tui.effect import CopyText, Effect, Open, SaveFile, Tell
from argus_trio.tui.message import Clicked, DashboardMessage, Key, Wheeled
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.calling.repeating import guarded
from argus_trio.tui.pages.calling.subject import subject_of
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.entries import entries
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step


@attrs.frozen(kw_only=True)
class HistoryPage:
    """Which call is meant; the latest one is first."""

    title: ClassVar[str] = "Calls"
    is_typing: ClassVar[bool] = False
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Enter", "open", "The call and its result"),
        KeyHelp("r", "repeat", "Make the same call once more"),
        KeyHelp("e", "edit", "Open its form with what was sent"),
        KeyHelp("s", "save", "Save its arguments and its result as a file"),
        KeyHelp("y", "copy", "Copy it as a command line"),
    )

    cursor: Cursor = attrs.field(factory=Cursor)

    def shown(self, world: World) -> tuple[CallUnderWay | PastCall, ...]:
        """All calls, those under way first, then the latest ones."""
        return (*reversed(tuple(world.calls.under_way.values())), *reversed(world.calls.history))

    def opened(self, world: World) -> Step[HistoryPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[HistoryPage] | None:
        """See `DashboardPage`."""
        shown = self.shown(world)
        if isinstance(message, Clicked) and message.zone == "row":
            page = attrs.evolve(self, cursor=Cursor(message.at).within(len(shown)))
            return Step(page, page.does("enter", shown, world) if message.is_double else ())
        if isinstance(message, Wheeled):
            return Step(attrs.evolve(self, cursor=Cursor(max(self.cursor.at + message.lines, 0)).within(len(shown))))
        if not isinstance(message, Key):
            return None
        moved = self.cursor.moved(message.name, len(shown), world.page - 2)
        if moved is not None:
            return Step(attrs.evolve(self, cursor=moved))
        if message.name not in ("enter", "r", "e", "s", "y"):
            return None
        return Step(self, self.does(message.name, shown, world))

    def does(self, key: str, shown: tuple[CallUnderWay | PastCall, ...], world: World) -> tuple[Effect, ...]:
        """What a key does with the call that is meant."""
        if not shown:
            return (Tell(text="no call was made yet"),)
        meant = shown[self.cursor.within(len(shown)).at]
        call = meant.call if isinstance(meant, PastCall) else meant
        if key == "enter":
            return (Open(CallPage(id=call.id)),)
        if key == "r":
            start = again(world.calls, call.start)
            return guarded(call, world, (start, Open(CallPage(id=start.id))))
        if key == "y":
            return (CopyText(text=command_line(call, world.shown), what="the command line"),)
        if key == "s":
            return (_saved(call, meant.outcome.raw if isinstance(meant, PastCall) else b""),)
        return _edited(call, world)


def _saved(call: CallUnderWay, result: bytes) -> SaveFile:
    whole = {
        "method": call.start.operation.path,
        "target": call.target,
        "arguments": call.arguments,
        "result": msgspec.Raw(result or b"null"),
    }
    name = "".join(each if each.isalnum() or each in "-_." else "_" for each in call.target)[:80]
    content = msgspec.json.format(msgspec.json.encode(whole), indent=2)
    return SaveFile(path=Path(f"{name or 'call'}.json"), content=content)


def _edited(call: CallUnderWay, world: World) -> tuple[Effect, ...]:
    for each in entries(world.capabilities):
        is_it = (each.kind, each.key) == (call.kind, call.target) and not each.hidden
        if is_it and isinstance(each.entry, ToolEntry | PromptEntry):
            values = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in call.arguments.items()}
            return (Open(InvokePage.of(subject_of(each.entry), values=values)),)
    if call.kind == "resource":
        return (Tell(text="a resource has nothing to be edited; r reads it again"),)
    return (Tell(text=f"{call.target} is not listed any more", kind="warning"),)
