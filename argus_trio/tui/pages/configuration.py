"""The configuration: the running one, how the file differs, what a check of it says, and what a reload changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final, Literal

import attrs

from argus_trio import Value
from argus_trio.contract.control import (
    DIFFERENCE,
    LAST_RELOAD,
    RELOAD,
    VALIDATE,
    DifferenceAnswer,
    ReloadAnswer,
    ValidateAnswer,
)
from argus_trio.contract.operation import Operation
from argus_trio.contract.settings import CONFIG, LOG_LEVEL, SET_LOG_LEVEL, ConfigAnswer, LogLevelAnswer
from argus_trio.core.log_level import LEVELS
from argus_trio.manage_client.outline import tree_lines
from argus_trio.tui.effect import Confirm, Effect, Fetch, Open, Tell
from argus_trio.tui.message import (
    Clicked,
    DashboardMessage,
    Fetched,
    FetchFailed,
    Key,
    Pasted,
    Resized,
    StreamCame,
    Wheeled,
)
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.pages.record import RecordPage
from argus_trio.tui.pages.reports import checked_lines, difference_lines, reload_lines
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.parts.folding import FoldedLine, LinePath, below, foldable, seen_of
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

ConfigurationPart = Literal["running", "file differs", "check", "reload"]
CONFIGURATION_PARTS: Final[tuple[ConfigurationPart, ...]] = ("running", "file differs", "check", "reload")
_ASKED: Final[tuple[Effect, ...]] = (
    Fetch(operation=CONFIG),
    Fetch(operation=DIFFERENCE),
    Fetch(operation=LAST_RELOAD),
    Fetch(operation=LOG_LEVEL),
)
_PART_OF: Final[Mapping[Operation, ConfigurationPart]] = {
    CONFIG: "running",
    DIFFERENCE: "file differs",
    VALIDATE: "check",
    LAST_RELOAD: "reload",
    RELOAD: "reload",
}
_OURS: Final = (*_PART_OF, LOG_LEVEL, SET_LOG_LEVEL)
_STAGES: Final = frozenset({"reloaded", "reload_refused", "restart_needed", "log_level_changed", "gateway_started"})
"""Events after which all of it is looked at again, whoever has done it."""
NOT_YET: Final[Mapping[ConfigurationPart, str]] = {
    "running": "it has not come yet",
    "file differs": "it has not come yet",
    "check": "not checked yet: v checks the file on disk",
    "reload": "it has not come yet",
}
"""What is said of a part of which nothing is known."""
SIGN_COLUMNS: Final = 2
"""How much room stands before each line, for the sign of what can be folded."""


@attrs.frozen(kw_only=True)
class ConfigurationPage(Value):
    """Which part is shown, and where in it one is."""

    title: ClassVar[str] = "Configuration"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Tab", "part", "The running one, how the file differs, what a check says, what a reload changed"),
        KeyHelp("v", "validate", "Check the file on disk; nothing is changed", changes=True),
        KeyHelp("r", "reload", "Read the file again, after a question", changes=True),
        KeyHelp("L", "log level", "The next level of the gateway's log, after a question", changes=True),
        KeyHelp("/", "filter", "Only lines with these words, and what they stand below"),
        KeyHelp("Space", "fold", "Fold or unfold; left and right do the same"),
        KeyHelp("-", "fold all", "Fold all of it, + unfolds all", in_foot=False),
        KeyHelp("Enter", "whole", "The line and all below it, in full", in_foot=False),
        KeyHelp("u", "look", "Look again now: a file tells nobody that it has changed", in_foot=False),
    )

    part: ConfigurationPart = "running"
    filter: WordFilter = attrs.field(factory=WordFilter)
    cursor: Cursor = attrs.field(factory=Cursor)
    folded: frozenset[LinePath] = frozenset()
    running: ConfigAnswer | None = attrs.field(default=None, repr=False)
    answers: Mapping[ConfigurationPart, object] = attrs.field(factory=dict, repr=False)
    """What is known of each part."""
    lines: Mapping[ConfigurationPart, tuple[FoldedLine, ...]] = attrs.field(factory=dict, repr=False)
    """The same as lines, as wide as the terminal is."""
    level: str = ""
    busy: str = ""
    """What is being done just now."""
    failed: Mapping[ConfigurationPart, str] = attrs.field(factory=dict)
    """Why a part did not come the last time."""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    @property
    def all_lines(self) -> tuple[FoldedLine, ...]:
        """The part that is shown, whole."""
        return self.lines.get(self.part, ())

    @property
    def shown(self) -> tuple[FoldedLine, ...]:
        """What is seen of it."""
        return seen_of(self.all_lines, self.folded, self.filter.text)

    def opened(self, world: World) -> Step[ConfigurationPage]:
        """See `DashboardPage`."""
        return Step(self, _ASKED)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[ConfigurationPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, StreamCame):
            return Step(self, _ASKED) if any(each.event in _STAGES for each in message.events) else None
        if isinstance(message, Fetched | FetchFailed):
            return self._answered(message, world) if message.request.operation in _OURS else None
        if isinstance(message, Resized):
            # the running one is as long as it is in any width
            return Step(self._lined(world, *(part for part in self.answers if part != "running")))
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        if isinstance(message, Clicked) and message.zone == "rows":
            page = attrs.evolve(self, cursor=Cursor(message.at).within(len(self.shown)))
            return Step(page.toggled()) if message.is_double else Step(page)
        if isinstance(message, Wheeled):
            at = max(self.cursor.within(len(self.shown)).at + message.lines, 0)
            return Step(attrs.evolve(self, cursor=Cursor(at).within(len(self.shown))))
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _answered(self, message: Fetched | FetchFailed, world: World) -> Step[ConfigurationPage]:
        operation, is_change = message.request.operation, message.request.is_change
        page = attrs.evolve(self, busy="") if is_change else self
        part = _PART_OF.get(operation)
        if isinstance(message, FetchFailed):
            if part is not None:
                page = attrs.evolve(page, failed={**page.failed, part: message.why})
            return Step(page, (Tell(text=message.why, kind="error"),) if is_change else ())
        answer = message.answer
        if isinstance(answer, LogLevelAnswer):
            told = Tell(text=f"the level of the log is {answer.level}", kind="good")
            return Step(attrs.evolve(page, level=answer.level), (told,) if is_change else ())
        if part is None:
            return Step(page)
        failed = {each: why for each, why in page.failed.items() if each != part}
        page = attrs.evolve(page, answers={**page.answers, part: answer}, failed=failed)
        if isinstance(answer, ConfigAnswer):
            page = attrs.evolve(page, running=answer)
        page = page._lined(world, part)  # noqa: SLF001  # of its own kind
        if not is_change:
            return Step(page)
        page = attrs.evolve(page, part=part, cursor=Cursor(), filter=WordFilter())
        if isinstance(answer, ValidateAnswer):
            return Step(page, (_checked_told(answer),))
        return Step(page, (_reload_told(answer), *_ASKED) if isinstance(answer, ReloadAnswer) else ())

    def _lined(self, world: World, *parts: ConfigurationPart) -> ConfigurationPage:
        """With the lines of some parts made anew."""
        made = {part: foldable(_texts_of(self.answers[part], world)) for part in parts if part in self.answers}
        return attrs.evolve(self, lines={**self.lines, **made})

    def _pressed(self, key: str, world: World) -> Step[ConfigurationPage] | None:
        if not self.is_typing and key in ("tab", "shift tab"):
            parts = CONFIGURATION_PARTS
            part = parts[(parts.index(self.part) + (1 if key == "tab" else -1)) % len(parts)]
            page = attrs.evolve(self, part=part, cursor=Cursor())
            return Step(page, (Fetch(operation=DIFFERENCE),) if part == "file differs" else ())
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, cursor=Cursor()))
        if self.is_typing and len(key) == 1:
            return None
        moved = self.cursor.within(len(self.shown)).moved(key, len(self.shown), world.page - 1)
        if moved is not None:
            return Step(attrs.evolve(self, cursor=moved))
        if (folding := self._folding(key)) is not None:
            return Step(folding)
        if key == "enter":
            return Step(self, self._whole())
        if key == "u":
            return Step(self, _ASKED)
        return self._acted(key, world) if key in ("v", "r", "L") else None

    def _folding(self, key: str) -> ConfigurationPage | None:
        if key == "-":
            heads = {line.path for line in self.all_lines if line.has_below and len(line.path) == 1}
            return attrs.evolve(self, folded=self.folded | heads, cursor=Cursor())
        if key in ("+", "="):
            return attrs.evolve(self, folded=frozenset(), cursor=Cursor())
        if key not in (" ", "left", "right"):
            return None
        line = self._at()
        if line is None or key == " ":
            return self.toggled()
        if key == "right":
            return attrs.evolve(self, folded=self.folded - {line.path})
        if line.has_below and line.path not in self.folded:
            return attrs.evolve(self, folded=self.folded | {line.path})
        above = next((at for at, each in enumerate(self.shown) if each.path == line.path[:-1]), None)
        return self if above is None else attrs.evolve(self, cursor=Cursor(above))

    def toggled(self) -> ConfigurationPage:
        """With the line at the cursor folded, or unfolded."""
        line = self._at()
        return attrs.evolve(self, folded=self.folded ^ {line.path}) if line is not None and line.has_below else self

    def _at(self) -> FoldedLine | None:
        shown = self.shown
        return shown[self.cursor.within(len(shown)).at] if shown else None

    def _whole(self) -> tuple[Effect, ...]:
        line = self._at()
        if line is None:
            return ()
        text = "\n".join(below(self.all_lines, line.path))
        return (Open(RecordPage(title=".".join(line.path), what="the part", text=text)),)

    def _acted(self, key: str, world: World) -> Step[ConfigurationPage]:
        if not world.may_operate:
            why = "this dashboard is read-only" if world.is_read_only else "your token may not operate this gateway"
            return Step(self, (Tell(text=why, kind="warning"),))
        if key == "v":
            return Step(attrs.evolve(self, busy="checking the file"), (Fetch(operation=VALIDATE, is_change=True),))
        if key == "L":
            after = (list(LEVELS).index(self.level) + 1) % len(LEVELS) if self.level in LEVELS else 1
            change = Fetch(operation=SET_LOG_LEVEL, body={"level": LEVELS[after]}, is_change=True)
            question = f"Set the level of the log from {self.level or 'unknown'} to {LEVELS[after]}?"
            return Step(self, (Confirm(question=question, yes=(change,)),))
        reload = Fetch(operation=RELOAD, is_change=True, taken=(422, 500, 503))
        question = "Read the configuration file again? What it changes takes effect; calls in flight end as they began."
        said = Tell(text="the file is being read; the report is shown here when it is there")
        return Step(self, (Confirm(question=question, yes=(said, reload)),))


def _texts_of(answer: object, world: World) -> Iterable[tuple[str, str]]:
    columns = world.columns - SIGN_COLUMNS
    if isinstance(answer, ConfigAnswer):
        return (("", line) for line in tree_lines(answer.config))
    if isinstance(answer, DifferenceAnswer):
        return difference_lines(answer, columns, world.look.sign("→", "->"))
    if isinstance(answer, ValidateAnswer):
        return checked_lines(answer, columns)
    return reload_lines(answer, columns) if isinstance(answer, ReloadAnswer) else ()


def _checked_told(answer: ValidateAnswer) -> Tell:
    if answer.valid:
        return Tell(text="the file is sound", kind="good")
    count = len(answer.problems or answer.errors)
    return Tell(text=f"the file has {count} {'problem' if count == 1 else 'problems'}", kind="error")


def _reload_told(answer: ReloadAnswer) -> Tell:
    if not answer.reloaded:
        return Tell(text=f"not reloaded: {'; '.join(answer.errors) or 'see the report'}", kind="error")
    if answer.unchanged:
        return Tell(text="reloaded; nothing has changed")
    return Tell(text=f"reloaded: generation {answer.generation}", kind="good")
