"""Traffic: what is under way and for whom, what was, and the sessions of clients."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Literal

import attrs

from argus_trio.contract.clients import (
    CANCEL_EXCHANGE,
    CLOSE_SESSION,
    EXCHANGES,
    SESSIONS,
    ExchangeEntry,
    ExchangesAnswer,
    SessionEntry,
    SessionsAnswer,
)
from argus_trio.tui.effect import Confirm, Effect, Fetch, Tell
from argus_trio.tui.message import (
    Clicked,
    DashboardMessage,
    Fetched,
    FetchFailed,
    Key,
    Pasted,
    StreamCame,
    Wheeled,
)
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.hearing import EVENTS_KEY
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

TrafficPart = Literal["in flight", "recent", "sessions"]
PARTS: Final[tuple[TrafficPart, ...]] = ("in flight", "recent", "sessions")
MOST_SHOWN: Final = 1000
"""How many of each are asked for: as many as one page of the API has. How many there are besides is told."""
_KEY: Final = "traffic"
_OPERATIONS: Final = {
    "in flight": Fetch(operation=EXCHANGES, query={"state": "in_flight", "limit": MOST_SHOWN}, key=f"{_KEY} in flight"),
    "recent": Fetch(operation=EXCHANGES, query={"state": "done", "limit": MOST_SHOWN}, key=f"{_KEY} recent"),
    "sessions": Fetch(operation=SESSIONS, query={"limit": MOST_SHOWN}, key=f"{_KEY} sessions"),
}


@attrs.frozen(kw_only=True)
class TrafficPage:
    """Which part is shown, what of it, and which entry is meant."""

    title: ClassVar[str] = "Traffic"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Tab", "part", "What is in flight, what was, and the sessions of clients"),
        KeyHelp("/", "filter", "Narrow it to words: backend, target, client, principal, outcome"),
        KeyHelp("c", "cancel", "Cancel the call, or end the session, after a question"),
    )

    part: TrafficPart = "in flight"
    filter: WordFilter = attrs.field(factory=WordFilter)
    cursor: Cursor = attrs.field(factory=Cursor)
    meant: str = ""
    """The id of the entry at the cursor, so that it is found again wherever it stands."""
    in_flight: tuple[ExchangeEntry, ...] = ()
    recent: tuple[ExchangeEntry, ...] = ()
    sessions: tuple[SessionEntry, ...] = ()
    totals: tuple[int, int, int] = (0, 0, 0)
    """How many there are of each part at the gateway."""
    fetched_at: float = 0.0
    """When what is in flight was last heard of: ages go on from there."""
    failed: str = ""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    @property
    def total(self) -> int:
        """How many there are of the part that is shown."""
        return self.totals[PARTS.index(self.part)]

    @property
    def held(self) -> tuple[ExchangeEntry, ...] | tuple[SessionEntry, ...]:
        """All of the part that is shown, as far as it was fetched."""
        if self.part == "sessions":
            return self.sessions
        return self.in_flight if self.part == "in flight" else self.recent

    @property
    def shown(self) -> tuple[ExchangeEntry | SessionEntry, ...]:
        """What of it the filter lets through."""
        return tuple(each for each in self.held if self.filter.has(*_texts(each)))

    def at(self, shown: tuple[ExchangeEntry | SessionEntry, ...]) -> int:
        """Which of them is meant."""
        at = self.cursor.within(len(shown)).at
        if not self.meant or (shown and shown[at].id == self.meant):
            return at
        return next((number for number, each in enumerate(shown) if each.id == self.meant), at)

    def opened(self, world: World) -> Step[TrafficPage]:
        """See `DashboardPage`."""
        return Step(self, tuple(_OPERATIONS.values()))

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[TrafficPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, StreamCame):
            return self._looked(message, world)
        if isinstance(message, Fetched | FetchFailed):
            return self._answered(message, world)
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted, meant=""))
        shown = self.shown
        if isinstance(message, Clicked) and message.zone == "rows":
            return Step(self._meaning(message.at))
        if isinstance(message, Wheeled):
            return Step(self._meaning(self.at(shown) + message.lines))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _looked(self, message: StreamCame, world: World) -> Step[TrafficPage] | None:
        """After figures, what may have changed unseen is asked for again."""
        if message.stream.key != EVENTS_KEY or not any(each.event == "figures" for each in message.events):
            return None
        count = world.figures.in_flight if world.figures else 0
        if self.part == "in flight" and (count or self.in_flight):
            return Step(self, (_OPERATIONS["in flight"],))
        is_old = world.now - self.fetched_at >= 2
        if self.part == "recent" and is_old and (count or self._newest_is_new(world)):
            return Step(attrs.evolve(self, fetched_at=world.now), (_OPERATIONS["recent"],))
        if self.part == "sessions" and is_old:
            return Step(attrs.evolve(self, fetched_at=world.now), (_OPERATIONS["sessions"],))
        return None

    def _newest_is_new(self, world: World) -> bool:
        figures = world.figures.figures if world.figures else ()
        return sum(each.calls for each in figures if not each.tool) != self.totals[1]

    def _answered(self, message: Fetched | FetchFailed, world: World) -> Step[TrafficPage] | None:
        request = message.request
        if request.operation in (CANCEL_EXCHANGE, CLOSE_SESSION):
            what = "the call" if request.operation is CANCEL_EXCHANGE else "the session"
            if isinstance(message, FetchFailed):
                return Step(self, (Tell(text=f"{what} was not ended: {message.why}", kind="error"),))
            return Step(self, (Tell(text=f"{what} was ended", kind="good"), *_OPERATIONS.values()))
        if not request.key.startswith(_KEY):
            return None
        if isinstance(message, FetchFailed):
            return Step(attrs.evolve(self, failed=message.why))
        part, answer = request.key.removeprefix(_KEY).strip(), message.answer
        flying, over, sessions = self.totals
        if isinstance(answer, SessionsAnswer):
            totals = (flying, over, answer.active_sessions)
            return Step(attrs.evolve(self, sessions=answer.sessions, totals=totals, failed=""))
        if not isinstance(answer, ExchangesAnswer):
            return None
        if part == "recent":
            totals = (flying, answer.total, sessions)
            return Step(attrs.evolve(self, recent=answer.exchanges, totals=totals, failed=""))
        totals = (answer.total, over, sessions)
        page = attrs.evolve(self, in_flight=answer.exchanges, totals=totals, failed="", fetched_at=world.now)
        return Step(page)

    def _pressed(self, key: str, world: World) -> Step[TrafficPage] | None:
        if not self.is_typing and key in ("tab", "shift tab"):
            by = 1 if key == "tab" else -1
            part = PARTS[(PARTS.index(self.part) + by) % len(PARTS)]
            return Step(attrs.evolve(self, part=part, cursor=Cursor(), meant=""), (_OPERATIONS[part],))
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, cursor=Cursor(), meant=""))
        if self.is_typing and len(key) == 1:
            return None
        shown = self.shown
        moved = Cursor(self.at(shown)).moved(key, len(shown), world.page - 8)
        if moved is not None:
            return Step(self._meaning(moved.at))
        return Step(self, self._ending(shown, world)) if key == "c" else None

    def _meaning(self, at: int) -> TrafficPage:
        shown = self.shown
        at = max(0, min(at, len(shown) - 1))
        return attrs.evolve(self, cursor=Cursor(at), meant=shown[at].id if shown else "")

    def _ending(self, shown: tuple[ExchangeEntry | SessionEntry, ...], world: World) -> tuple[Effect, ...]:
        if not shown or self.part == "recent":
            return ()
        if world.is_read_only:
            return (Tell(text="this dashboard is read-only: nothing is cancelled", kind="warning"),)
        meant = shown[self.at(shown)]
        if isinstance(meant, SessionEntry):
            question = (
                f"End the session of {meant.client or 'a client'} ({meant.principal})? Its {meant.calls} calls are cut."
            )
            return (Confirm(question=question, yes=(Fetch(operation=CLOSE_SESSION, path={"id": meant.id}),)),)
        what = meant.target or meant.method
        question = f"Cancel {what} of {meant.principal}? Its backend is told, its client gets an error."
        return (Confirm(question=question, yes=(Fetch(operation=CANCEL_EXCHANGE, path={"id": meant.id}),)),)


def _texts(each: ExchangeEntry | SessionEntry) -> tuple[str | None, ...]:
    if isinstance(each, SessionEntry):
        return each.client, each.principal, each.transport_type, each.address, each.endpoint, each.revision
    return each.backend, each.target, each.method, each.client, each.principal, each.outcome, each.transport


def age(entry: ExchangeEntry, page: TrafficPage, world: World) -> float:
    """How long it has taken, in seconds: what is in flight goes on while nothing is heard of it."""
    if entry.state == "done":
        return entry.age_seconds
    return entry.age_seconds + max(world.now - page.fetched_at, 0.0)


def began(entry: ExchangeEntry) -> str:
    """When it began, by the clock on the wall."""
    try:
        return datetime.fromisoformat(entry.since).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return entry.since
