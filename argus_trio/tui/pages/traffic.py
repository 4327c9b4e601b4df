"""Traffic: what is under way and for whom, what was, and the sessions of clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import attrs

from argus_trio import Value
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
from argus_trio.contract.operation import MOST_LISTED
from argus_trio.tui.effect import Confirm, Effect, Fetch, Open, Tell
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
from argus_trio.tui.pages.record import RecordPage, record_of
from argus_trio.tui.pages.traffic_words import WAITS, clock_at, entry_facts
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.activity import FiguresHeard, activity
from argus_trio.tui.state.hearing import EVENTS_KEY
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

TrafficPart = Literal["in flight", "recent", "sessions"]
PARTS: Final[tuple[TrafficPart, ...]] = ("in flight", "recent", "sessions")
LOOK_SECONDS_EACH: Final = 1000
"""For so many entries of what is shown, a second more passes until it is asked for again: the gateway and the line have
other things to do."""
UNSEEN_SECONDS: Final = 2.0
"""How often what is over, and sessions, are asked for where they have changed."""
_KEY: Final = "traffic"
_ASKED: Final[Mapping[TrafficPart, Fetch]] = {
    "in flight": Fetch(
        operation=EXCHANGES,
        query={"state": "in_flight", "limit": MOST_LISTED},
        key=f"{_KEY} in flight",
        has_pages=True,
    ),
    "recent": Fetch(
        operation=EXCHANGES, query={"state": "done", "limit": MOST_LISTED}, key=f"{_KEY} recent", has_pages=True
    ),
    "sessions": Fetch(operation=SESSIONS, query={"limit": MOST_LISTED}, key=f"{_KEY} sessions", has_pages=True),
}
_OF_SESSIONS: Final = frozenset({"session_opened", "session_closed", "session_ended"})
TrafficEntry = ExchangeEntry | SessionEntry


@attrs.frozen(kw_only=True)
class TrafficList(Value):
    """One part, as it was when the gateway was asked."""

    entries: tuple[TrafficEntry, ...] = attrs.field(default=(), repr=False)
    total: int = 0
    """How many there are at the gateway."""
    is_cut: bool = False
    """Whether there are more than are ever fetched."""
    looked_at: float = 0.0
    """When it came; 0 where it has not yet. Ages go on from there."""
    asked_at: float = 0.0
    is_asked: bool = False
    """Whether an answer is under way."""
    is_stale: bool = False
    """Whether it has changed since it was asked for."""
    failed: str = ""
    """Why it did not come the last time."""

    def may_ask(self, now: float, pace: float) -> bool:
        """Whether it is time to ask again."""
        return not self.is_asked and now - self.asked_at >= pace + len(self.entries) // LOOK_SECONDS_EACH


@attrs.frozen(kw_only=True)
class TrafficPage(Value):
    """Which part is shown, what of it, and which entry is meant."""

    title: ClassVar[str] = "Traffic"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Tab", "part", "What is in flight, what was, and the sessions of clients"),
        KeyHelp("Enter", "details", "All there is to know of it"),
        KeyHelp("/", "filter", "Narrow it to words: backend, target, client, principal, outcome"),
        KeyHelp("c", "cancel", "Cancel the call, or end the session, after a question"),
        KeyHelp("u", "look", "Look again now", in_foot=False),
    )

    part: TrafficPart = "in flight"
    filter: WordFilter = attrs.field(factory=WordFilter)
    cursor: Cursor = attrs.field(factory=Cursor)
    meant: str = ""
    """The id of the entry at the cursor, so that it is found again wherever it stands."""
    lists: Mapping[TrafficPart, TrafficList] = attrs.field(factory=lambda: dict.fromkeys(PARTS, TrafficList()))
    heard: FiguresHeard = (0, 0)
    """How many calls there had been and were under way, as the latest figures said."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    @property
    def list(self) -> TrafficList:
        """The part that is shown."""
        return self.lists[self.part]

    @property
    def shown(self) -> tuple[TrafficEntry, ...]:
        """What of it the filter lets through."""
        if not self.filter.text.strip():
            return self.list.entries
        return tuple(each for each in self.list.entries if self.filter.has(*_texts(each)))

    def at(self, shown: tuple[TrafficEntry, ...]) -> int:
        """Which of them is meant."""
        at = self.cursor.within(len(shown)).at
        if not self.meant or (shown and shown[at].id == self.meant):
            return at
        return next((number for number, each in enumerate(shown) if each.id == self.meant), at)

    def opened(self, world: World) -> Step[TrafficPage]:
        """See `DashboardPage`."""
        return self.asking(world, *PARTS)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[TrafficPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, StreamCame):
            return self._heard(message, world) if message.stream.key == EVENTS_KEY else None
        if isinstance(message, Fetched | FetchFailed):
            return self._answered(message, world)
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted, meant=""))
        if isinstance(message, Clicked) and message.zone == "rows":
            page = self._meaning(message.at)
            return Step(page, page.details(world) if message.is_double else ())
        if isinstance(message, Wheeled):
            return Step(self._meaning(self.at(self.shown) + message.lines))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def with_list(self, part: TrafficPart, **changed: object) -> TrafficPage:
        """With one part changed."""
        held = attrs.evolve(self.lists[part], **changed)  # type: ignore[arg-type]  # its fields, by name
        return attrs.evolve(self, lists={**self.lists, part: held})

    def asking(self, world: World, *parts: TrafficPart) -> Step[TrafficPage]:
        """Asks for these parts."""
        page = self
        for part in parts:
            page = page.with_list(part, asked_at=world.now, is_asked=True, is_stale=False)
        return Step(page, tuple(_ASKED[part] for part in parts))

    def _heard(self, message: StreamCame, world: World) -> Step[TrafficPage] | None:
        """What has changed is noted; after figures, what is shown and has changed unseen is asked for again."""
        page = self
        if any(each.event in _OF_SESSIONS for each in message.events):
            page = page.with_list("sessions", is_stale=True)
        if not any(each.event == "figures" for each in message.events):
            return None if page is self else Step(page)
        heard = activity(world.figures)
        if heard != page.heard:
            page = page.with_list("recent", is_stale=True).with_list("sessions", is_stale=True)
            page = attrs.evolve(page, heard=heard)
        held = page.list
        if page.part == "in flight":
            may = (heard[1] > 0 or held.entries != ()) and held.may_ask(world.now, 0.0)
        else:
            may = held.is_stale and held.may_ask(world.now, UNSEEN_SECONDS)
        return page.asking(world, page.part) if may else Step(page)

    def _answered(self, message: Fetched | FetchFailed, world: World) -> Step[TrafficPage] | None:
        request = message.request
        if request.operation in (CANCEL_EXCHANGE, CLOSE_SESSION):
            return self._ended(message, world)
        part = next((each for each in PARTS if _ASKED[each].key == request.key), None)
        if part is None:
            return None
        if isinstance(message, FetchFailed):
            return Step(self.with_list(part, is_asked=False, failed=message.why))
        answer = message.answer
        if isinstance(answer, SessionsAnswer):
            return Step(self._listed(part, answer.sessions, answer.active_sessions, answer.next, world))
        if isinstance(answer, ExchangesAnswer):
            return Step(self._listed(part, answer.exchanges, answer.total, answer.next, world))
        return None

    def _listed(
        self, part: TrafficPart, entries: tuple[TrafficEntry, ...], total: int, following: str | None, world: World
    ) -> TrafficPage:
        is_cut, now = following is not None, world.now
        return self.with_list(
            part, entries=entries, total=total, is_cut=is_cut, looked_at=now, is_asked=False, failed=""
        )

    def _ended(self, message: Fetched | FetchFailed, world: World) -> Step[TrafficPage]:
        request = message.request
        is_call = request.operation is CANCEL_EXCHANGE
        what = f"{'call' if is_call else 'session'} {request.path.get('id', '')}"
        if isinstance(message, FetchFailed):
            told = Tell(text=f"{what} was not {'cancelled' if is_call else 'ended'}: {message.why}", kind="error")
            return Step(self, (told,))
        told = Tell(text=f"{what} was {'cancelled' if is_call else 'ended'}", kind="good")
        asking = self.asking(world, *PARTS)
        return Step(asking.value, (told, *asking.effects))

    def _pressed(self, key: str, world: World) -> Step[TrafficPage] | None:
        if not self.is_typing and key in ("tab", "shift tab"):
            by = 1 if key == "tab" else -1
            part = PARTS[(PARTS.index(self.part) + by) % len(PARTS)]
            return attrs.evolve(self, part=part, cursor=Cursor(), meant="").asking(world, part)
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, cursor=Cursor(), meant=""))
        if self.is_typing and len(key) == 1:
            return None
        shown = self.shown
        moved = Cursor(self.at(shown)).moved(key, len(shown), world.page - 8)
        if moved is not None:
            return Step(self._meaning(moved.at))
        if key == "u":
            return self.asking(world, self.part)
        if key == "enter":
            return Step(self, self.details(world))
        return Step(self, self._ending(shown, world)) if key == "c" else None

    def _meaning(self, at: int) -> TrafficPage:
        shown = self.shown
        at = max(0, min(at, len(shown) - 1))
        return attrs.evolve(self, cursor=Cursor(at), meant=shown[at].id if shown else "")

    def details(self, world: World) -> tuple[Effect, ...]:
        """What Enter does: all there is to know of the entry that is meant."""
        shown = self.shown
        if not shown:
            return ()
        meant = shown[self.at(shown)]
        what = "the session" if isinstance(meant, SessionEntry) else "the call"
        text, raw = record_of(meant, entry_facts(meant, age(meant, self, world)))
        title = f"{what.removeprefix('the ').capitalize()} {meant.id} at {clock_at(world.now)}"
        return (Open(RecordPage(title=title, what=what, text=text, copied=raw)),)

    def _ending(self, shown: tuple[TrafficEntry, ...], world: World) -> tuple[Effect, ...]:
        if not shown:
            return ()
        if self.part == "recent":
            return (Tell(text="it is over: Tab leads to what can be cancelled"),)
        if world.is_read_only:
            return (Tell(text="this dashboard is read-only: nothing is cancelled", kind="warning"),)
        meant = shown[self.at(shown)]
        if isinstance(meant, SessionEntry):
            question = (
                f"End the session of {meant.client or 'a client'} ({meant.principal})? Its {meant.calls} calls are cut."
            )
            return (Confirm(question=question, yes=(Fetch(operation=CLOSE_SESSION, path={"id": meant.id}),)),)
        what = meant.target or meant.method
        question = f"Cancel {what} of {meant.principal} ({meant.id})? Its backend is told, its client gets an error."
        return (Confirm(question=question, yes=(Fetch(operation=CANCEL_EXCHANGE, path={"id": meant.id}),)),)


def _texts(each: TrafficEntry) -> tuple[str | None, ...]:
    if isinstance(each, SessionEntry):
        return each.client, each.principal, each.transport_type, each.address, each.endpoint, each.revision, each.id
    outcome = each.outcome.replace("_", " ") if each.outcome else WAITS.get(each.waits_for or "")
    return (
        each.backend,
        each.target,
        each.method,
        each.client,
        each.principal,
        outcome,
        each.outcome,
        each.transport,
        each.session,
        each.id,
    )


def age(entry: TrafficEntry, page: TrafficPage, world: World) -> float:
    """How long it has taken, in seconds: what is not over goes on while nothing is heard of it."""
    if isinstance(entry, ExchangeEntry) and entry.state == "done":
        return entry.age_seconds
    return entry.age_seconds + since_looked(page, world)


def since_looked(page: TrafficPage, world: World) -> float:
    """How old what is shown is, in seconds."""
    return max(world.now - page.list.looked_at, 0.0) if page.list.looked_at else 0.0
