"""One backend: its states, catalog, log, process and network, one of them shown at a time."""

from __future__ import annotations

from typing import Final, Literal, get_args

import attrs

from argus_trio import Value
from argus_trio.contract.backends import BACKEND, BACKENDS, EGRESS, BackendEntry, EgressAnswer
from argus_trio.tui.effect import CopyText, Effect, Fetch, Open, UnfollowStream
from argus_trio.tui.message import (
    Clicked,
    DashboardMessage,
    Fetched,
    FetchFailed,
    Key,
    Pasted,
    StreamCame,
    StreamLost,
    StreamOpened,
    Wheeled,
)
from argus_trio.tui.pages.backend.change import CHANGE_KEYS, wished
from argus_trio.tui.pages.backend.log import LogPart, stream_key
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.entries import ShownEntry, entries
from argus_trio.tui.state.hearing import EVENTS_KEY
from argus_trio.tui.state.network import lines_to_write
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

BackendPart = Literal["states", "catalog", "log", "process", "network"]
PARTS_OF_BACKEND: Final[tuple[BackendPart, ...]] = get_args(BackendPart)
_PART_KEYS: Final[dict[str, BackendPart]] = {
    "s": "states",
    "c": "catalog",
    "l": "log",
    "p": "process",
    "w": "network",
}
LOOK_SECONDS: Final = 2.0
"""How often, while they are seen and figures come, the process and the network are asked for: both change without an
event."""
_OF_PARTS: Final[dict[BackendPart, tuple[KeyHelp, ...]]] = {
    "states": (),
    "catalog": (
        KeyHelp("Enter", "details", "All there is to know of the entry"),
        KeyHelp("/", "filter", "Only entries with these words"),
        KeyHelp("h", "hidden", "Only those that clients are not shown, or all"),
    ),
    "log": LogPart.KEYS,
    "process": (),
    "network": (KeyHelp("y", "copy", "Copy what to write into the file to allow what was refused"),),
}
_PARTS_HELP: Final = (
    KeyHelp("Tab", "part", "The next part: states, catalog, log, process, network (Shift-Tab: the one before)"),
    KeyHelp("s", "states", "How it stands and what it went through", in_foot=False),
    KeyHelp("c", "catalog", "What it lists, and what of it is hidden and why", in_foot=False),
    KeyHelp("l", "log", "Its log as it is written", in_foot=False),
    KeyHelp("p", "process", "Its process or container: plan, limits, image, mounts", in_foot=False),
    KeyHelp("w", "network", "Where it went on the network, and what was refused", in_foot=False),
)


@attrs.frozen(kw_only=True)
class BackendPage(Value):
    """Which backend, which part of it, and what is seen there."""

    name: str
    part: BackendPart = "states"
    cursor: Cursor = attrs.field(factory=Cursor)
    log: LogPart = attrs.field(factory=LogPart)
    filter: WordFilter = attrs.field(factory=WordFilter)
    only_hidden: bool = False
    egress: EgressAnswer | None = None
    egress_why: str = ""
    """Why it is not known where it went."""
    asked: float = 0.0
    last: BackendEntry | None = None
    """As it was when it was there for the last time."""
    was_gone: bool = False
    """Whether the file had it no more when it was looked at for the last time."""

    @property
    def title(self) -> str:
        """See `DashboardPage`."""
        return self.name

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.log.is_typing if self.part == "log" else self.part == "catalog" and self.filter.is_typing

    @property
    def keys(self) -> tuple[KeyHelp, ...]:
        """See `DashboardPage`."""
        return (*_OF_PARTS[self.part], *_PARTS_HELP, *CHANGE_KEYS)

    def entry(self, world: World) -> BackendEntry | None:
        """The backend as it is, or as it was at last."""
        return world.backends.get(self.name, self.last)

    def is_gone(self, world: World) -> bool:
        """Whether the file has it no more."""
        return bool(world.backends) and self.name not in world.backends

    def catalog(self, world: World) -> tuple[ShownEntry, ...]:
        """What it lists, as far as it is wanted."""
        return tuple(
            each
            for each in entries(world.capabilities)
            if each.backend == self.name
            and (each.hidden or not self.only_hidden)
            and self.filter.has(each.key, each.title, each.description, each.hidden)
        )

    def opened(self, world: World) -> Step[BackendPage]:
        """See `DashboardPage`."""
        return self.entered(self.part, world)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None, (UnfollowStream(stream_key(self.name)),) if self.log.is_followed else ())

    def told(self, message: DashboardMessage, world: World) -> Step[BackendPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, StreamOpened | StreamCame | StreamLost):
            return self._streamed(message, world)
        if isinstance(message, Fetched | FetchFailed):
            return self._answered(message, world)
        if isinstance(message, Pasted):
            return self._pasted(message)
        if isinstance(message, Clicked):
            return self._clicked(message, world)
        if isinstance(message, Wheeled):
            return self._moved("down" if message.lines > 0 else "up", world, abs(message.lines))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def entered(self, part: BackendPart, world: World) -> Step[BackendPage]:
        """At another part, which asks for what it shows."""
        page = attrs.evolve(self, part=part, last=self.entry(world), asked=world.now)
        if part != self.part:
            page = attrs.evolve(page, cursor=Cursor())
        if part == "log" and not self.is_gone(world):
            log = page.log.followed(self.name)
            return Step(attrs.evolve(page, log=log.value), log.effects)
        return Step(page, page.looks(world))

    def looks(self, world: World) -> tuple[Effect, ...]:
        """What is asked for again while it is seen."""
        if self.is_gone(world):
            return ()
        if self.part == "network":
            return (Fetch(operation=EGRESS, path={"name": self.name}),)
        return (Fetch(operation=BACKEND, path={"name": self.name}),) if self.part == "process" else ()

    def _streamed(self, message: StreamOpened | StreamCame | StreamLost, world: World) -> Step[BackendPage] | None:
        if message.stream.key == stream_key(self.name):
            log = self.log.heard(message)
            if isinstance(message, StreamLost) and self.is_gone(world):
                gone = attrs.evolve(log, is_followed=False, why="it is gone with its backend")
                return Step(attrs.evolve(self, log=gone), (UnfollowStream(message.stream.key),))
            return Step(attrs.evolve(self, log=log))
        if not isinstance(message, StreamCame) or message.stream.key != EVENTS_KEY:
            return None
        if world.now - self.asked < LOOK_SECONDS or not any(each.event == "figures" for each in message.events):
            return None
        effects = self.looks(world)
        return Step(attrs.evolve(self, asked=world.now), effects) if effects else None

    def _answered(self, message: Fetched | FetchFailed, world: World) -> Step[BackendPage] | None:
        request = message.request
        if request.operation is EGRESS and request.path.get("name") == self.name:
            if isinstance(message, FetchFailed):
                return Step(attrs.evolve(self, egress_why=message.why))
            answer = message.answer if isinstance(message.answer, EgressAnswer) else None
            return Step(attrs.evolve(self, egress=answer, egress_why=""))
        if request.operation is BACKENDS and isinstance(message, Fetched):
            is_gone = self.is_gone(world)
            page = attrs.evolve(self, last=self.entry(world), was_gone=is_gone)
            return page.back(world) if self.was_gone and not is_gone else Step(page)
        return None

    def back(self, world: World) -> Step[BackendPage]:
        """The file has the backend again."""
        if self.part != "log" and not self.log.kept.lines:
            return self.entered(self.part, world)
        log = self.log.begun_again(self.name)
        return Step(attrs.evolve(self, log=log.value), log.effects)

    def _pasted(self, message: Pasted) -> Step[BackendPage] | None:
        if self.part == "log":
            log = self.log.pasted(message)
            return None if log is None else Step(attrs.evolve(self, log=log))
        pasted = self.filter.pasted(message.text)
        return None if pasted is None else Step(attrs.evolve(self, filter=pasted))

    def _clicked(self, message: Clicked, world: World) -> Step[BackendPage] | None:
        if message.zone == "part" and message.at < len(PARTS_OF_BACKEND):
            return self.entered(PARTS_OF_BACKEND[message.at], world)
        if message.zone == "line":
            return Step(attrs.evolve(self, log=self.log.holding(self.log.shown(), message.at)))
        if message.zone != "entry":
            return None
        page = attrs.evolve(self, cursor=Cursor(message.at))
        return Step(page, page.opens(world) if message.is_double else ())

    def _pressed(self, key: str, world: World) -> Step[BackendPage] | None:
        if self.part == "log":
            log = self.log.pressed(key, self.page_rows(world))
            if log is not None:
                return Step(attrs.evolve(self, log=log.value), log.effects)
        elif self.part == "catalog" and (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, cursor=Cursor()))
        if self.is_typing:
            return None
        if key in ("tab", "shift tab"):
            by = 1 if key == "tab" else -1
            at = (PARTS_OF_BACKEND.index(self.part) + by) % len(PARTS_OF_BACKEND)
            return self.entered(PARTS_OF_BACKEND[at], world)
        if key in _PART_KEYS:
            return self.entered(_PART_KEYS[key], world)
        if (effects := self._does(key, world)) is not None:
            return Step(self, effects)
        if key == "h" and self.part == "catalog":
            return Step(attrs.evolve(self, only_hidden=not self.only_hidden, cursor=Cursor()))
        return self._moved(key, world)

    def _does(self, key: str, world: World) -> tuple[Effect, ...] | None:
        if key == "enter" and self.part == "catalog":
            return self.opens(world)
        if key == "y" and self.part == "network" and self.egress is not None:
            text = lines_to_write(self.egress)
            return (CopyText(text=text, what="what to write"),) if text else None
        return None if self.is_gone(world) else wished(key, self.name, world)

    def opens(self, world: World) -> tuple[Effect, ...]:
        """What Enter does in the catalog."""
        shown = self.catalog(world)
        return (Open(EntryPage(last=shown[self.cursor.within(len(shown)).at])),) if shown else ()

    def _moved(self, key: str, world: World, times: int = 1) -> Step[BackendPage] | None:
        page = self
        for _ in range(times):
            if page.part == "log":
                log = page.log.pressed(key, self.page_rows(world))
                if log is None:
                    return None
                page = attrs.evolve(page, log=log.value)
                continue
            moved = page.cursor.moved(key, page.count(world), self.page_rows(world))
            if moved is None:
                return None
            page = attrs.evolve(page, cursor=moved)
        return Step(page)

    def count(self, world: World) -> int:
        """How many rows the part has that is shown."""
        if self.part == "catalog":
            return len(self.catalog(world))
        if self.part == "network":
            return len(self.egress.hosts) if self.egress is not None else 0
        entry = self.entry(world)
        return len(entry.conditions) if entry is not None and self.part == "states" else 0

    def page_rows(self, world: World) -> int:
        """How many rows of a part are seen at once, as far as keys have to know."""
        return max(world.page - 5, 1)
