"""The live tree of nurseries: what runs in the gateway now, folded where one does not look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import attrs

from argus_trio import Value
from argus_trio.contract.settings import TREE, TreeAnswer, TreeNode
from argus_trio.tui.effect import Fetch
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
from argus_trio.tui.state.activity import FiguresHeard, activity
from argus_trio.tui.state.hearing import EVENTS_KEY
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

LOOK_SECONDS: Final = 3.0
"""How often the tree is asked for while it is looked at and something happens: the gateway walks through all of its
tasks for it. Where nothing happens it is not asked for, and it is told how old it is."""
UNFOLDED: Final = 2
"""How many levels stay unfolded where all is folded."""
_NO_NEWS: Final = frozenset({"figures", "heartbeat", "gap"})
NodePath = tuple[str, ...]
"""Where a node is: names from the root on, with a number where several siblings have one name."""


@attrs.frozen(kw_only=True)
class TreeRow(Value):
    """One node in sight."""

    path: NodePath
    depth: int
    node: TreeNode
    is_folded: bool


@attrs.frozen(kw_only=True)
class TreePage(Value):
    """The tree, what of it is folded, and which node is meant."""

    title: ClassVar[str] = "Tree"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Space", "fold", "Fold or unfold; left and right do the same"),
        KeyHelp("/", "filter", "Only nodes with these words, and what they stand below"),
        KeyHelp("u", "look", "Look again now"),
        KeyHelp("-", "fold all", "Fold all but the first two levels; + unfolds all", in_foot=False),
    )

    answer: TreeAnswer | None = None
    at: float = 0.0
    """When it was looked at."""
    asked_at: float = 0.0
    is_asked: bool = False
    """Whether an answer is under way."""
    is_stale: bool = False
    """Whether something has happened since it was asked for."""
    heard: FiguresHeard = (0, 0)
    """What the latest figures said."""
    folded: frozenset[NodePath] = frozenset()
    filter: WordFilter = attrs.field(factory=WordFilter)
    cursor: Cursor = attrs.field(factory=Cursor)
    meant: NodePath = ()
    failed: str = ""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    @property
    def shown(self) -> tuple[TreeRow, ...]:
        """The rows in sight."""
        if self.answer is None:
            return ()
        rows = tuple(_rows(self.answer.tree, (self.answer.tree.name,), 0, self._folded))
        if not self.filter.text.strip():
            return rows
        kept = {path for row in rows if self.filter.has(row.node.name) for path in _above(row.path)}
        return tuple(row for row in rows if row.path in kept)

    @property
    def rows(self) -> int:
        """How many rows there are where nothing is folded."""
        return 0 if self.answer is None else sum(1 for _ in _rows(self.answer.tree, (), 0, frozenset()))

    @property
    def _folded(self) -> frozenset[NodePath]:
        return frozenset() if self.filter.text.strip() else self.folded

    def place(self, shown: tuple[TreeRow, ...]) -> int:
        """Which row is meant."""
        at = self.cursor.within(len(shown)).at
        if not self.meant or (shown and shown[at].path == self.meant):
            return at
        for path in reversed(tuple(_above(self.meant))):  # of a node that is gone, or folded away, what it stood below
            for number, each in enumerate(shown):
                if each.path == path:
                    return number
        return at

    def opened(self, world: World) -> Step[TreePage]:
        """See `DashboardPage`."""
        return Step(attrs.evolve(self, asked_at=world.now, is_asked=True, is_stale=False), (Fetch(operation=TREE),))

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[TreePage] | None:
        """See `DashboardPage`."""
        if isinstance(message, StreamCame):
            return self._heard(message, world) if message.stream.key == EVENTS_KEY else None
        if isinstance(message, Fetched) and isinstance(message.answer, TreeAnswer):
            return Step(attrs.evolve(self, answer=message.answer, at=world.now, is_asked=False, failed=""))
        if isinstance(message, FetchFailed) and message.request.operation is TREE:
            return Step(attrs.evolve(self, failed=message.why, is_asked=False))
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        shown = self.shown
        if isinstance(message, Clicked) and message.zone == "rows":
            page = self._meaning(shown, message.at)
            return Step(page.toggled(shown) if message.is_double else page)
        if isinstance(message, Wheeled):
            return Step(self._meaning(shown, self.place(shown) + message.lines))
        return self._pressed(message.name, shown, world) if isinstance(message, Key) else None

    def _heard(self, message: StreamCame, world: World) -> Step[TreePage] | None:
        """Whatever happens begins and ends tasks; after figures is the time to look."""
        heard = activity(world.figures)
        is_news = heard != self.heard or any(each.event not in _NO_NEWS for each in message.events)
        page = attrs.evolve(self, heard=heard, is_stale=True) if is_news else self
        is_time = not page.is_asked and world.now - page.asked_at >= LOOK_SECONDS
        if page.is_stale and is_time and any(each.event == "figures" for each in message.events):
            return page.opened(world)
        return Step(page) if is_news else None

    def _pressed(self, key: str, shown: tuple[TreeRow, ...], world: World) -> Step[TreePage] | None:
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, cursor=Cursor(), meant=()))
        if self.is_typing and len(key) == 1:
            return None
        moved = Cursor(self.place(shown)).moved(key, len(shown), world.page - 2)
        if moved is not None:
            return Step(self._meaning(shown, moved.at))
        if key in (" ", "enter"):
            return Step(self.toggled(shown))
        if key in ("left", "right") and shown:
            return Step(self._sideways(key, shown))
        if key in ("-", "+", "="):
            return Step(attrs.evolve(self, folded=self._all_folded() if key == "-" else frozenset()))
        return self.opened(world) if key == "u" else None

    def _all_folded(self) -> frozenset[NodePath]:
        if self.answer is None:
            return self.folded
        rows = _rows(self.answer.tree, (self.answer.tree.name,), 0, frozenset())
        return frozenset(row.path for row in rows if row.depth >= UNFOLDED and row.node.children)

    def _sideways(self, key: str, shown: tuple[TreeRow, ...]) -> TreePage:
        """Left folds, and goes up from what is folded; right unfolds."""
        row = shown[self.place(shown)]
        if key == "right":
            return attrs.evolve(self, folded=self.folded - {row.path})
        if row.node.children and not row.is_folded:
            return attrs.evolve(self, folded=self.folded | {row.path})
        return attrs.evolve(self, meant=row.path[:-1] or row.path)

    def toggled(self, shown: tuple[TreeRow, ...]) -> TreePage:
        """With the node that is meant folded, or unfolded."""
        if not shown or not shown[self.place(shown)].node.children:
            return self
        return attrs.evolve(self, folded=self.folded ^ {shown[self.place(shown)].path})

    def _meaning(self, shown: tuple[TreeRow, ...], at: int) -> TreePage:
        at = max(0, min(at, len(shown) - 1))
        return attrs.evolve(self, cursor=Cursor(at), meant=shown[at].path if shown else ())


def _rows(node: TreeNode, path: NodePath, depth: int, folded: frozenset[NodePath]) -> Iterator[TreeRow]:
    is_folded = path in folded
    yield TreeRow(path=path, depth=depth, node=node, is_folded=is_folded)
    if is_folded:
        return
    seen: dict[str, int] = {}
    for child in node.children:
        count = seen[child.name] = seen.get(child.name, 0) + 1
        name = child.name if count == 1 else f"{child.name} #{count}"
        yield from _rows(child, (*path, name), depth + 1, folded)


def _above(path: NodePath) -> Iterator[NodePath]:
    """A path and all that it stands below."""
    for length in range(1, len(path) + 1):
        yield path[:length]
