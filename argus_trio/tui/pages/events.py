"""The events: what has happened, followed at the end unless one has scrolled up."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.events import EventEntry, GapEntry
from argus_trio.core.journal import SEVERITIES
from argus_trio.tui.effect import CopyText, Effect, Open
from argus_trio.tui.message import Clicked, DashboardMessage, Key, Pasted, StreamCame, Wheeled
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.pages.record import RecordPage, record_of
from argus_trio.tui.pages.traffic_words import local
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.hearing import EVENTS_KEY
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

GAPS_KEPT: Final = 20
"""How many gaps are marked; the oldest marks go."""
GAP_STAGE: Final = "gap"
"""The stage of the line that marks one."""


@attrs.frozen(kw_only=True)
class EventsPage(Value):
    """What of the events is shown, and which one is meant."""

    title: ClassVar[str] = "Events"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Enter", "details", "All of the event, with its details"),
        KeyHelp("End", "follow", "Go to the latest event, and on as they come"),
        KeyHelp("v", "severity", "Only events of this severity or above"),
        KeyHelp("/", "filter", "Only events with these words: stage, backend, message, details"),
        KeyHelp("y", "copy", "Copy the event as JSON"),
    )

    least: int = 0
    """The severity from which on events are shown, as a number."""
    filter: WordFilter = attrs.field(factory=WordFilter)
    meant: str | None = None
    """The id of the event at the cursor; None where the end is followed."""
    gaps: tuple[EventEntry, ...] = ()
    """Where events are missing, as lines of their own."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    def shown(self, world: World) -> tuple[EventEntry, ...]:
        """What is let through, and where something is missing."""
        passed = [each for each in world.events if self._passes(each)]
        for gap in self.gaps:
            if not world.events or gap.timestamp < world.events[0].timestamp:
                continue  # what it lay between is kept no more
            at = next((at for at, each in enumerate(passed) if each.timestamp > gap.timestamp), len(passed))
            passed.insert(at, gap)
        return tuple(passed)

    def _passes(self, each: EventEntry) -> bool:
        if SEVERITIES.index(each.severity) < self.least:
            return False
        if not self.filter.text.strip():
            return True
        # the details are made a text only where words are not found in the rest
        texts = (each.stage, each.backend, each.message, each.severity)
        return self.filter.has(*texts) or self.filter.has(*texts, as_json(each))

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
        if isinstance(message, StreamCame):
            return self._came(message) if message.stream.key == EVENTS_KEY else None
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        if isinstance(message, Clicked) and message.zone == "rows":
            shown = self.shown(world)
            page = self._meaning(shown, message.at)
            return Step(page, page.details(shown) if message.is_double else ())
        if isinstance(message, Wheeled):
            shown = self.shown(world)
            return Step(self._meaning(shown, self.at(shown) + message.lines))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _came(self, message: StreamCame) -> Step[EventsPage] | None:
        told = [gap for each in message.events if each.event == GAP_STAGE and (gap := _gap(each.data)) is not None]
        known = {gap.id for gap in self.gaps}
        new = tuple(gap for gap in told if gap.id not in known)
        return Step(attrs.evolve(self, gaps=(*self.gaps, *new)[-GAPS_KEPT:])) if new else None

    def _pressed(self, key: str, world: World) -> Step[EventsPage] | None:
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, meant=None))
        if self.is_typing and len(key) == 1:
            return None
        if key == "v":
            return Step(attrs.evolve(self, least=(self.least + 1) % len(SEVERITIES), meant=None))
        shown = self.shown(world)
        moved = Cursor(self.at(shown)).moved(key, len(shown), world.page - 8)
        if moved is not None:
            return Step(self._meaning(shown, moved.at))
        if key == "y" and shown:
            return Step(self, (CopyText(text=as_json(shown[self.at(shown)]), what="the event"),))
        return Step(self, self.details(shown)) if key == "enter" else None

    def details(self, shown: tuple[EventEntry, ...]) -> tuple[Effect, ...]:
        """What Enter does: all of the event that is meant."""
        if not shown:
            return ()
        meant = shown[self.at(shown)]
        facts = (
            ("event", f"{meant.stage}, {meant.severity}"),
            ("at", local(meant.timestamp)),
            ("backend", meant.backend or ""),
            ("what", meant.message),
        )
        text, raw = record_of(meant, facts)
        return (Open(RecordPage(title=f"Event {meant.id}", what="the event", text=text, copied=raw)),)

    def _meaning(self, shown: tuple[EventEntry, ...], at: int) -> EventsPage:
        at = max(0, min(at, len(shown) - 1))
        is_last = at >= len(shown) - 1
        return attrs.evolve(self, meant=None if is_last else shown[at].id)


def as_json(entry: EventEntry) -> str:
    """An event as the management API gives it."""
    return msgspec.json.encode(entry).decode()


def _gap(data: bytes) -> EventEntry | None:
    """A gap as a line among events; None for one that is not as the contract has it."""
    try:
        gap = msgspec.json.decode(data, type=GapEntry)
        datetime.fromisoformat(gap.timestamp)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    return EventEntry(
        id=f"gap {gap.timestamp}",
        timestamp=gap.timestamp,
        stage=GAP_STAGE,
        message=f"events are missing here: {gap.message}",
        severity="warning",
        backend=None,
        details={"since": gap.since},
    )
