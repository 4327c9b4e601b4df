"""The configuration: the running one, what a check of the file says, and what a reload changed."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

import attrs

from argus_trio.contract.control import (
    LAST_RELOAD,
    RELOAD,
    VALIDATE,
    ProblemEntry,
    ReloadAnswer,
    ValidateAnswer,
)
from argus_trio.contract.settings import CONFIG, LOG_LEVEL, SET_LOG_LEVEL, ConfigAnswer, LogLevelAnswer
from argus_trio.manage_client.outline import tree_lines
from argus_trio.tui.effect import Confirm, Effect, Fetch, Tell
from argus_trio.tui.message import DashboardMessage, Fetched, FetchFailed, Key, Pasted, StreamCame, Wheeled
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

ConfigurationPart = Literal["running", "check", "reload"]
CONFIGURATION_PARTS: Final[tuple[ConfigurationPart, ...]] = ("running", "check", "reload")
_LEVELS: Final = ("debug", "info", "warning", "error")
_ASKED: Final[tuple[Effect, ...]] = (
    Fetch(operation=CONFIG),
    Fetch(operation=LAST_RELOAD),
    Fetch(operation=LOG_LEVEL),
)
_OURS: Final = (CONFIG, LAST_RELOAD, LOG_LEVEL, VALIDATE, RELOAD, SET_LOG_LEVEL)
StyledLine = tuple[str, str]
"""An attribute and a text."""


@attrs.frozen(kw_only=True)
class ConfigurationPage:
    """Which part is shown, and where in it one is."""

    title: ClassVar[str] = "Configuration"
    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("Tab", "part", "The running one, what a check says, what a reload changed"),
        KeyHelp("v", "validate", "Check the file on disk; nothing is changed", changes=True),
        KeyHelp("r", "reload", "Read the file again, after a question", changes=True),
        KeyHelp("L", "log level", "The next level of the gateway's log, after a question", changes=True),
        KeyHelp("/", "filter", "Only lines with these words, and what they stand below"),
    )

    part: ConfigurationPart = "running"
    filter: WordFilter = attrs.field(factory=WordFilter)
    cursor: Cursor = attrs.field(factory=Cursor)
    running: ConfigAnswer | None = None
    lines: tuple[str, ...] = attrs.field(default=(), repr=False)
    """The running configuration, as lines."""
    checked: ValidateAnswer | None = None
    reloaded: ReloadAnswer | None = None
    level: str = ""
    busy: str = ""
    """What is being done just now."""
    failed: str = ""

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.filter.is_typing

    @property
    def all_lines(self) -> tuple[StyledLine, ...]:
        """The part that is shown, whole."""
        if self.part == "check":
            return tuple(_checked(self.checked))
        if self.part == "reload":
            return tuple(_reloaded(self.reloaded))
        return tuple(("", line) for line in self.lines)

    @property
    def shown(self) -> tuple[StyledLine, ...]:
        """The lines that the filter lets through, each with those that it stands below."""
        whole = self.all_lines
        if not self.filter.text.strip():
            return whole
        kept: list[StyledLine] = []
        above: list[StyledLine] = []
        for line in whole:
            depth = len(line[1]) - len(line[1].lstrip())
            above = [each for each in above if len(each[1]) - len(each[1].lstrip()) < depth]
            if self.filter.has(line[1]):
                kept += [*above, ("match", line[1])]
                above = []
            else:
                above.append(line)
        return tuple(kept)

    def opened(self, world: World) -> Step[ConfigurationPage]:
        """See `DashboardPage`."""
        return Step(self, _ASKED)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[ConfigurationPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, StreamCame):
            changed = any(each.event in ("reloaded", "reload_refused", "log_level_changed") for each in message.events)
            return Step(self, _ASKED) if changed else None
        if isinstance(message, Fetched | FetchFailed):
            return self._answered(message) if message.request.operation in _OURS else None
        if isinstance(message, Pasted):
            pasted = self.filter.pasted(message.text)
            return None if pasted is None else Step(attrs.evolve(self, filter=pasted))
        if isinstance(message, Wheeled):
            return Step(
                attrs.evolve(self, cursor=Cursor(max(self.cursor.at + message.lines, 0)).within(len(self.shown)))
            )
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _answered(self, message: Fetched | FetchFailed) -> Step[ConfigurationPage]:
        operation = message.request.operation
        page = attrs.evolve(self, busy="") if message.request.is_change else self
        if isinstance(message, FetchFailed):
            failed = attrs.evolve(page, failed=message.why)
            return Step(failed, (Tell(text=message.why, kind="error"),) if message.request.is_change else ())
        answer = message.answer
        if isinstance(answer, ConfigAnswer):
            lines = tuple(tree_lines(answer.config))
            return Step(attrs.evolve(page, running=answer, lines=lines, failed=""))
        if isinstance(answer, LogLevelAnswer):
            said = (
                (Tell(text=f"the level of the log is {answer.level}", kind="good"),)
                if operation is SET_LOG_LEVEL
                else ()
            )
            return Step(attrs.evolve(page, level=answer.level), said)
        if isinstance(answer, ValidateAnswer):
            page = attrs.evolve(page, checked=answer, part="check", cursor=Cursor(), filter=WordFilter())
            count = len(answer.problems)
            told = Tell(text="the file is sound", kind="good") if answer.valid else _problems(count)
            return Step(page, (told,))
        if isinstance(answer, ReloadAnswer):
            page = attrs.evolve(page, reloaded=answer)
            if operation is RELOAD:
                page = attrs.evolve(page, part="reload", cursor=Cursor(), filter=WordFilter())
                return Step(page, (_reload_told(answer), *_ASKED))
        return Step(page)

    def _pressed(self, key: str, world: World) -> Step[ConfigurationPage] | None:
        if not self.is_typing and key in ("tab", "shift tab"):
            parts = CONFIGURATION_PARTS
            part = parts[(parts.index(self.part) + (1 if key == "tab" else -1)) % len(parts)]
            return Step(attrs.evolve(self, part=part, cursor=Cursor()))
        if (filtered := self.filter.pressed(key)) is not None:
            return Step(attrs.evolve(self, filter=filtered, cursor=Cursor()))
        if self.is_typing and len(key) == 1:
            return None
        moved = self.cursor.moved(key, len(self.shown), world.page - 3)
        if moved is not None:
            return Step(attrs.evolve(self, cursor=moved))
        return self._acted(key, world) if key in ("v", "r", "L") else None

    def _acted(self, key: str, world: World) -> Step[ConfigurationPage]:
        if not world.may_operate:
            why = "this dashboard is read-only" if world.is_read_only else "your token may not operate this gateway"
            return Step(self, (Tell(text=why, kind="warning"),))
        if key == "v":
            return Step(attrs.evolve(self, busy="checking the file"), (Fetch(operation=VALIDATE, is_change=True),))
        if key == "L":
            level = _LEVELS[(_LEVELS.index(self.level) + 1) % len(_LEVELS)] if self.level in _LEVELS else "info"
            change = Fetch(operation=SET_LOG_LEVEL, body={"level": level}, is_change=True)
            question = f"Set the level of the log from {self.level or 'unknown'} to {level}?"
            return Step(self, (Confirm(question=question, yes=(change,)),))
        reload = Fetch(operation=RELOAD, is_change=True, taken=(422, 500, 503))
        question = "Read the configuration file again? What it changes takes effect; calls in flight end as they began."
        return Step(self, (Confirm(question=question, yes=(reload,)),))


def _problems(count: int) -> Tell:
    return Tell(text=f"the file has {count} {'problem' if count == 1 else 'problems'}", kind="error")


def _reload_told(answer: ReloadAnswer) -> Tell:
    if not answer.reloaded:
        return Tell(text=f"not reloaded: {'; '.join(answer.errors) or 'see the report'}", kind="error")
    if answer.unchanged:
        return Tell(text="reloaded; nothing has changed")
    return Tell(text=f"reloaded: generation {answer.generation}", kind="good")


def _entries(entries: tuple[ProblemEntry, ...], attribute: str) -> list[StyledLine]:
    lines: list[StyledLine] = []
    for each in entries:
        at = f" (line {each.line})" if each.line is not None else ""
        lines.append((attribute, f"{each.path or 'the file'}{at}: {each.message}"))
        if each.hint:
            lines.append(("dim", f"    {each.hint}"))
    return lines


def _checked(answer: ValidateAnswer | None) -> list[StyledLine]:
    if answer is None:
        return [("dim", "not checked yet: v checks the file on disk")]
    lines: list[StyledLine] = [("good", "the file is sound")] if answer.valid else _entries(answer.problems, "error")
    if not answer.valid and not answer.problems:
        lines = [("error", each) for each in answer.errors]
    if answer.warnings:
        lines += [("", ""), ("label", "worth knowing"), *_entries(answer.warnings, "warn")]
    return lines


def _reloaded(answer: ReloadAnswer | None) -> list[StyledLine]:
    if answer is None:
        return [("dim", "no report has come yet")]
    word = "reloaded" if answer.reloaded else "not reloaded"
    lines: list[StyledLine] = [
        ("good" if answer.reloaded else "error", f"{word} at {answer.at}, generation {answer.generation}"),
        ("dim", f"it took {answer.duration_seconds:.2f} s, because of: {', '.join(answer.triggers) or 'the start'}"),
    ]
    if answer.unchanged:
        lines.append(("dim", "nothing has changed"))
    lines += [("error", f"! {each}") for each in answer.errors if not answer.problems]
    lines += _entries(answer.problems, "error")
    for sign, what, names in (
        ("+", "added", answer.backends_added),
        ("-", "removed", answer.backends_removed),
        ("~", "changed", answer.backends_changed),
        ("~", "adjusted without a restart", answer.backends_adjusted),
        ("!", "not ready", answer.not_ready),
        ("!", "still starting", answer.still_starting),
        ("!", "only after a restart of the gateway", answer.needs_restart),
        ("=", "untouched", answer.backends_untouched),
    ):
        attribute = {"+": "good", "-": "bad", "~": "warn", "!": "warn"}.get(sign, "dim")
        lines += [(attribute, f"{sign} {each}  {what}") for each in names]
    return lines
