"""The view of the overview: the gateway in a line or two, the table of backends, and the one that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import urwid

from argus_trio.contract.backends import BackendEntry
from argus_trio.manage_client.clean import cut, one_line, width
from argus_trio.manage_client.moments import duration, seconds_of, size
from argus_trio.manage_client.values import counted
from argus_trio.tui.kit.bars import sparkline
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.pane import TitleLine, lines
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.kit.table import TableColumn, TableLayout, TableText, laid_out
from argus_trio.tui.pages.overview import OverviewPage
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.screens.backend.facts import (
    facts,
    isolation_word,
    milliseconds,
    number,
    rate,
    state_of,
    transport,
)
from argus_trio.tui.state.standing import cause, is_serving
from argus_trio.tui.state.world import World

DETAILS_FROM_ROWS: Final = 30
"""From how many rows on there is a pane for the backend that is meant; below, a line."""
_DETAIL_ROWS: Final = 8
_DRAINING_ROWS: Final = 4
_COLUMNS: Final = (
    TableColumn(title="NAME", columns=13, share=3),
    TableColumn(title="STATE", columns=11),
    TableColumn(title="VIA", columns=5, drop=7, attribute="dim"),
    TableColumn(title="ERA", columns=10, drop=9, attribute="dim"),
    TableColumn(title="ISOLATION", columns=9, drop=8, attribute="dim"),
    TableColumn(title="T/R/P", columns=8, drop=4, align="right"),
    TableColumn(title="CALLS/S", columns=7, drop=2, align="right"),
    TableColumn(title="NOW", columns=5, drop=3, align="right"),
    TableColumn(title="P50", columns=6, drop=5, align="right"),
    TableColumn(title="P99", columns=6, drop=3, align="right"),
    TableColumn(title="ERR", columns=5, drop=1, align="right"),
    TableColumn(title="RST", columns=3, drop=10, align="right"),
    TableColumn(title="LATENCY", columns=8, share=1, drop=6, attribute="bar"),
)
_FIRST_FIGURE: Final = 2
"""The column from which on the cause stands in place of figures, where a backend serves nothing."""


def overview(page: OverviewPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The gateway, the backends, and the one that is meant."""
    shown = page.shown(world)
    at = page.at(shown)
    above: list[urwid.Widget] = [urwid.Text(line, wrap="clip") for line in gateway_lines(world, columns)]
    above += [TitleLine("Backends", world.look, note=_note(page, world, len(shown)))]
    below = _draining(world, columns)
    if shown:
        below += _meant(shown[at], world, columns, rows)
    layout = laid_out(_COLUMNS, columns)
    height = max(rows - len(above) - len(below) - 1, 1)
    listed: urwid.Widget = Rows(
        len(shown),
        lambda number: backend_row(shown[number], world, layout),
        top=Cursor(at).top(len(shown), height),
        cursor=at,
        zone="backend",
    )
    if not shown:
        listed = urwid.Filler(urwid.Text(("dim", _nothing(page, world)), align="center"))
    head = urwid.Pile([*above, urwid.Text(layout.heading(), wrap="clip")])
    return urwid.Frame(listed, head, urwid.Pile(below) if below else None)


def _nothing(page: OverviewPage, world: World) -> str:
    if page.filter.text:
        return "no backend has these words; Escape shows all"
    if world.status is None and not world.backends:
        return "nothing is known of the gateway yet"
    return "the gateway has no backends"


def _note(page: OverviewPage, world: World, count: int) -> str:
    states = [each.state for each in world.backends.values()]
    if not states and world.status is None:
        return "unknown"
    wanted = (
        f"filter: {page.filter.text}{'_' if page.is_typing else ''}  " if page.filter.text or page.is_typing else ""
    )
    order = "" if page.order == "file" else f"by {page.order}  "
    total = f"{count} of {len(states)}" if count != len(states) else str(count)
    return f"{wanted}{order}{total}, {states.count('ready')} ready"


def gateway_lines(world: World, columns: int) -> list[Markup]:
    """The gateway in a line, or in two where it is narrow."""
    parts = _gateway_facts(world)
    made: list[list[str | tuple[str, str]]] = [[]]
    room = columns
    for value, label in parts:
        value = cut(one_line(value), columns - 2)
        needed = width(value) + len(label) + (1 if label else 0) + 2
        if needed > room and made[-1] and len(made) < 2:
            made.append([])
            room = columns
        if needed > room:
            continue
        room -= needed
        made[-1] += [" ", ("name", value), ("dim", f" {label} " if label else " ")]
    return list(made) if made[0] else [("dim", " nothing is known of the gateway yet")]


def _gateway_facts(world: World) -> list[tuple[str, str]]:
    """Values, and what each is, the most needed first."""
    status = world.status
    calls = sum(each.per_second for each in world.totals)
    waiting = sum(each.waiting for each in world.totals)
    live: list[tuple[str, str]] = []
    if world.figures is not None:
        live = [(rate(calls), "calls/s"), (str(world.figures.in_flight), "in flight")]
        live += [(str(waiting), "waiting")] if waiting else []
    if status is None:
        return live
    service, load = status.service, status.load
    began = seconds_of(service.started_at)
    up = service.uptime_seconds if began is None else max(world.gateway_now - began, service.uptime_seconds)
    state = [] if service.state == "running" else [(service.state.upper(), "")]
    health = [] if status.health.status == "healthy" else [(status.health.status, "")]
    where = (status.transport.urls or (world.shown,))[0]
    return [
        (where, ""),
        (f"v{service.version}", ""),
        *state,
        *health,
        (f"generation {status.config.generation}", ""),
        (f"up {duration(up)}", ""),
        *live,
        *([(str(load.parked), "parked")] if load.parked else []),
        (counted(load.clients, "client"), ""),
        (f"{size(load.memory_held) if load.memory_held else '0'} of {size(load.memory_limit)}", "held"),
    ]


def backend_row(entry: BackendEntry, world: World, layout: TableLayout) -> Markup:
    """One backend: figures where it serves, and else why not."""
    texts = _texts(entry, world, layout)
    said = cause(entry, world)
    if is_serving(entry) or not said:
        return layout.row(*texts)
    widths = layout.widths
    first = [
        TextCell(text if isinstance(text, str) else text[1], columns, "" if isinstance(text, str) else text[0])
        for text, columns in zip(texts[:_FIRST_FIGURE], widths, strict=False)
    ]
    room = sum(each + 1 for each in widths[_FIRST_FIGURE:] if each) - 1
    return row((*first, TextCell(said, room, "dim" if entry.state in ("disabled", "stopped") else "warn")))


def _texts(entry: BackendEntry, world: World, layout: TableLayout) -> Sequence[TableText]:
    figure, shown = world.figure(entry.name), entry.capabilities
    calls = entry.calls
    flight, waiting = (figure.in_flight, figure.waiting) if figure else (calls.under_way, calls.waiting)
    errors = figure.errors if figure else 0
    line = sparkline(world.latencies.get(entry.name, ()), layout.widths[-1], is_unicode=world.look.is_unicode)
    plan = isolation_word(entry)
    return (
        ("name", entry.name),
        state_of(entry, world.look),
        transport(entry),
        entry.revision or "-",
        ("bad" if plan == "refused" else "dim", plan),
        f"{number(shown.tools)}/{number(shown.resources)}/{number(shown.prompts)}",
        rate(figure.per_second) if figure else "-",
        f"{flight}+{waiting}" if waiting else str(flight) if flight else "-",
        milliseconds(figure.p50_ms if figure else None),
        milliseconds(figure.p99_ms if figure else None),
        ("bad" if errors else "dim", number(errors) if errors else "-"),
        ("warn" if entry.restarts else "dim", number(entry.restarts) if entry.restarts else "-"),
        line,
    )


def _draining(world: World, columns: int) -> list[urwid.Widget]:
    """Connections that were replaced or removed and end their calls."""
    if not world.draining:
        return []
    shown = world.draining[: _DRAINING_ROWS - 1]
    sign = world.look.sign("▽", "v")
    made: list[Markup] = []
    for each in shown:
        ends = f"{counted(each.calls, 'call')} {'ends' if each.calls == 1 else 'end'} there"
        made.append(("warn", cut(f" {sign} {one_line(each.name)}: replaced or removed, {ends}", columns)))
    if (more := len(world.draining) - len(shown)) > 0:
        made.append(("warn", f" {sign} and {more} more"))
    return [TitleLine("Draining", world.look), *(urwid.Text(line, wrap="clip") for line in made)]


def _meant(entry: BackendEntry, world: World, columns: int, rows: int) -> list[urwid.Widget]:
    """What there is to say of the one that is meant: a pane, or a line."""
    if rows < DETAILS_FROM_ROWS - 4:
        said = cause(entry, world) or f"{transport(entry)} {entry.revision or ''}, {isolation_word(entry)}"
        attribute, _ = state_of(entry, world.look)
        return [urwid.Text([("name", f" {one_line(entry.name)} "), (attribute, one_line(said))], wrap="clip")]
    made = facts(entry, world, columns)
    body = urwid.BoxAdapter(lines(made[:_DETAIL_ROWS]), _DETAIL_ROWS)
    left = f"{len(made) - _DETAIL_ROWS} more lines: Enter" if len(made) > _DETAIL_ROWS else ""
    return [TitleLine(entry.name, world.look, note=left), body]
