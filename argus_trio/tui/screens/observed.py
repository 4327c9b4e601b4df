"""The views of the configuration, of the live tree, and of the events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import urwid

from argus_trio.contract.events import EventEntry
from argus_trio.core.journal import SEVERITIES
from argus_trio.manage_client.clean import clean, cut, one_line, wrapped
from argus_trio.manage_client.moments import duration
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
from argus_trio.tui.pages.events import GAP_STAGE, EventsPage
from argus_trio.tui.pages.traffic_words import local, shortly
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.folding import FoldedLine, depth_of
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.state.hearing import EVENTS_KEPT
from argus_trio.tui.state.world import World

_SEVERITY: Final = {"debug": "dim", "info": "info", "warning": "warn", "error": "bad"}
_EVENTS: Final = (
    TableColumn(title="severity", columns=8),
    TableColumn(title="stage", columns=15, share=1, attribute="label"),
    TableColumn(title="backend", columns=9, share=1, attribute="name"),
    TableColumn(title="what", columns=32, share=4),
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

    tasks = f"{page.answer.tasks} tasks" if page.answer else "tasks"
    old = f"looked at {duration(max(world.now - page.at, 0))} ago" if page.answer else ""
    head = filtered(
        (tasks, "lines"),
        "",
        page.filter,
        shown=len(shown),
        total=page.rows,
        note=old,
        bad=page.failed if shown else "",
    )
    body: urwid.Widget = Rows(len(shown), draw, top=cursor.top(len(shown), rows - 1), cursor=cursor.at, zone="rows")
    if not shown:
        said = page.failed or ("nothing that the filter lets through" if page.answer else "it has not come yet")
        body = urwid.Filler(urwid.Text(("error" if page.failed else "dim", one_line(said)), align="center"))
    return urwid.Frame(body, urwid.Text(head, wrap="clip"))


def events(page: EventsPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The events, and the most of the one that is meant."""
    shown = page.shown(world)
    at = page.at(shown)
    present = datetime.fromtimestamp(world.now).astimezone()

    def texts(number: int) -> Sequence[TableText]:
        each = shown[number]
        is_gap = each.stage == GAP_STAGE
        times = each.details.get("times")
        again = f" ({times} times)" if isinstance(times, int) and times > 1 else ""
        severity = ("", "") if is_gap else (_SEVERITY.get(each.severity, ""), each.severity)
        message: TableText = ("warn", each.message) if is_gap else f"{each.message}{again}"
        return shortly(each.timestamp, present), severity, each.stage, each.backend or "", message

    # the column is as wide as the oldest one needs
    wide = len(shortly(shown[0].timestamp, present)) if shown else 8
    layout = laid_out((TableColumn(title="at", columns=min(wide, 11), attribute="dim"), *_EVENTS), columns)
    listed: urwid.Widget = table(layout, texts, len(shown), rows=rows - _DETAIL_ROWS - 1, cursor=Cursor(at))
    if not shown:
        said = "nothing that the filter lets through" if world.events else _no_events(world)
        listed = urwid.Filler(urwid.Text(("dim", said), align="center"))
    least = f"{SEVERITIES[page.least]} and above" if page.least else "all"
    newer = len(shown) - 1 - at
    latest = "following" if world.is_live else "not followed now"
    notes = [latest if page.meant is None else f"{newer} newer: End follows"]
    if len(world.events) >= EVENTS_KEPT:
        notes.append(f"older than the latest {EVENTS_KEPT}: argus-trio events")
    count = sum(1 for each in shown if each.stage != GAP_STAGE)
    head = filtered((least,), least, page.filter, shown=count, total=len(world.events), note="  ".join(notes))
    about = lines(_about(shown[at], columns)) if shown else urwid.SolidFill()
    whole = stacked((None, listed), (_DETAIL_ROWS, pane("details", about, world.look, is_focused=False)))
    return urwid.Frame(whole, urwid.Text(head, wrap="clip"))


def _no_events(world: World) -> str:
    if world.is_live:
        return "nothing has happened yet"
    return "nothing is known of events: the gateway " + (
        "shows you none" if world.link.state == "refused" else "is not reached"
    )


def _about(each: EventEntry, columns: int) -> list[Markup]:
    details = msgspec.json.encode(each.details).decode() if each.details else ""
    whole = [
        *wrapped(one_line(each.message), columns - 1),
        *(wrapped(one_line(details), columns - 1) if details else ()),
    ]
    most = _DETAIL_ROWS - 2
    if len(whole) > most:
        whole = [*whole[: most - 1], cut(whole[most - 1], columns - 19) + " (Enter: all of it)"]
    backend = f"  {each.backend}" if each.backend else ""
    head = f"{local(each.timestamp)}  {each.severity}  {each.stage}{backend}  {each.id}"
    return [row((TextCell(head, columns, "dim"),)), *whole]
