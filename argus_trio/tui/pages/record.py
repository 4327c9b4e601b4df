"""All there is to know of one thing of a list (a call, a session, an event, a line of the configuration), as it was
when it was opened."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.tui.effect import CopyText, Tell
from argus_trio.tui.message import DashboardMessage, Key, Pasted, Wheeled
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.parts.scroll import ScrollPlace
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

HEAD_ROWS: Final = 1
"""How many rows stand above the text."""


@attrs.frozen(kw_only=True)
class RecordPage(Value):
    """A text, how far it is scrolled, and what is searched in it."""

    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("y", "copy", "Copy it"),
        KeyHelp("/", "search", "Search it; n and N lead on and back"),
        KeyHelp("n", "next", "The next place that was searched for, N the one before", in_foot=False),
    )

    title: str
    what: str
    """What it is, in a word or two, for who copies it."""
    text: str = attrs.field(repr=False)
    copied: str = attrs.field(default="", repr=False)
    """What is copied, where that is not the text."""
    place: ScrollPlace = attrs.field(factory=ScrollPlace)
    search: WordFilter = attrs.field(factory=WordFilter)

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.search.is_typing

    def opened(self, world: World) -> Step[RecordPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[RecordPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Pasted):
            pasted = self.search.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, search=pasted))
        if isinstance(message, Wheeled):
            return Step(
                attrs.evolve(self, place=self.place.by(message.lines, self.text, world.columns, self._rows(world)))
            )
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _rows(self, world: World) -> int:
        return max(world.page - HEAD_ROWS, 1)

    def _pressed(self, key: str, world: World) -> Step[RecordPage] | None:
        was_typing = self.is_typing
        if (search := self.search.pressed(key)) is not None:
            page = attrs.evolve(self, search=search)
            return page.found(world) if was_typing and key == "enter" else Step(page)
        if was_typing:
            return None
        if key in ("n", "N"):
            return self.found(world, is_back=key == "N")
        if key == "y":
            return Step(self, (CopyText(text=self.copied or self.text, what=self.what),))
        place = self.place.moved(key, self.text, world.columns, self._rows(world))
        return None if place is None else Step(attrs.evolve(self, place=place))

    def found(self, world: World, *, is_back: bool = False) -> Step[RecordPage]:
        """At the next place that is searched for, or the one before."""
        if not self.search.text:
            return Step(self, (Tell(text="nothing is searched for: / begins"),))
        found = self.place.found(self.search.text, self.text, world.columns, is_back=is_back)
        if found is None:  # from the other end on
            start = ScrollPlace(len(self.text)) if is_back else ScrollPlace()
            found = start.found(self.search.text, self.text, world.columns, is_back=is_back)
            if found is None and self.search.text.lower() in self.text[: world.columns].lower():
                found = ScrollPlace()
        if found is None:
            return Step(self, (Tell(text=f"{self.search.text!r} is not found"),))
        return Step(attrs.evolve(self, place=found))


def record_of(value: object, facts: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Facts for people and the value as JSON, as one text; and the JSON alone."""
    raw = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    wide = max((len(name) for name, _ in facts), default=0)
    told = "\n".join(f"{name:<{wide}}  {' '.join(text.split())}" for name, text in facts if text)
    return f"{told}\n\n{raw}" if told else raw, raw
