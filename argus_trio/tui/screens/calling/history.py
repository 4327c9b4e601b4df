"""The view of all calls of this dashboard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import urwid

from argus_trio.manage_client.moments import duration
from argus_trio.tui.calls.call import CallUnderWay, PastCall
from argus_trio.tui.calls.command import arguments_of
from argus_trio.tui.kit.table import TableColumn, TableText, laid_out, table
from argus_trio.tui.pages.calling.history import HistoryPage, call_of
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.state.world import World

_COLUMNS: Final = (
    TableColumn(title="at", columns=8, attribute="dim"),
    TableColumn(title="came to", columns=10),
    TableColumn(title="took", columns=11, align="right"),
    TableColumn(title="kind", columns=8, drop=2, attribute="dim"),
    TableColumn(title="what", columns=20, share=2, attribute="name"),
    TableColumn(title="with", columns=10, share=3, drop=1, attribute="dim"),
)
_OUTCOMES: Final = {
    "result": ("good", "done"),
    "tool_error": ("bad", "failed"),
    "problem": ("bad", "problem"),
    "broke": ("bad", "broke off"),
    "cancelled": ("warn", "cancelled"),
}
_SHOWN_BYTES: Final = 300
"""How much of the arguments of a call is looked at for its row."""


def history(page: HistoryPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The calls, the latest one first."""
    shown = page.shown(world)
    if not shown:
        told = "no call was made yet: Enter on a tool, a prompt or a resource makes one"
        return urwid.Filler(urwid.Text(("dim", told), align="center"))
    layout = laid_out(_COLUMNS, columns)
    cursor = Cursor(page.at(shown))
    return table(layout, lambda at: _texts(shown[at], world), len(shown), rows=rows, cursor=cursor)


def _texts(each: CallUnderWay | PastCall, world: World) -> Sequence[TableText]:
    call = call_of(each)
    outcome = _OUTCOMES[each.outcome.kind] if isinstance(each, PastCall) else ("warn", "under way")
    took = each.took if isinstance(each, PastCall) else world.now - call.since
    at = time.strftime("%H:%M:%S", time.localtime(call.since))
    return (at, outcome, duration(max(took, 0)), call.kind, call.target, _arguments(call))


def _arguments(call: CallUnderWay) -> str:
    """The begin of its arguments."""
    shown, taken = [], 0
    for name, raw in arguments_of(call).items():
        if taken > _SHOWN_BYTES:
            break
        shown.append(f"{name}={raw[:_SHOWN_BYTES].decode('utf-8', 'replace')}")
        taken += len(shown[-1])
    return " ".join(shown)
