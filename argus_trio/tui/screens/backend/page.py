"""The view of one backend: the line of its parts, and the part that is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import urwid

from argus_trio.contract.backends import BackendEntry
from argus_trio.manage_client.clean import one_line, width
from argus_trio.manage_client.moments import duration, moment, seconds_of, size
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.pane import TitleLine, lines
from argus_trio.tui.kit.table import TableColumn, laid_out, table
from argus_trio.tui.kit.zone import Zone
from argus_trio.tui.pages.backend.page import PARTS_OF_BACKEND, BackendPage
from argus_trio.tui.screens.backend.facts import facts, labelled, state_of
from argus_trio.tui.screens.backend.log import log
from argus_trio.tui.screens.backend.network import network
from argus_trio.tui.state.entries import ShownEntry
from argus_trio.tui.state.world import World

_KEYS: Final = {"states": "s", "catalog": "c", "log": "l", "process": "p", "network": "w"}
_HISTORY: Final = (
    TableColumn(title="TIME", columns=8, attribute="dim"),
    TableColumn(title="STATE", columns=11),
    TableColumn(title="WHY", columns=20, share=1),
)
_CATALOG: Final = (
    TableColumn(title="KIND", columns=8, attribute="dim"),
    TableColumn(title="NAME", columns=24, share=2),
    TableColumn(title="HIDDEN", columns=8),
    TableColumn(title="WHY, OR WHAT IT IS", columns=20, share=3, drop=1),
)


def backend(page: BackendPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """One backend."""
    entry = page.entry(world)
    if entry is None:
        return urwid.Filler(urwid.Text(("dim", f"there is no backend {one_line(page.name)}"), align="center"))
    above: list[urwid.Widget] = [_parts(page, entry, world)]
    if page.is_gone(world):
        said = " The file has this backend no more: this is how it was at last."
        above.append(urwid.Text(("bad", said), wrap="clip"))
    room = max(rows - len(above), 1)
    if page.part == "log":
        body = log(page, world, columns, room)
    elif page.part == "catalog":
        body = _catalog(page, entry, world, columns, room)
    elif page.part == "network":
        body = network(page, entry, world, columns, room)
    elif page.part == "process":
        body = lines(process_lines(entry, world, columns)[page.cursor.at :])
    else:
        body = _states(page, entry, world, columns, room)
    return urwid.Frame(body, urwid.Pile(above))


def _parts(page: BackendPage, entry: BackendEntry, world: World) -> urwid.Widget:
    """The parts, and how the backend stands."""
    made: list[tuple[int, urwid.Widget]] = []
    for at, part in enumerate(PARTS_OF_BACKEND):
        text = f" {_KEYS[part]} {part} "
        shown: Markup = ("tab", text) if part == page.part else [("key", text[:3]), ("dim", text[3:])]
        made.append((width(text), Zone(urwid.Text(shown, wrap="clip"), "part", at)))
    attribute, word = ("bad", "gone") if page.is_gone(world) else state_of(entry, world.look)
    state = urwid.Text(
        [(attribute, f"  {word} "), ("dim", "" if word == "gone" else one_line(entry.reason))], wrap="clip"
    )
    return urwid.Columns([*made, state])


def _states(page: BackendPage, entry: BackendEntry, world: World, columns: int, rows: int) -> urwid.Widget:
    """How it stands, and below what it went through, the latest first."""
    made = facts(entry, world, columns)[: max(rows - 6, 1)]
    past = tuple(reversed(entry.conditions))
    now = datetime.fromtimestamp(world.now).astimezone()
    look = world.look

    def texts(number: int) -> tuple[str | tuple[str, str], ...]:
        each = past[number]
        is_now = number == 0 and each.status == "True"
        sign = look.sign("▸ ", "> ") if is_now else "  "
        return moment(each.timestamp, now)[-8:], ("name" if is_now else "dim", f"{sign}{each.type}"), each.message

    left = max(rows - len(made) - 1, 2)
    listed = table(laid_out(_HISTORY, columns), texts, len(past), rows=left, cursor=page.cursor)
    head = urwid.Pile([*(urwid.Text(line, wrap="clip") for line in made), TitleLine("States, the latest first", look)])
    return urwid.Frame(listed, head)


def _catalog(page: BackendPage, entry: BackendEntry, world: World, columns: int, rows: int) -> urwid.Widget:
    """What it lists, with what is hidden and why."""
    shown = page.catalog(world)
    layout = laid_out(_CATALOG, columns)

    def texts(number: int) -> tuple[str | tuple[str, str], ...]:
        return _entry(shown[number])

    hidden = sum(bool(each.hidden) for each in shown)
    wanted = "  only hidden ones" if page.only_hidden else ""
    typed = "_" if page.filter.is_typing else ""
    words = f"  filter: {page.filter.text}{typed}" if page.filter.text or typed else ""
    note = f"{len(shown)} {'entry' if len(shown) == 1 else 'entries'}, {hidden} hidden{wanted}{words}"
    listed: urwid.Widget = table(layout, texts, len(shown), rows=rows - 1, cursor=page.cursor, zone="entry")
    if not shown:
        said = "nothing is found; Escape shows all" if words or wanted else "it lists nothing"
        listed = urwid.Filler(urwid.Text(("dim", said), align="center"))
    return urwid.Frame(listed, TitleLine("Catalog", world.look, note=note))


def _entry(each: ShownEntry) -> tuple[str | tuple[str, str], ...]:
    because = each.entry.hidden or ("filter" if each.entry.filtered else "")
    original = getattr(each.entry, "original_name", each.key)
    renamed = f"there called {original}; " if not each.key.endswith(original) else ""
    about = each.hidden or each.description or each.title
    return (
        each.kind,
        ("dim" if each.hidden else "name", each.key),
        ("warn", because),
        ("warn" if each.hidden else "dim", f"{renamed}{about}"),
    )


def _program(entry: BackendEntry, world: World, columns: int) -> list[Markup]:
    """The process or the container that its connection runs on, what it takes, and what it may take."""
    program = entry.process
    if program is None:
        return labelled("process", "there is none now, or you may not look behind the backend", columns, "dim")
    where = f"container {program.container[:12]}" if program.container else f"process {program.pid}"
    since = seconds_of(program.since)
    for_long = f", for {duration(max(world.gateway_now - since, 0))}" if since is not None else ""
    made = labelled("process", f"{program.name}, {where}{for_long}", columns, "name")
    taken = []
    if program.processor_seconds is not None:
        taken.append(f"{duration(program.processor_seconds)} of processor")
    if program.memory is not None:
        taken.append(f"{size(program.memory)} of memory, all that it started included")
    if taken:
        made += labelled("takes", ", ".join(taken), columns)
    limits = program.limits
    said = "none: it may use what the gateway's user may"
    if limits is not None:
        said = f"{size(limits.memory)} of memory, {limits.cpus:g} processors, {limits.pids} processes"
    made += labelled("limits", said, columns, "" if limits is not None else "warn")
    if program.others:
        made += labelled("others", f"{program.others} more of it, for single clients", columns)
    return made


def process_lines(entry: BackendEntry, world: World, columns: int) -> list[Markup]:
    """What runs, and how it is isolated."""
    if entry.type != "stdio":
        return labelled("process", "it runs elsewhere, and is reached over the network", columns)
    isolation = entry.isolation
    made = _program(entry, world, columns)
    if isolation is None:
        return [*made, *labelled("plan", "not known yet: it is disabled, or was not started", columns)]
    made += labelled("plan", isolation.plan, columns, "bad" if isolation.plan == "refused" else "name")
    made += labelled("why", isolation.why, columns) if isolation.why else []
    rootless = "" if isolation.rootless is None else ", rootless" if isolation.rootless else ", as root"
    for label, text in (
        ("engine", f"{isolation.engine}{rootless}" if isolation.engine else ""),
        ("image", isolation.image or ""),
        ("digest", isolation.digest or ("not there yet" if isolation.image else "")),
        ("network", isolation.network or ""),
    ):
        made += labelled(label, text, columns) if text else []
    for at, mount in enumerate(isolation.mounts):
        made += labelled("" if at else "mounts", mount, columns)
    return made
