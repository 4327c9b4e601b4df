"""The view of tools, prompts, resources and templates, and beside them of the one that is meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import urwid

from argus_trio.manage_client.clean import cut, one_line, padded, width
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.edited import edited_line
from argus_trio.tui.kit.pane import pane
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.kit.zone import Zone
from argus_trio.tui.pages.tools import SHOWN_KINDS, ToolsPage
from argus_trio.tui.screens.entry import detail_row
from argus_trio.tui.state.details import details
from argus_trio.tui.state.entries import KINDS, FoundEntries, ShownEntry
from argus_trio.tui.state.world import World

PANES_COLUMNS: Final = 100
"""From how many columns on the details stand beside the list."""
_WORDS: Final = {"tool": "tools", "prompt": "prompts", "resource": "resources", "template": "templates"}
_SIGNS: Final = {"tool": "tool", "prompt": "prom", "resource": "res", "template": "tmpl"}
_BACKEND_COLUMNS: Final = 14


def tools(page: ToolsPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """What is searched for, and what there is to know of the one that is meant."""
    found = page.found(world)
    shown = found.shown
    at = page.at(shown)
    has_panes = columns >= PANES_COLUMNS and bool(shown)
    room = columns // 2 if has_panes else columns
    words = page.filter.text.casefold().split()
    layout = _Layout(page, has_panes=has_panes, columns=room)
    height = max(rows - 2, 1)
    top = max(0, min(at - height // 2, len(shown) - height))
    listed: urwid.Widget = Rows(len(shown), lambda number: layout.row(shown[number], words), top=top, cursor=at)
    if not shown:
        listed = urwid.Filler(urwid.Text(("dim", _nothing(page, world)), align="center"))
    if has_panes:
        beside = columns - room - 1
        lines = details(shown[at], world, beside - 1)
        more = len(lines) - (rows - 3)
        about = Rows(len(lines), lambda number: detail_row(lines[number]), zone="details")
        note = f"d: {more} more lines" if more > 0 else ""
        inset = urwid.Padding(about, left=1)
        listed = urwid.Columns([(room, listed), (beside, pane("details", inset, world.look, note=note))], dividechars=1)
    head = urwid.Pile([_kinds(page, found, columns), urwid.Text(_sought(page, found, columns), wrap="clip")])
    return urwid.Frame(listed, head)


def _nothing(page: ToolsPage, world: World) -> str:
    if world.capabilities is None:
        return "the catalog has not come yet"
    narrowed = [
        *(["what is searched for: / changes it, Escape clears it"] if page.filter.text else []),
        *([f"the backend {one_line(page.backend)}: b shows all"] if page.backend else []),
        *(["the kind: Tab leads on"] if page.kinds else []),
        *(["h shows hidden ones"] if not page.with_hidden else []),
    ]
    return f"nothing is found; it is narrowed by {'; '.join(narrowed)}" if narrowed else "there is nothing to call"


def _kinds(page: ToolsPage, found: FoundEntries, columns: int) -> urwid.Widget:
    """All kinds with how many there are of each; that which is shown stands in brackets."""
    counts = [sum(found.counts.values()), *(found.counts.get(kind, 0) for kind in KINDS)]
    names = ["all", *(_WORDS[kind] for kind in KINDS)]
    cells: list[tuple[int, urwid.Widget]] = []
    for at, (name, count) in enumerate(zip(names, counts, strict=True)):
        is_shown = at == page.kinds % len(SHOWN_KINDS)
        text = f"[{name} {count}]" if is_shown else f" {name} {count} "
        cells.append((len(text), Zone(urwid.Text(("title" if is_shown else "dim", text), wrap="clip"), "kind", at)))
    narrowed = [f"only {one_line(page.backend)}"] if page.backend else []
    narrowed += [] if page.with_hidden else ["without hidden ones"]
    rest = max(columns - sum(size for size, _ in cells) - 1, 0)
    note = urwid.Text(("warn", cut(", ".join(narrowed), rest) if rest else ""), align="right", wrap="clip")
    return urwid.Columns([*cells, note])


def _sought(page: ToolsPage, found: FoundEntries, columns: int) -> Markup:
    if page.filter.line is not None:
        note = _note(found, page.filter.text)
        line = edited_line(" /", page.filter.line, max(columns - len(note) - 2, 8))
        return [*(line if isinstance(line, list) else [line]), ("dim", note)]
    if page.filter.words:
        return [("label", " /"), ("match", one_line(page.filter.words)), ("dim", _note(found, page.filter.words))]
    return ("dim", " / searches names, titles, backends and descriptions")


def _note(found: FoundEntries, words: str) -> str:
    if found.is_fuzzy:
        return f"  nothing has it as written; {len(found.shown)} have its letters"
    return f"  {len(found.shown)} found" if words.strip() else "  names first, then titles and descriptions"


class _Layout:
    """The columns of the list."""

    def __init__(self, page: ToolsPage, *, has_panes: bool, columns: int) -> None:
        self._backend = 0 if page.backend or columns < 44 else min(_BACKEND_COLUMNS, columns // 5)
        left = columns - 6 - (self._backend + 1 if self._backend else 0)
        self._name = left if has_panes else min(max(left // 2, 20), 48, left)
        self._about = max(left - self._name - 1, 0)

    def row(self, each: ShownEntry, words: list[str]) -> Markup:
        """One entry; of a hidden one everything is dim, and why stands where others have their description."""
        base = "dim" if each.hidden else "name"
        sign = "hid" if each.hidden else _SIGNS[each.kind]
        line: list[str | tuple[str, str]] = [("warn" if each.hidden else "label", padded(sign, 4)), " "]
        line += _matched(each.key, words, self._name, base)
        if self._backend:
            line += [" ", *_matched(each.backend, words, self._backend, "dim")]
        if self._about > 8:
            about = f"hidden: {each.hidden}" if each.hidden else each.description or each.title
            line += [" ", *_matched(about[: 8 * self._about], words, self._about, "warn" if each.hidden else "dim")]
        return line


def _matched(text: str, words: Iterable[str], columns: int, base: str) -> list[str | tuple[str, str]]:
    """A text in so many columns in which words that are searched for stand out."""
    shown = cut(one_line(text), columns)
    seen = shown.lower()
    marks = [False] * len(shown)
    for word in words if len(seen) == len(shown) else ():
        at = seen.find(word)
        while word and at >= 0:
            marks[at : at + len(word)] = [True] * len(word)
            at = seen.find(word, at + len(word))
    parts: list[str | tuple[str, str]] = []
    start = 0
    for at in range(1, len(shown) + 1):
        if at == len(shown) or marks[at] != marks[start]:
            parts.append(("match" if marks[start] else base, shown[start:at]))
            start = at
    return [*parts, " " * max(columns - width(shown), 0)]
