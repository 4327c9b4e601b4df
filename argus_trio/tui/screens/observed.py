"""The views of the configuration, of the live tree, and of the events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import urwid

from argus_trio.manage_client.clean import clean, cut, one_line, wrapped
from argus_trio.manage_client.moments import duration, moment
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.filtered import filtered
from argus_trio.tui.kit.pane import lines, pane, stacked
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.kit.table import TableColumn, TableText, laid_out, table
from argus_trio.tui.pages.configuration import (
    CONFIGURATION_PARTS,
    NOT_YET,
    SIGN_COLUMNS,
    ConfigurationPage,
)
from argus_trio.tui.pages.events import SEVERITIES, EventsPage
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.folding import FoldedLine, depth_of
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.state.world import World

_SEVERITY: Final = {"debug": "dim", "info": "info", "warning": "warn", "error": "bad"}
_EVENTS: Final = (
    TableColumn(title="at", columns=8, attribute="dim"),
    TableColumn(title="severity", columns=8),
    TableColumn(title="stage", columns=22, drop=2, attribute="label"),
    TableColumn(title="backend", columns=12, drop=1, attribute="name"),
    TableColumn(title="what", columns=20, share=1),
)
_DETAIL_ROWS: Final = 6


def configuration(page: ConfigurationPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The part that is shown, as lines."""
    shown = page.shown
    cursor = page.cursor.within(len(shown))
    failed = page.failed.get(page.part, "")

    def draw(at: int) -> Markup:
        return _folded(shown[at], world.look, columns)

    body: urwid.Widget = Rows(len(shown), draw, top=cursor.top(len(shown), rows - 1), cursor=cursor.at, zone="rows")
    if not shown:
        said = failed or ("nothing that the filter lets through" if page.all_lines else NOT_YET[page.part])
        body = urwid.Filler(urwid.Text(("error" if failed else "dim", one_line(said)), align="center"))
    head = filtered(
        CONFIGURATION_PARTS,
        page.part,
        page.filter,
        shown=len(shown),
        total=len(page.all_lines),
        bad=failed if shown else "",
        note=_note(page, world),
    )
    return urwid.Frame(body, urwid.Text(head, wrap="clip"))


def _note(page: ConfigurationPage, world: World) -> str:
    if page.busy:
        return f"{page.busy}{world.look.sign('…', '...')}"
    file = "" if page.running is None else page.running.file_path or "no file"
    return f"log {page.level or 'unknown'}  {file}"


def _folded(line: FoldedLine, look: Appearance, columns: int) -> Markup:
    sign = " "
    if line.has_below:
        sign = look.sign("▸", "+") if line.hidden else look.sign("▾", "v")
    blanks = " " * depth_of(line.text)
    more = f"  {line.hidden} more" if line.hidden else ""
    text = cut(clean(line.text.strip()), max(columns - SIGN_COLUMNS - len(blanks) - len(more), 1))
    name, colon, value = text.partition(": ")
    sign = f"{blanks}{sign} "
    if line.is_found:
        return [("key", sign), ("match", text), ("dim", more)]
    if line.attribute:
        return [("key", sign), (line.attribute, text), ("dim", more)]
    if colon or text.endswith(":"):
        return [("key", sign), ("label", name + colon), value, ("dim", more)]
    return [("key", sign), text, ("dim", more)]


def tree(page: TreePage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The nodes in sight."""
    shown = page.shown
    cursor = Cursor(page.place(shown))
    look = world.look

    def draw(at: int) -> Markup:
        each = shown[at]
        sign = (look.sign("▸", "+") if each.is_folded else look.sign("▾", "v")) if each.node.children else " "
        attribute = "title" if each.node.kind == "nursery" else "dim" if each.node.kind == "more" else "name"
        count = f"  {each.node.count}" if each.node.count > 1 else ""
        return [("key", "  " * each.depth + sign), " ", (attribute, one_line(each.node.name)), ("dim", count)]

    tasks = page.answer.tasks if page.answer else 0
    old = f"  looked at {duration(max(world.now - page.at, 0))} ago" if page.answer else ""
    head = filtered((f"{tasks} tasks",), "", page.filter, shown=len(shown), total=len(shown), note=f" in sight{old}")
    body: urwid.Widget = Rows(len(shown), draw, top=cursor.top(len(shown), rows - 1), cursor=cursor.at, zone="rows")
    if not shown:
        said = page.failed or ("nothing that the filter lets through" if page.answer else "it has not come yet")
        body = urwid.Filler(urwid.Text(("error" if page.failed else "dim", one_line(said)), align="center"))
    return urwid.Frame(body, urwid.Text(head, wrap="clip"))


def events(page: EventsPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The events, and all of the one that is meant."""
    shown = page.shown(world)
    at = page.at(shown)
    present = datetime.fromtimestamp(world.now).astimezone()

    def texts(number: int) -> Sequence[TableText]:
        each = shown[number]
        times = each.details.get("times")
        again = f" ({times} times)" if isinstance(times, int) and times > 1 else ""
        when = moment(each.timestamp, present)
        severity = _SEVERITY.get(each.severity, "")
        return when[-8:], (severity, each.severity), each.stage, each.backend or "", f"{each.message}{again}"

    layout = laid_out(_EVENTS, columns)
    listed: urwid.Widget = table(layout, texts, len(shown), rows=rows - _DETAIL_ROWS - 1, cursor=Cursor(at))
    if not shown:
        said = "nothing that the filter lets through" if world.events else "nothing has happened yet"
        listed = urwid.Filler(urwid.Text(("dim", said), align="center"))
    least = SEVERITIES[page.least]
    newer = len(shown) - 1 - at
    note = "  following" if page.meant is None else f"  {newer} newer: End follows"
    head = filtered(
        (f"{least} and above",), f"{least} and above", page.filter, shown=len(shown), total=len(world.events), note=note
    )
    about = lines(_about(page, world, columns)) if shown else urwid.SolidFill()
    whole = stacked((None, listed), (_DETAIL_ROWS, pane("details", about, world.look, is_focused=False)))
    return urwid.Frame(whole, urwid.Text(head, wrap="clip"))


def _about(page: EventsPage, world: World, columns: int) -> list[Markup]:
    shown = page.shown(world)
    each = shown[page.at(shown)]
    details = msgspec.json.encode(each.details).decode()
    whole = [*wrapped(one_line(each.message), columns - 1), *wrapped(one_line(details), columns - 1)]
    return [row((TextCell(f"{each.id}  {each.timestamp}", columns, "dim"),)), *whole[: _DETAIL_ROWS - 2]]
