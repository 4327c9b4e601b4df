"""Tools, prompts, resources and templates, searched as one types."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from argus_trio.tui.effect import Effect, Open, Tell
from argus_trio.tui.message import Clicked, DashboardMessage, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.history import HistoryPage
from argus_trio.tui.pages.entry import EntryPage, opening
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.line import EditedLine
from argus_trio.tui.state.entries import KINDS, EntryKind, ShownEntry, entries, found
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

_SHOWN: Final[tuple[frozenset[EntryKind], ...]] = (frozenset(KINDS), *(frozenset({kind}) for kind in KINDS))
"""What the kinds are that Tab goes through: all, then each."""


@attrs.frozen(kw_only=True)
class ToolsPage:
    """What is searched for, and which entry is meant."""

    title: ClassVar[str] = "Tools"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Enter", "call", "Call a tool by its form, read a resource, get a prompt"),
        KeyHelp("/", "search", "Search names, titles, backends and descriptions; Enter keeps it, Escape clears it"),
        KeyHelp("d", "details", "All there is to know of it"),
        KeyHelp("Tab", "kind", "All, or tools, prompts, resources, templates alone"),
        KeyHelp("h", "hidden", "Show what clients are not shown, and why; or not"),
        KeyHelp("H", "history", "The calls of this dashboard, to repeat, edit, save, copy"),
    )

    words: str = ""
    search: EditedLine | None = None
    """What is typed; None while nobody types."""
    kinds: int = 0
    with_hidden: bool = True
    cursor: Cursor = attrs.field(factory=Cursor)
    meant: tuple[str, str, str] | None = None
    """The entry at the cursor, so that it is found again in another catalog."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.search is not None

    def shown(self, world: World) -> tuple[ShownEntry, ...]:
        """What is searched for."""
        words = self.search.text if self.search is not None else self.words
        return found(entries(world.capabilities), words, _SHOWN[self.kinds], self.with_hidden)

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
        if not isinstance(message, Key | Pasted | Clicked | Wheeled):
            return None  # what comes often costs no search
        shown = self.shown(world)
        if isinstance(message, Clicked) and message.zone == "row":
            page = self._meaning(shown, message.at)
            return Step(page, page.opens(world, shown) if message.is_double else ())
        if isinstance(message, Wheeled):
            return Step(self._meaning(shown, self.at(shown) + message.lines))
        if isinstance(message, Pasted) and self.search is not None:
            return Step(self._searching(EditedLine(self.search.text + " ".join(message.text.split()))))
        if not isinstance(message, Key):
            return None
        moved = Cursor(self.at(shown)).moved(message.name, len(shown), world.page - 2) if self._moves(message) else None
        if moved is not None:
            return Step(self._meaning(shown, moved.at))
        return (
            self._typed(message.name, shown, world)
            if self.search is not None
            else self._key(message.name, shown, world)
        )

    def _moves(self, key: Key) -> bool:
        return self.search is None or (len(key.name) > 1 and key.name not in ("home", "end"))

    def _typed(self, key: str, shown: tuple[ShownEntry, ...], world: World) -> Step[ToolsPage] | None:
        if key == "esc":
            return Step(attrs.evolve(self, search=None, words="", meant=None))
        if key == "enter":
            page = attrs.evolve(self, words=self.search.text if self.search else "", search=None)
            return Step(page, page.opens(world, shown) if len(shown) == 1 else ())
        if key == "tab":
            return Step(attrs.evolve(self, kinds=(self.kinds + 1) % len(_SHOWN), meant=None, cursor=Cursor()))
        line = self.search.pressed(key) if self.search else None
        return None if line is None else Step(self._searching(line))

    def _searching(self, line: EditedLine) -> ToolsPage:
        return attrs.evolve(self, search=line, cursor=Cursor(), meant=None)

    def _key(self, key: str, shown: tuple[ShownEntry, ...], world: World) -> Step[ToolsPage] | None:
        if key == "/":
            return Step(attrs.evolve(self, search=EditedLine(self.words)))
        if key == "esc" and self.words:
            return Step(attrs.evolve(self, words=""))
        if key in ("tab", "shift tab"):
            by = 1 if key == "tab" else -1
            return Step(attrs.evolve(self, kinds=(self.kinds + by) % len(_SHOWN), cursor=Cursor(), meant=None))
        if key == "h":
            return Step(attrs.evolve(self, with_hidden=not self.with_hidden))
        if key == "H":
            return Step(self, (Open(HistoryPage()),))
        if key == "enter":
            return Step(self, self.opens(world, shown))
        if key == "d" and shown:
            return Step(self, (Open(EntryPage(shown=shown[self.at(shown)])),))
        return None

    def opens(self, world: World, shown: tuple[ShownEntry, ...]) -> tuple[Effect, ...]:
        """What Enter does."""
        if not shown:
            return ()
        entry = shown[self.at(shown)]
        if entry.hidden:
            tell = Tell(
                text=f"{entry.key} is not shown to clients and cannot be called: {entry.hidden}", kind="warning"
            )
            return (tell, Open(EntryPage(shown=entry)))
        return opening(entry, world)

    def _meaning(self, shown: tuple[ShownEntry, ...], at: int) -> ToolsPage:
        at = max(0, min(at, len(shown) - 1))
        return attrs.evolve(self, cursor=Cursor(at), meant=shown[at].identity if shown else None)
