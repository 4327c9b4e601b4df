"""The view of all there is to know of a tool, a prompt, a resource or a template."""

from __future__ import annotations

import urwid

from argus_trio.manage_client.clean import one_line
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.edited import edited_line
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.kit.scrolled import ScrolledText, highlighted
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.state.details import definition
from argus_trio.tui.state.outline import DetailLine
from argus_trio.tui.state.world import World


def entry(page: EntryPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """All there is to know of one of them, and a line that says how much of it is in sight."""
    height = page.rows(world)
    if page.is_raw:
        text = definition(page.last)
        body: urwid.Widget = ScrolledText(text, page.place, match=page.filter.words)
        told = f"JSON, {page.place.percent(text, columns - 2, height)} %"
    else:
        lines = page.lines(world)
        top = max(0, min(page.top.at, len(lines) - height))
        body = Rows(len(lines), lambda at: detail_row(lines[at], page.filter.words), top=top, zone="details")
        told = f"lines {min(top + 1, len(lines))} to {min(top + height, len(lines))} of {len(lines)}"
    foot: Markup = ("dim", told)
    if page.filter.line is not None:
        foot = edited_line("/", page.filter.line, columns)
    elif page.filter.words:
        foot = [("dim", f"{told}  "), ("label", "/"), ("match", one_line(page.filter.words))]
    head = urwid.Text(("warn", "it is listed no more: this is what was known of it"), wrap="clip")
    body = urwid.Padding(body, left=1, right=1)
    return urwid.Frame(body, head if page.is_gone else None, urwid.Text(foot, wrap="clip"))


def detail_row(line: DetailLine, wanted: str = "") -> Markup:
    """A line of details as urwid takes it."""
    parts: list[str | tuple[str, str]] = []
    for attribute, text in line:
        shown = highlighted(text, wanted.lower(), attribute) if text else ""
        parts += shown if isinstance(shown, list) else [shown]
    return parts or ""
