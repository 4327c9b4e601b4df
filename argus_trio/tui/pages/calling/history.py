"""The calls of this dashboard, under way and over: to look at, repeat, edit, save and copy."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.capabilities import PromptEntry, ToolEntry
from argus_trio.manage_client.moments import size
from argus_trio.tui.calls.call import CallUnderWay, PastCall
from argus_trio.tui.calls.command import arguments_of, command_line
from argus_trio.tui.calls.start import again
from argus_trio.tui.effect import CopyText, Effect, Open, SaveFile, Tell
from argus_trio.tui.message import Clicked, DashboardMessage, Key, Wheeled
from argus_trio.tui.pages.calling.call import COPY_BYTES, CallPage
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.calling.repeating import guarded
from argus_trio.tui.pages.calling.subject import subject_of
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.entries import entry_of
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

NAME_CHARACTERS: Final = 60
"""How much of a tool's name the name of a file has."""


@attrs.frozen(kw_only=True)
class HistoryPage(Value):
    """Which call is meant; the latest one is first."""

    title: ClassVar[str] = "Calls"
    is_typing: ClassVar[bool] = False
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Enter", "open", "The call and its result"),
        KeyHelp("r", "repeat", "Make the same call once more"),
        KeyHelp("e", "edit", "Open its form with what was sent"),
        KeyHelp("s", "save", "Save its arguments and its result as a file"),
        KeyHelp("y", "copy", "Copy it as a command line, which makes the same call when it is pasted into a shell"),
    )

    cursor: Cursor = attrs.field(factory=Cursor)
    meant: int | None = None
    """The id of the call at the cursor: it stays meant when others come before it."""

    def shown(self, world: World) -> tuple[CallUnderWay | PastCall, ...]:
        """All calls, those under way first, then the latest ones."""
        return (*reversed(tuple(world.calls.under_way.values())), *reversed(world.calls.history))

    def at(self, shown: tuple[CallUnderWay | PastCall, ...]) -> int:
        """Which of them is meant."""
        at = self.cursor.within(len(shown)).at
        return next((number for number, each in enumerate(shown) if call_of(each).id == self.meant), at)

    def opened(self, world: World) -> Step[HistoryPage]:
        """See `DashboardPage`."""
        return Step(self if self.meant is not None else self._meaning(self.shown(world), 0))

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[HistoryPage] | None:
        """See `DashboardPage`."""
        shown = self.shown(world)
        if isinstance(message, Clicked) and message.zone == "rows":
            return Step(self._meaning(shown, message.at))
        if isinstance(message, Wheeled):
            return Step(self._meaning(shown, self.at(shown) + message.lines))
        if not isinstance(message, Key):
            return None
        moved = Cursor(self.at(shown)).moved(message.name, len(shown), world.page - 2)
        if moved is not None:
            return Step(self._meaning(shown, moved.at))
        if message.name not in ("enter", "r", "e", "s", "y"):
            return None
        return Step(self, self.does(message.name, shown, world))

    def _meaning(self, shown: tuple[CallUnderWay | PastCall, ...], at: int) -> HistoryPage:
        at = max(0, min(at, len(shown) - 1))
        return attrs.evolve(self, cursor=Cursor(at), meant=call_of(shown[at]).id if shown else None)

    def does(self, key: str, shown: tuple[CallUnderWay | PastCall, ...], world: World) -> tuple[Effect, ...]:
        """What a key does with the call that is meant."""
        if not shown:
            return (Tell(text="no call was made yet"),)
        meant = shown[self.at(shown)]
        call = call_of(meant)
        if key == "enter":
            return (Open(CallPage(id=call.id)),)
        if key == "r":
            start = again(world.calls, call.start)
            return guarded(call, world, (start, Open(CallPage(id=start.id))))
        if key == "y":
            return (_copied(call, world),)
        return _saved(meant) if key == "s" else _edited(call, world)


def call_of(each: CallUnderWay | PastCall) -> CallUnderWay:
    """The call, be it over or not."""
    return each.call if isinstance(each, PastCall) else each


def _copied(call: CallUnderWay, world: World) -> Effect:
    known = entry_of(world.capabilities, call.kind, call.target)
    schema: object = None
    if known is not None and isinstance(known.entry, ToolEntry):
        schema = subject_of(known.entry).schema
    line = command_line(call, world.shown, schema)
    if line is None:
        told = "not copied: its name looks like an option, or acts on a terminal, and cannot be said on a command line"
        return Tell(text=told, kind="warning")
    if len(line.encode("utf-8", "replace")) > COPY_BYTES:
        return Tell(text=f"more than {size(COPY_BYTES)} are not copied; s saves it", kind="warning")
    return CopyText(text=line, what="the command line")


def _saved(each: CallUnderWay | PastCall) -> tuple[Effect, ...]:
    call = call_of(each)
    whole: dict[str, object] = {"method": call.start.operation.path, "target": call.target}
    whole["arguments"] = {name: msgspec.Raw(value) for name, value in arguments_of(call).items()}
    told: tuple[Effect, ...] = ()
    if not isinstance(each, PastCall):
        told = (Tell(text="the call is under way: its arguments are saved alone", kind="warning"),)
    elif each.outcome.raw:
        whole["result" if each.outcome.kind in ("result", "tool_error") else "problem"] = msgspec.Raw(each.outcome.raw)
    else:
        whole["outcome"] = each.outcome.why or each.outcome.kind
        why = "its result is kept no more" if each.outcome.is_forgotten else "there is no result"
        told = (Tell(text=f"{why}: its arguments are saved alone", kind="warning"),)
    name = "".join(each if each.isascii() and each.isalnum() else "-" for each in call.target)
    path = Path(f"{name.strip('-')[-NAME_CHARACTERS:] or 'call'}.call.json")
    return (*told, SaveFile(path=path, content=msgspec.json.encode(whole) + b"\n"))


def _edited(call: CallUnderWay, world: World) -> tuple[Effect, ...]:
    if call.kind == "resource":
        return (Tell(text="a resource has nothing to be edited; r reads it again"),)
    known = entry_of(world.capabilities, call.kind, call.target)
    if known is None or not isinstance(known.entry, ToolEntry | PromptEntry):
        return (Tell(text=f"{call.target} is listed no more, so there is no form for it", kind="warning"),)
    values = {name: msgspec.Raw(value) for name, value in arguments_of(call).items()}
    view = call.start.body.get("endpoint")
    return (Open(InvokePage.of(subject_of(known.entry), view=str(view or ""), values=values)),)
