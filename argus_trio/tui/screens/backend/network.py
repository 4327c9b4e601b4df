"""The view of where a backend went on the network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import urwid

from argus_trio.contract.backends import BackendEntry, EgressAnswer, EgressHostEntry
from argus_trio.manage_client.clean import clean, one_line
from argus_trio.manage_client.moments import moment, size
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.pane import TitleLine, lines
from argus_trio.tui.kit.table import TableColumn, TableText, laid_out, table
from argus_trio.tui.pages.backend.page import BackendPage
from argus_trio.tui.screens.backend.facts import labelled
from argus_trio.tui.state.network import lines_to_write
from argus_trio.tui.state.world import World

_COLUMNS = (
    TableColumn(title="HOST", columns=20, share=2, attribute="name"),
    TableColumn(title="PORT", columns=5, align="right"),
    TableColumn(title="PASSED", columns=6, align="right", drop=1),
    TableColumn(title="REFUSED", columns=7, align="right"),
    TableColumn(title="FAILED", columns=6, align="right", drop=2),
    TableColumn(title="WHY", columns=14, share=3),
    TableColumn(title="SENT", columns=9, align="right", drop=4),
    TableColumn(title="RECEIVED", columns=9, align="right", drop=4),
    TableColumn(title="LATEST", columns=8, drop=3, attribute="dim"),
)
_PASSED = {"public": "public host", "allow": "a rule allows it", "service": "a host service"}


def network(page: BackendPage, entry: BackendEntry, world: World, columns: int, rows: int) -> urwid.Widget:
    """Hosts, and below what there is to know of the one that is meant, and what to write into the file."""
    answer = page.egress
    said = _unseen(entry, page)
    if answer is None or not answer.hosts:
        return lines(labelled("network", said, columns, "bad" if page.egress_why else ""))
    at = page.cursor.within(len(answer.hosts))
    now = datetime.fromtimestamp(world.now).astimezone()

    def texts(number: int) -> Sequence[TableText]:
        return _texts(answer.hosts[number], now)

    below = _below(answer, answer.hosts[at.at], world, columns)
    height = max(rows - len(below) - 1, 3)
    listed = table(laid_out(_COLUMNS, columns), texts, len(answer.hosts), rows=height, cursor=at, zone="entry")
    head = urwid.Pile([urwid.Text(line, wrap="clip") for line in labelled("network", said, columns)])
    return urwid.Frame(listed, head, urwid.Pile(below[: rows - 4]))


def _unseen(entry: BackendEntry, page: BackendPage) -> str:
    """What it may reach, or why nothing is seen."""
    plan = entry.isolation.plan if entry.isolation is not None else None
    if page.egress_why:
        return f"it is not known: {page.egress_why}"
    if page.egress is None:
        return "it has not come yet"
    if entry.type != "stdio":
        return "it runs elsewhere: where it goes is not seen here"
    if plan == "bare":
        return "it runs bare, as a process of the gateway's user: where it goes is not seen here"
    if plan is None:
        return "it has not been started yet, so how it is isolated is not known"
    return f"{page.egress.network or 'none'}" + ("" if page.egress.hosts else "; it has tried to reach nothing")


def _texts(host: EgressHostEntry, now: datetime) -> Sequence[TableText]:
    bad = host.refused or host.failed
    why = (host.reason or "").replace("_", " ") if bad else _PASSED.get(host.by or "", "")
    during = "installation: " if host.during == "installation" else ""
    return (
        host.host,
        str(host.port),
        str(host.passed or "-"),
        ("bad" if host.refused else "dim", str(host.refused or "-")),
        ("warn" if host.failed else "dim", str(host.failed or "-")),
        ("bad" if host.refused else "warn" if host.failed else "dim", f"{during}{why}"),
        size(host.sent),
        size(host.received),
        moment(host.latest, now)[-8:],
    )


def _below(answer: EgressAnswer, host: EgressHostEntry, world: World, columns: int) -> list[urwid.Widget]:
    made: list[Markup] = []
    if host.message:
        made += labelled("latest", host.message, columns, "warn")
    if answer.others is not None:
        others = answer.others
        said = f"{others.passed} let through, {others.refused} refused, {others.failed} failed, of hosts kept no more"
        made += labelled("others", said, columns)
    widgets: list[urwid.Widget] = []
    if made:
        widgets = [TitleLine(f"{one_line(host.host)}:{host.port}", world.look)]
        widgets += [urwid.Text(line, wrap="clip") for line in made]
    if text := lines_to_write(answer):
        widgets.append(TitleLine("What the file would say to let it through", world.look, note="y copies it"))
        widgets += [urwid.Text(("info", f" {clean(line)}"), wrap="clip") for line in text.split("\n")]
    return widgets
