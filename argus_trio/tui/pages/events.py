"""The events: what has happened, followed at the end unless one has scrolled up."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs
import msgspec

from argus_trio.contract.events import EventEntry
from argus_trio.tui.effect import CopyText
from argus_trio.tui.message import Clicked, DashboardMessage, Key, Pasted, Wheeled
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

SEVERITIES: Final = ("debug", "info", "warning", "error")


@attrs.frozen(kw_only=True)
class EventsPage:
    """What of the events is shown, and which one is meant."""

    title: ClassVar[str] = "Events"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("End", "follow", "Go to the latest event, and on as they come"),
        KeyHelp("v", "severity", "Only events of this severity or above"),
        KeyHelp("/", "filter", "Only events with these words: stage, backend, message"),
        KeyHelp("y", "copy", "Copy the event as JSON"),
    )

    least: int = 0
    """The severity from which on events are shown, as a number."""
    filter: WordFilter = attrs.field(factory=WordFilter)
    meant: str | None = None
    """The id of the event at the cursor; None where the end is followed."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    def shown(self, world: World) -> tuple[EventEntry, ...]:
        """What is let through."""
        return tuple(
            each
            for each in world.events
            if SEVERITIES.index(each.severity) >= self.least and self.filter.has(each.stage, each.backend, each.message)
        )

    def at(self, shown: tuple[EventEntry, ...]) -> int:
        """Which of them is meant; one that is kept no more gives its place to the oldest."""
        if self.meant is None:
            return max(len(shown) - 1, 0)
        return next((number for number, each in enumerate(shown) if each.id == self.meant), 0)

    def opened(self, world: World) -> Step[EventsPage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[EventsPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        if isinstance(message, Clicked) and message.zone == "rows":
            return Step(self._meaning(self.shown(world), message.at))
        if isinstance(message, Wheeled):
            shown = self.shown(world)
            return Step(self._meaning(shown, self.at(shown) + message.lines))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _pressed(self, key: str, world: World) -> Step[EventsPage] | None:
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, meant=None))
        if self.is_typing and len(key) == 1:
            return None
        shown = self.shown(world)
        moved = Cursor(self.at(shown)).moved(key, len(shown), world.page - 7)
        if moved is not None:
            return Step(self._meaning(shown, moved.at))
        if key == "v":
            return Step(attrs.evolve(self, least=(self.least + 1) % len(SEVERITIES), meant=None))
        if key == "y" and shown:
            return Step(self, (CopyText(text=as_json(shown[self.at(shown)]), what="the event"),))
        return None

    def _meaning(self, shown: tuple[EventEntry, ...], at: int) -> EventsPage:
        at = max(0, min(at, len(shown) - 1))
        is_last = at >= len(shown) - 1
        return attrs.evolve(self, meant=None if is_last else shown[at].id)


def as_json(entry: EventEntry) -> str:
    """An event as the management API gives it."""
    return msgspec.json.encode(entry).decode()
