"""All there is to know of a tool, a prompt, a resource or a template; and what Enter on it does."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.contract.capabilities import ResourceEntry
from argus_trio.manage_client.moments import size
from argus_trio.tui.calls.start import resource_read
from argus_trio.tui.effect import CopyText, Effect, Open, Tell
from argus_trio.tui.message import DashboardMessage, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.call import COPY_BYTES, CallPage
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.calling.subject import subject_of
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.parts.scroll import ScrollPlace
from argus_trio.tui.state.details import definition, details
from argus_trio.tui.state.entries import ShownEntry, entries
from argus_trio.tui.state.outline import DetailLine
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

_STEPS: Final = {"down": 1, "j": 1, "up": -1, "k": -1}
_PAGES: Final = {"page down": 1, "ctrl f": 1, " ": 1, "page up": -1, "ctrl b": -1}


def opening(shown: ShownEntry, world: World) -> tuple[Effect, ...]:
    """What Enter does: the form of a tool, prompt or template; a resource is read at once."""
    if isinstance(shown.entry, ResourceEntry):
        start = resource_read(world.calls, shown.key, view=world.view)
        return (start, Open(CallPage(id=start.id)))
    return (Open(InvokePage.of(subject_of(shown.entry), view=world.view)),)


@attrs.frozen(kw_only=True)
class EntryPage(Value):
    """Which entry is shown, and how far it is scrolled."""

    last: ShownEntry = attrs.field(eq=False, repr=False)
    """The entry as it was known last."""
    is_gone: bool = False
    """Whether it is listed no more."""
    is_raw: bool = False
    top: Cursor = attrs.field(factory=Cursor)
    """The line on top, of its details."""
    place: ScrollPlace = attrs.field(factory=ScrollPlace)
    """What is on top, of its JSON."""
    filter: WordFilter = attrs.field(factory=WordFilter)
    """What is searched for in it."""

    @property
    def title(self) -> str:
        """What it shows."""
        return self.last.key

    @property
    def keys(self) -> tuple[KeyHelp, ...]:
        """See `DashboardPage`."""
        return _TYPING if self.is_typing else _KEYS

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    def opened(self, world: World) -> Step[EntryPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def lines(self, world: World) -> tuple[DetailLine, ...]:
        """Its details."""
        return details(self.last, world, world.columns - 2)

    def rows(self, world: World) -> int:
        """How many rows there are for them: all but the line below, and the one that says that it is gone."""
        return max(world.page - 1 - self.is_gone, 1)

    def told(self, message: DashboardMessage, world: World) -> Step[EntryPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Key):
            return self._pressed(message.name, world)
        if isinstance(message, Wheeled):
            return Step(self._moved(message.lines, world))
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        now = self._now(world)
        return None if now is self else Step(now)

    def _now(self, world: World) -> EntryPage:
        """The page with the entry as it is now."""
        if world.capabilities is None:
            return self
        known = entries(world.capabilities)
        if any(each is self.last for each in known):
            return attrs.evolve(self, is_gone=False) if self.is_gone else self
        same = next((each for each in known if each.identity == self.last.identity), None)
        if same is None:
            return self if self.is_gone else attrs.evolve(self, is_gone=True)
        return attrs.evolve(self, last=same, is_gone=False)

    def _pressed(self, key: str, world: World) -> Step[EntryPage] | None:
        filter_ = self.filter.pressed(key)
        if filter_ is not None:
            page = attrs.evolve(self, filter=filter_)
            return page.sought(world, 1, from_=-1) if key == "enter" and filter_.words else Step(page)
        if self.is_typing:
            return Step(self)
        match key:
            case "enter":
                return Step(self, self._calls(world))
            case "J":
                return Step(attrs.evolve(self, is_raw=not self.is_raw))
            case "y":
                return Step(self, (_copied(definition(self.last)),))
            case "n" | "N" if self.filter.words:
                return self.sought(world, 1 if key == "n" else -1)
        if self.is_raw:
            place = self.place.moved(key, definition(self.last), world.columns - 2, self.rows(world))
            return None if place is None else Step(attrs.evolve(self, place=place))
        by = _STEPS.get(key, 0) or _PAGES.get(key, 0) * max(self.rows(world) - 1, 1)
        if key in ("home", "g", "end", "G"):
            by = len(self.lines(world)) * (1 if key in ("end", "G") else -1)
        return Step(self._moved(by, world)) if by else None

    def _calls(self, world: World) -> tuple[Effect, ...]:
        if self.last.hidden:
            told = f"it is hidden from clients and cannot be called: {self.last.hidden}"
            return (Tell(text=told, kind="warning"),)
        if self.is_gone:
            return (Tell(text="it is listed no more, and cannot be called", kind="warning"),)
        return opening(self.last, world)

    def _moved(self, by: int, world: World) -> EntryPage:
        if self.is_raw:
            text = definition(self.last)
            return attrs.evolve(self, place=self.place.by(by, text, world.columns - 2, self.rows(world)))
        most = max(len(self.lines(world)) - self.rows(world), 0)
        return attrs.evolve(self, top=Cursor(max(0, min(self.top.at + by, most))))

    def sought(self, world: World, step: int, *, from_: int = 0) -> Step[EntryPage]:
        """The next line, or the one before, that has what is searched for; the search goes around."""
        wanted = self.filter.words.lower()
        if self.is_raw:
            text = definition(self.last)
            place = self.place.found(wanted, text, world.columns - 2, is_back=step < 0)
            place = place or ScrollPlace().found(wanted, text, world.columns - 2)
            if place is not None:
                return Step(attrs.evolve(self, place=place))
        else:
            lines = ["".join(text for _, text in line).lower() for line in self.lines(world)]
            at = self.top.at + from_
            for count in range(1, len(lines) + 1):
                if wanted in lines[found := (at + step * count) % len(lines)]:
                    return Step(attrs.evolve(self, top=Cursor(found)))
        return Step(self, (Tell(text=f"{self.filter.words} is not there", kind="warning"),))


def _copied(text: str) -> Effect:
    if len(text.encode("utf-8", "replace")) > COPY_BYTES:
        return Tell(text=f"more than {size(COPY_BYTES)} are not copied", kind="warning")
    return CopyText(text=text, what="the definition")


_KEYS: Final = (
    KeyHelp("Enter", "call", "Call a tool by its form, read a resource, get a prompt"),
    KeyHelp("J", "JSON", "The whole definition as JSON, or in words"),
    KeyHelp("/", "search", "Search in what is shown; n and N lead on"),
    KeyHelp("y", "copy", "Copy its definition as JSON"),
)
_TYPING: Final = (KeyHelp("Enter", "search"), KeyHelp("Esc", "leave it"))
