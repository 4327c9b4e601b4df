"""The view of the traffic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import urwid

from argus_trio.contract.clients import ExchangeEntry, SessionEntry
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.moments import duration
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.filtered import filtered
from argus_trio.tui.kit.pane import lines, pane, stacked
from argus_trio.tui.kit.table import TableColumn, TableText, laid_out, table
from argus_trio.tui.pages.traffic import PARTS, TrafficPage, age, since_looked
from argus_trio.tui.pages.traffic_words import WAITS_SHORTLY, entry_facts, shortly
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.world import World

_IN_FLIGHT: Final = (
    TableColumn(title="age", columns=10, align="right"),
    TableColumn(title="waits for", columns=16),
    TableColumn(title="what", columns=16, share=3, attribute="name"),
    TableColumn(title="backend", columns=9, share=1),
    TableColumn(title="principal", columns=9, share=1, drop=1),
    TableColumn(title="client", columns=10, share=1, drop=2, attribute="dim"),
    TableColumn(title="by", columns=6, drop=3, attribute="dim"),
    TableColumn(title="asks", columns=4, drop=4, align="right"),
)
_RECENT: Final = (
    TableColumn(title="at", columns=11, attribute="dim"),
    TableColumn(title="took", columns=11, align="right"),
    TableColumn(title="outcome", columns=13, share=1),
    TableColumn(title="what", columns=16, share=3, attribute="name"),
    TableColumn(title="backend", columns=9, share=1),
    TableColumn(title="principal", columns=9, share=1, drop=1),
    TableColumn(title="client", columns=10, share=1, drop=2, attribute="dim"),
    TableColumn(title="by", columns=6, drop=3, attribute="dim"),
)
_SESSIONS: Final = (
    TableColumn(title="client", columns=16, share=3, attribute="name"),
    TableColumn(title="principal", columns=10, share=1),
    TableColumn(title="by", columns=6, drop=2, attribute="dim"),
    TableColumn(title="revision", columns=10, drop=3, attribute="dim"),
    TableColumn(title="address", columns=15, drop=4, attribute="dim"),
    TableColumn(title="age", columns=10, align="right"),
    TableColumn(title="idle", columns=10, align="right"),
    TableColumn(title="calls", columns=5, align="right"),
)
_COLUMNS: Final = {"in flight": _IN_FLIGHT, "recent": _RECENT, "sessions": _SESSIONS}
_NOTHING: Final = {
    "in flight": "nothing is under way",
    "recent": "nothing was called yet",
    "sessions": "nobody has a session: clients of the latest revision need none",
}
_BY: Final = {"streamable-http": "http", "management": "manage"}
_AT_WORK: Final = frozenset({"pipeline", "listing", "backend"})
"""What a call waits for while all goes as it should; for the rest it is held up."""
DETAIL_ROWS: Final = 6
"""How many rows say more of the entry at the cursor."""
_OLD_SECONDS: Final = 5.0
"""From when on it is told how old what is shown is."""


def traffic(page: TrafficPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """What is under way, or was, or who is connected; and the most of the one that is meant."""
    shown = page.shown
    at = page.at(shown)
    layout = laid_out(_COLUMNS[page.part], columns)
    present = datetime.fromtimestamp(world.now).astimezone()

    def texts(number: int) -> Sequence[TableText]:
        each = shown[number]
        if isinstance(each, SessionEntry):
            return _session(each, page, world)
        return _over(each, present) if each.state == "done" else _in_flight(each, page, world)

    listed: urwid.Widget = table(layout, texts, len(shown), rows=rows - DETAIL_ROWS - 1, cursor=Cursor(at))
    if not shown:
        listed = _nothing(page, world)
    about = lines(_about(shown[at], page, world)) if shown else urwid.SolidFill()
    head = filtered(
        PARTS,
        page.part,
        page.filter,
        shown=len(shown),
        total=page.list.total,
        note=_note(page, world),
        bad=page.list.failed if shown else "",
    )
    whole = stacked((None, listed), (DETAIL_ROWS, pane("details", about, world.look, is_focused=False)))
    return urwid.Frame(whole, urwid.Text(head, wrap="clip"))


def _is_own_alone(world: World) -> bool:
    """Whether who looks is told of what is theirs, and of nothing else."""
    return world.rights_told and "read" not in world.rights


def _nothing(page: TrafficPage, world: World) -> urwid.Widget:
    held = page.list
    if held.failed:
        return urwid.Filler(urwid.Text(("error", one_line(held.failed)), align="center"))
    said = "nothing that the filter lets through" if held.entries else _NOTHING[page.part]
    if _is_own_alone(world) and not held.entries:
        said = "nothing of yours; what others do is shown to who has manage:read"
    return urwid.Filler(urwid.Text(("dim", said if held.looked_at else "it has not come yet"), align="center"))


def _note(page: TrafficPage, world: World) -> str:
    held = page.list
    notes = ["yours alone"] if _is_own_alone(world) else []
    if held.is_cut:
        notes.append(f"the first {len(held.entries)} were fetched")
    if held.entries and (old := since_looked(page, world)) >= _OLD_SECONDS:
        notes.append(f"looked at {duration(old)} ago")
    return ", ".join(notes)


def _in_flight(each: ExchangeEntry, page: TrafficPage, world: World) -> Sequence[TableText]:
    waits = each.waits_for or ""
    return (
        duration(age(each, page, world)),
        ("" if waits in _AT_WORK else "warn", WAITS_SHORTLY.get(waits, waits.replace("_", " "))),
        each.target or each.method,
        each.backend or "",
        each.principal,
        each.client or "",
        _BY.get(each.transport, each.transport),
        str(each.asks or ""),
    )


def _over(each: ExchangeEntry, present: datetime) -> Sequence[TableText]:
    outcome = (each.outcome or "").replace("_", " ")
    # an error is told by its code; why a call was cut says more than the code of it
    code = f" {each.error_code}" if each.error_code is not None and each.outcome == "error" else ""
    return (
        shortly(each.since, present),
        duration(each.age_seconds),
        ("good" if each.outcome == "ok" else "bad", outcome + code),
        each.target or each.method,
        each.backend or "",
        each.principal,
        each.client or "",
        _BY.get(each.transport, each.transport),
    )


def _session(each: SessionEntry, page: TrafficPage, world: World) -> Sequence[TableText]:
    passed = since_looked(page, world)
    return (
        each.client or "unnamed",
        each.principal,
        _BY.get(each.transport_type, each.transport_type),
        each.revision,
        each.address,
        duration(each.age_seconds + passed),
        duration(each.idle_seconds + (0.0 if each.calls else passed)),
        str(each.calls),
    )


def _about(each: ExchangeEntry | SessionEntry, page: TrafficPage, world: World) -> list[Markup]:
    facts = [(name, text) for name, text in entry_facts(each, age(each, page, world)) if text]
    return [[("label", f"{name:<8}"), one_line(text)] for name, text in facts]
