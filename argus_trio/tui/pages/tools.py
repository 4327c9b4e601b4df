"""Tools, prompts, resources and templates, searched as one types."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from argus_trio import Value
from argus_trio.tui.effect import CopyText, Effect, Open, Tell
from argus_trio.tui.message import Clicked, DashboardMessage, Fetched, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.history import HistoryPage
from argus_trio.tui.pages.entry import EntryPage, opening
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.asking import CAPABILITIES_NAME
from argus_trio.tui.state.entries import KINDS, EntryKind, EntrySearch, FoundEntries, ShownEntry, found
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

SHOWN_KINDS: Final[tuple[frozenset[EntryKind], ...]] = (frozenset(KINDS), *(frozenset({kind}) for kind in KINDS))
"""What the kinds are that Tab goes through: all, then each."""
_KIND_KEYS: Final = {"tab": 1, "right": 1, "l": 1, "shift tab": -1, "left": -1}
_MOVES_WHILE_TYPING: Final = ("up", "down", "page up", "page down")


@attrs.frozen(kw_only=True)
class ToolsPage(Value):
    """What is searched for, and which entry is meant."""

    title: ClassVar[str] = "Tools"

    filter: WordFilter = attrs.field(factory=WordFilter)
    kinds: int = 0
    """Which of `SHOWN_KINDS` are shown."""
    backend: str = ""
    """The only one whose entries are shown; empty for all."""
    with_hidden: bool = True
    cursor: Cursor = attrs.field(factory=Cursor)
    meant: tuple[str, str, str] | None = None
    """The entry at the cursor, so that it is found again in another catalog."""
    is_chosen: bool = False
    """Whether the cursor was moved since something was typed: Enter is for that entry then."""

    @property
    def keys(self) -> tuple[KeyHelp, ...]:
        """See `DashboardPage`."""
        return _TYPING if self.is_typing else _KEYS

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    def found(self, world: World) -> FoundEntries:
        """What is searched for, and how many there are of each kind."""
        search = EntrySearch(
            words=self.filter.text,
            kinds=SHOWN_KINDS[self.kinds],
            backend=self.backend,
            with_hidden=self.with_hidden,
        )
        return found(world.capabilities, search)

    def shown(self, world: World) -> tuple[ShownEntry, ...]:
        """What is searched for."""
        return self.found(world).shown

    def at(self, shown: tuple[ShownEntry, ...]) -> int:
        """Which of them is meant: the same entry as before, wherever it stands now."""
        at = self.cursor.within(len(shown)).at
        if self.meant is None or (shown and shown[at].identity == self.meant):
            return at
        return next((number for number, each in enumerate(shown) if each.identity == self.meant), at)

    def opened(self, world: World) -> Step[ToolsPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[ToolsPage] | None:
        """See `DashboardPage`."""
        if not isinstance(message, Key | Pasted | Clicked | Wheeled | Fetched):
            return None  # what comes often costs no search
        shown = self.shown(world)
        if isinstance(message, Key):
            return self._pressed(message.name, shown, world)
        if isinstance(message, Fetched) and message.request.name == CAPABILITIES_NAME:
            return Step(self.meaning(shown, self.at(shown), is_chosen=self.is_chosen))
        if isinstance(message, Clicked) and message.zone == "rows":
            return Step(self.meaning(shown, message.at))
        if isinstance(message, Clicked) and message.zone == "kind":
            return Step(self._narrowed(world, kinds=message.at % len(SHOWN_KINDS)))
        if isinstance(message, Wheeled):
            return Step(self.meaning(shown, self.at(shown) + message.lines))
        pasted = self.filter.pasted(message.text) if isinstance(message, Pasted) else None
        return None if pasted is None else Step(self._narrowed(world, filter=pasted))

    def _pressed(self, key: str, shown: tuple[ShownEntry, ...], world: World) -> Step[ToolsPage] | None:
        if not self.is_typing or key in _MOVES_WHILE_TYPING:
            moved = Cursor(self.at(shown)).moved(key, len(shown), world.page - 2)
            if moved is not None:
                return Step(self.meaning(shown, moved.at))
        if key in ("tab", "shift tab") or (key in _KIND_KEYS and not self.is_typing):
            return Step(self._narrowed(world, kinds=(self.kinds + _KIND_KEYS[key]) % len(SHOWN_KINDS)))
        if key == "enter" and (not self.is_typing or self.is_chosen or len(shown) == 1):
            filter_ = WordFilter(words=self.filter.text)
            return Step(attrs.evolve(self, filter=filter_), self._opens(shown, world))
        filter_after = self.filter.pressed(key)
        if filter_after is not None and filter_after.text == self.filter.text:
            return Step(attrs.evolve(self, filter=filter_after))  # the cursor stays where it is
        if filter_after is not None:
            return Step(self._narrowed(world, filter=filter_after))
        return None if self.is_typing else self._commanded(key, shown, world)

    def _commanded(self, key: str, shown: tuple[ShownEntry, ...], world: World) -> Step[ToolsPage] | None:
        """What the letters do where nobody types."""
        if key == "h":
            said = "hidden ones are left out" if self.with_hidden else "hidden ones are shown, dimmed"
            return Step(self._narrowed(world, with_hidden=not self.with_hidden), (Tell(text=said),))
        if key == "H":
            return Step(self, (Open(HistoryPage()),))
        if key == "esc" and self.backend:
            return Step(self._narrowed(world, backend=""))
        if not shown:
            return None
        meant = shown[self.at(shown)]
        if key == "b":
            return Step(self._narrowed(world, backend="" if self.backend else meant.backend))
        if key == "d":
            return Step(self, (Open(EntryPage(last=meant)),))
        if key == "y":
            return Step(self, (CopyText(text=meant.key, what="the name" if meant.kind != "resource" else "the URI"),))
        return None

    def _opens(self, shown: tuple[ShownEntry, ...], world: World) -> tuple[Effect, ...]:
        """What Enter does."""
        if not shown:
            return ()
        entry = shown[self.at(shown)]
        if not entry.hidden:
            return opening(entry, world)
        told = Tell(text=f"{entry.key} is hidden from clients and cannot be called: {entry.hidden}", kind="warning")
        return (told, Open(EntryPage(last=entry)))

    def _narrowed(self, world: World, **changes: object) -> ToolsPage:
        """The page with something else searched for: the entry that was chosen stays meant if it is found still."""
        page: ToolsPage = attrs.evolve(self, **changes)  # type: ignore[arg-type]  # the callers name fields
        if page.is_typing and page.filter.text != self.filter.text:  # where it is cleared, what was found stays meant
            page = attrs.evolve(page, cursor=Cursor(), meant=None, is_chosen=False)
        shown = page.shown(world)
        return page.meaning(shown, page.at(shown), is_chosen=page.is_chosen)

    def meaning(self, shown: tuple[ShownEntry, ...], at: int, *, is_chosen: bool = True) -> ToolsPage:
        at = max(0, min(at, len(shown) - 1))
        meant = shown[at].identity if shown else self.meant
        return attrs.evolve(self, cursor=Cursor(at), meant=meant, is_chosen=is_chosen)


_KEYS: Final = (
    KeyHelp("Enter", "call", "Call a tool by its form, read a resource, get a prompt"),
    KeyHelp("/", "search", "Search as you type: names first, then titles, then backends and descriptions"),
    KeyHelp("d", "details", "All there is to know of it"),
    KeyHelp("Tab", "kind", "All, or tools, prompts, resources, templates alone; Shift-Tab, Left and Right as well"),
    KeyHelp("H", "history", "The calls of this dashboard, to repeat, edit, save, copy"),
    KeyHelp("b", "backend", "Only what this backend has; again: all of them"),
    KeyHelp("h", "hidden", "Show what clients are not shown, and why; or not"),
    KeyHelp("y", "copy", "Copy its name or its URI", in_foot=False),
)
_TYPING: Final = (
    KeyHelp("Enter", "keep", "Keep what is searched for; call what is found where it is one, or was chosen by arrows"),
    KeyHelp("Up Down", "choose", "Choose one, as PgUp and PgDn"),
    KeyHelp("Tab", "kind", "All, or tools, prompts, resources, templates alone"),
    KeyHelp("Esc", "clear", "Search for nothing"),
)
