"""What a check of the configuration file says, what differs between the file and what runs, and what a reload came to:
as lines. Each begins with a sign or a word; none means something by its colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from argus_trio.contract.control import (
    DifferenceAnswer,
    DifferenceEntry,
    ProblemEntry,
    ReloadAnswer,
    ValidateAnswer,
)
from argus_trio.manage_client.clean import one_line, wrapped
from argus_trio.manage_client.moments import duration
from argus_trio.manage_client.outline import tree_lines
from argus_trio.tui.pages.traffic_words import local

StyledLine = tuple[str, str]
"""An attribute and a clean text."""
_SIGNS: Final = {"added": ("+", "good"), "removed": ("-", "bad"), "changed": ("~", "warn")}
_LEAST_COLUMNS: Final = 20


def checked_lines(answer: ValidateAnswer, columns: int) -> Iterator[StyledLine]:
    """A check: every problem with its place and what to write, and what is worth knowing."""
    if answer.valid:
        yield "good", f"the file is sound: {_counted(len(answer.backends), 'backend')}"
    else:
        yield "error", f"the file cannot be loaded: {_counted(len(answer.problems or answer.errors), 'problem')}"
    yield "", ""
    yield from _entries(answer.problems, "error", columns)
    if not answer.problems:
        for each in answer.errors:
            yield from _wrapped("error", "! ", each, columns)
    if answer.warnings:
        yield "label", f"worth knowing: {len(answer.warnings)}"
        yield from _entries(answer.warnings, "warn", columns)


def reload_lines(answer: ReloadAnswer, columns: int) -> Iterator[StyledLine]:
    """The report of a reload."""
    word = "reloaded" if answer.reloaded else "NOT reloaded, all runs on as it was"
    took = duration(answer.duration_seconds)
    yield "good" if answer.reloaded else "error", f"{word}: generation {answer.generation}, {local(answer.at)}, {took}"
    yield from _wrapped("dim", "because of ", ", ".join(answer.triggers) or "the start of the gateway", columns)
    if answer.reloaded and answer.unchanged:
        yield "dim", "nothing has changed"
    yield "", ""
    if not answer.problems:
        for error in answer.errors:
            yield from _wrapped("error", "! ", error, columns)
    yield from _entries(answer.problems, "error", columns)
    for sign, what, names in (
        ("+", "added", answer.backends_added),
        ("-", "removed", answer.backends_removed),
        ("~", "changed, connected anew", answer.backends_changed),
        ("~", "adjusted without a restart", answer.backends_adjusted),
        ("!", "not ready", answer.not_ready),
        ("!", "still starting", answer.still_starting),
        ("!", "takes effect only after a restart of the gateway", answer.needs_restart),
        ("=", "untouched", answer.backends_untouched),
    ):
        attribute = {"+": "good", "-": "bad", "~": "warn", "!": "warn"}.get(sign, "dim")
        for name in names:
            yield from _wrapped(attribute, f"{sign} ", f"{name}: {what}", columns)


def difference_lines(answer: DifferenceAnswer, columns: int, arrow: str) -> Iterator[StyledLine]:
    """What a reload would change, place by place."""
    if answer.problems:
        yield "error", f"the file cannot be loaded, so nothing is known: {_counted(len(answer.problems), 'problem')}"
        yield "", ""
        yield from _entries(answer.problems, "error", columns)
        return
    if answer.is_same:
        yield "good", "the file says what is running"
        return
    count = len(answer.entries) + answer.more
    yield "warn", f"{_counted(count, 'place')} of the file {'differs' if count == 1 else 'differ'} from what is running"
    yield "dim", "+ a reload adds it   - a reload removes it   ~ a reload changes it"
    for entry in answer.entries:
        yield "", ""
        yield from _difference(entry, columns, arrow)
    if answer.more:
        yield "", ""
        yield "warn", f"and {_counted(answer.more, 'more place')}, not told"


def _difference(entry: DifferenceEntry, columns: int, arrow: str) -> Iterator[StyledLine]:
    sign, attribute = _SIGNS[entry.kind]
    if entry.kind != "changed":
        yield from _valued(attribute, f"{sign} {one_line(entry.path)}", _value(entry, entry.kind == "added"), columns)
        return
    before, after = list(tree_lines(entry.running)), list(tree_lines(entry.file))
    if before == after:
        yield from _wrapped(attribute, f"{sign} ", f"{entry.path}: another secret", columns)
        return
    one = f"{sign} {one_line(entry.path)}: {before[0]} {arrow} {after[0]}"
    if len(before) == len(after) == 1 and len(one) <= columns:
        yield attribute, one
        return
    yield attribute, f"{sign} {one_line(entry.path)}"
    for mark, style, lines in (("-", "bad", before), ("+", "good", after)):
        for line in lines:
            yield from _wrapped(style, f"  {mark} ", line, columns)


def _value(entry: DifferenceEntry, is_added: bool) -> object:
    return entry.file if is_added else entry.running


def _valued(attribute: str, head: str, value: object, columns: int) -> Iterator[StyledLine]:
    lines = list(tree_lines(value))
    if len(lines) == 1 and len(head) + len(lines[0]) + 2 <= columns:
        yield attribute, f"{head}: {lines[0]}"
        return
    yield attribute, head
    for line in lines:
        yield from _wrapped(attribute, f"  {head[0]} ", line, columns)


def _entries(entries: Sequence[ProblemEntry], attribute: str, columns: int) -> Iterator[StyledLine]:
    sign = "! " if attribute == "error" else "? "
    for each in entries:
        at = f", line {each.line}" if each.line is not None else ""
        yield attribute, f"{sign}{one_line(each.path) or 'the file'}{at}"
        yield from _wrapped("", "    ", each.message, columns)
        if each.hint:
            yield from _wrapped("dim", "    ", each.hint, columns)


def _wrapped(attribute: str, head: str, text: str, columns: int) -> Iterator[StyledLine]:
    """A text behind a head, its further lines below its begin. Its own lines and indentation stay."""
    for line in text.split("\n"):
        blanks = " " * (len(line) - len(line.lstrip(" ")))
        room = max(columns - len(head) - len(blanks), _LEAST_COLUMNS)
        for part in wrapped(one_line(line), room):
            yield attribute, f"{head}{blanks}{part}"
            if not head.startswith("  "):
                head = " " * len(head)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
