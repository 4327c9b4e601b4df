"""The log of a backend that is followed: at its end, or held at a line; searched, and narrowed by words."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from argus_trio import Value
from argus_trio.contract.settings import LOGS
from argus_trio.tui.effect import CopyText, Effect, FollowStream, Tell
from argus_trio.tui.message import Pasted, StreamCame, StreamLost, StreamOpened
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.kept_log import KeptLine, KeptLog
from argus_trio.tui.step import Step

FIRST_LINES: Final = 1000
"""How many lines of before are asked for: all that the gateway keeps."""
SIDEWAYS: Final = 16
"""How many columns Left and Right move by."""
_END: Final = ("end", "G")


@attrs.frozen(kw_only=True)
class LogPart(Value):
    """What has come of a log, and what of it is seen."""

    KEYS: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Space", "hold", "Hold the log still at a line, or follow it again (also End)"),
        KeyHelp("/", "search", "Search the log; n and N go to the next and the one before"),
        KeyHelp("&", "filter", "Only lines with these words; Escape shows all again"),
        KeyHelp("n", "next", "Next line that was searched for", in_foot=False),
        KeyHelp("N", "before", "The line before that was searched for", in_foot=False),
        KeyHelp("Left", "sideways", "Left and Right move over long lines", in_foot=False),
        KeyHelp("y", "copy", "Copy the line", in_foot=False),
    )

    kept: KeptLog = attrs.field(factory=KeptLog)
    is_followed: bool = False
    is_there: bool = False
    """Whether the stream stands."""
    why: str = ""
    """Why it does not."""
    held: int | None = None
    """The number of the line it is held at; None where its end is followed."""
    sideways: int = 0
    filter: WordFilter = attrs.field(factory=WordFilter)
    search: WordFilter = attrs.field(factory=WordFilter)

    @property
    def is_typing(self) -> bool:
        """Whether letters are text."""
        return self.filter.is_typing or self.search.is_typing

    def shown(self) -> tuple[KeptLine, ...]:
        """The lines that the filter lets through; what is missing is always told."""
        if not self.filter.text.strip():
            return self.kept.lines
        return tuple(
            each for each in self.kept.lines if each.source == "gap" or self.filter.has(each.source, each.text)
        )

    def at(self, shown: tuple[KeptLine, ...]) -> int:
        """Which of them is meant: the one it is held at, or the next one that is still there."""
        if self.held is None:
            return max(len(shown) - 1, 0)
        return next((at for at, each in enumerate(shown) if each.number >= self.held), max(len(shown) - 1, 0))

    def followed(self, backend: str) -> Step[LogPart]:
        """It is followed from now on, if it is not already."""
        if self.is_followed:
            return Step(self)
        stream = FollowStream(
            operation=LOGS,
            path={"backend": backend},
            query={"follow": "true", "limit": FIRST_LINES},
            key=stream_key(backend),
        )
        return Step(attrs.evolve(self, is_followed=True, why=""), (stream,))

    def begun_again(self, backend: str) -> Step[LogPart]:
        """It is followed anew, because the backend was gone and is another one now."""
        kept = self.kept.begun_again("the file had this backend no more, and has it again: its log begins anew")
        return attrs.evolve(self, kept=kept, is_followed=False, is_there=False).followed(backend)

    def heard(self, message: StreamOpened | StreamCame | StreamLost) -> LogPart:
        """What becomes of its stream."""
        if isinstance(message, StreamCame):
            kept = self.kept.with_events(message.events)
            return self if kept is self.kept else attrs.evolve(self, kept=kept)
        if isinstance(message, StreamLost):
            return attrs.evolve(self, is_there=False, why=message.why, is_followed=not message.is_over)
        return attrs.evolve(self, is_there=True, why="")

    def pasted(self, message: Pasted) -> LogPart | None:
        """A text put in where one types."""
        if self.search.is_typing:
            search = self.search.pasted(message.text)
            return None if search is None else attrs.evolve(self, search=search)
        filter_ = self.filter.pasted(message.text)
        return None if filter_ is None else attrs.evolve(self, filter=filter_)

    def pressed(self, key: str, page: int) -> Step[LogPart] | None:
        """What a key makes of it; None for one that means nothing to it."""
        if self.search.is_typing:
            return self._searching(key)
        if self.filter.is_typing or key == "&":
            filter_ = self.filter.pressed("/" if key == "&" and not self.filter.is_typing else key)
            return None if filter_ is None else Step(attrs.evolve(self, filter=filter_))
        if key == "esc":
            return self._cleared()
        shown = self.shown()
        if key in _END or (key == " " and self.held is not None):
            return Step(attrs.evolve(self, held=None))
        if key == " ":
            return Step(self.holding(shown, len(shown) - 1))
        if key == "/":
            return Step(attrs.evolve(self, search=self.search.pressed("/") or self.search))
        if key in ("n", "N"):
            return self.found(shown, 1 if key == "n" else -1)
        if key in ("left", "right"):
            return Step(
                attrs.evolve(self, sideways=max(self.sideways + (SIDEWAYS if key == "right" else -SIDEWAYS), 0))
            )
        if key == "y" and shown:
            return Step(self, (CopyText(text=shown[self.at(shown)].text, what="the line"),))
        moved = Cursor(self.at(shown)).moved(key, len(shown), page)
        return None if moved is None else Step(self.holding(shown, moved.at))

    def holding(self, shown: tuple[KeptLine, ...], at: int) -> LogPart:
        """Held at one of the lines that are shown."""
        if not shown:
            return self
        return attrs.evolve(self, held=shown[max(0, min(at, len(shown) - 1))].number)

    def _searching(self, key: str) -> Step[LogPart] | None:
        search = self.search.pressed(key)
        if search is None:
            return None
        page = attrs.evolve(self, search=search)
        return page.found(page.shown(), -1, here=True) if key == "enter" and search.words else Step(page)

    def _cleared(self) -> Step[LogPart] | None:
        if self.search.words:
            return Step(attrs.evolve(self, search=WordFilter()))
        return Step(attrs.evolve(self, filter=WordFilter())) if self.filter.words else None

    def found(self, shown: tuple[KeptLine, ...], by: int, *, here: bool = False) -> Step[LogPart]:
        """The next line, or the one before, that was searched for; behind the last one it begins again at the first."""
        if not self.search.words:
            return Step(self, (Tell(text="nothing is searched for: / searches"),))
        count, at = len(shown), self.at(shown)
        first = 0 if here else 1
        for step in range(first, count + first):
            place = (at + by * step) % count
            if self.search.has(shown[place].text):
                is_round = (place > at) if by < 0 else (place < at)
                effects: tuple[Effect, ...] = ()
                if is_round:
                    effects = (Tell(text=f"went on from the {'end' if by < 0 else 'begin'} of the log"),)
                return Step(self.holding(shown, place), effects)
        return Step(self, (Tell(text=f"no line has {self.search.words}", kind="warning"),))


def stream_key(backend: str) -> str:
    """What the stream of a backend's log is called."""
    return f"log {backend}"
