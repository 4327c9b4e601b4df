"""The view of the traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import urwid

from argus_trio.contract.clients import ExchangeEntry, SessionEntry
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.moments import duration
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.filtered import filtered
from argus_trio.tui.kit.pane import lines, pane, stacked
from argus_trio.tui.kit.table import TableColumn, TableText, laid_out, table
from argus_trio.tui.pages.traffic import PARTS, TrafficPage, age, began
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.world import World

WAITS: Final = {
    "pipeline": "the middleware",
    "listing": "the lists that say whose it is",
    "backend start": "the start of its backend",
    "place": "a place at its backend",
    "connection": "a connection",
    "backend": "its backend's answer",
    "client": "its client's answer",
}
_EXCHANGES: Final = (
    TableColumn(title="age", columns=9, align="right"),
    TableColumn(title="what", columns=18, share=3, attribute="name"),
    TableColumn(title="backend", columns=10, share=1),
    TableColumn(title="principal", columns=10, share=1, drop=1),
    TableColumn(title="client", columns=10, share=1, drop=3, attribute="dim"),
    TableColumn(title="by", columns=8, drop=4, attribute="dim"),
    TableColumn(title="state", columns=16, share=2),
)
_SESSIONS: Final = (
    TableColumn(title="client", columns=16, share=3, attribute="name"),
    TableColumn(title="principal", columns=10, share=1),
    TableColumn(title="transport", columns=15, drop=2, attribute="dim"),
    TableColumn(title="revision", columns=10, drop=3, attribute="dim"),
    TableColumn(title="address", columns=15, drop=4, attribute="dim"),
    TableColumn(title="age", columns=9, align="right"),
    TableColumn(title="idle", columns=9, align="right"),
    TableColumn(title="calls", columns=5, align="right"),
)
_DETAIL_ROWS: Final = 6


def traffic(page: TrafficPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """What is under way, or was, or who is connected; and all there is to say of the one that is meant."""
    shown = page.shown
    at = page.at(shown)
    layout = laid_out(_SESSIONS if page.part == "sessions" else _EXCHANGES, columns)

    def texts(number: int) -> Sequence[TableText]:
        each = shown[number]
        return _session(each) if isinstance(each, SessionEntry) else _exchange(each, page, world)

    listed: urwid.Widget = table(layout, texts, len(shown), rows=rows - _DETAIL_ROWS - 1, cursor=Cursor(at))
    if not shown:
        said = page.failed or (
            "nothing that the filter lets through" if page.held else f"nothing {_NOTHING[page.part]}"
        )
        listed = urwid.Filler(urwid.Text(("error" if page.failed else "dim", one_line(said)), align="center"))
    about = lines(_about(shown[at], page, world)) if shown else urwid.SolidFill()
    head = filtered(PARTS, page.part, page.filter, shown=len(shown), total=page.total)
    whole = stacked((None, listed), (_DETAIL_ROWS, pane("details", about, world.look, is_focused=False)))
    return urwid.Frame(whole, urwid.Text(head, wrap="clip"))


_NOTHING: Final = {"in flight": "is under way", "recent": "was called yet", "sessions": "is connected with a session"}


def _exchange(each: ExchangeEntry, page: TrafficPage, world: World) -> Sequence[TableText]:
    return (
        duration(age(each, page, world)),
        each.target or each.method,
        each.backend or "",
        each.principal,
        each.client or "",
        {"streamable-http": "http", "management": "manage"}.get(each.transport, each.transport),
        _state(each),
    )


def _state(each: ExchangeEntry) -> tuple[str, str]:
    if each.state == "done":
        good = each.outcome == "ok"
        code = f" {each.error_code}" if each.error_code is not None else ""
        return "good" if good else "bad", f"{(each.outcome or '').replace('_', ' ')}{code}"
    waits = each.waits_for or ""
    return "warn", f"waits for {WAITS.get(waits, waits.replace('_', ' '))}"


def _session(each: SessionEntry) -> Sequence[TableText]:
    return (
        each.client or "unnamed",
        each.principal,
        each.transport_type,
        each.revision,
        each.address,
        duration(each.age_seconds),
        duration(each.idle_seconds),
        str(each.calls),
    )


def _about(each: ExchangeEntry | SessionEntry, page: TrafficPage, world: World) -> list[Markup]:
    if isinstance(each, SessionEntry):
        tools = f"{each.tool_count} tools"
        ends = f"ends in {duration(each.ttl)}" if each.ttl is not None else "its client is there"
        return [
            _fact("session", f"{each.id}  {ends}"),
            _fact("client", f"{each.client or 'unnamed'}  {each.address}  {each.transport_type}  {each.revision}"),
            _fact("sees", f"{tools}  endpoint {each.endpoint or '/mcp'}"),
        ]
    asks = f"  its client was asked {each.asks} times" if each.asks else ""
    return [
        _fact("what", f"{each.method} {each.target or ''}  at {each.backend or 'the gateway'}"),
        _fact("for", f"{each.principal}  {each.client or ''}  {each.transport}  session {each.session or 'none'}"),
        _fact("since", f"{began(each)}  {duration(age(each, page, world))}{asks}"),
        [("label", "is "), _state(each)],
        _fact("id", each.id),
    ]


def _fact(name: str, text: str) -> Markup:
    return [("label", f"{name} "), one_line(text)]
