"""The view of the whole: head, tabs, page, notice, foot, and what lies over it."""

from __future__ import annotations

from typing import Final

import urwid

from argus_trio.manage_client.clean import cut, one_line, width
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.zone import Zone
from argus_trio.tui.screens.frame.foot import foot
from argus_trio.tui.screens.frame.head import head, stale
from argus_trio.tui.screens.frame.over import over
from argus_trio.tui.screens.views import VIEWS
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.notice import Notice
from argus_trio.tui.state.world import World

LEAST_COLUMNS: Final = 80
LEAST_ROWS: Final = 24
"""The smallest terminal that pages are made for; below it one line says so."""
_STALE: Final = dict.fromkeys(
    (None, "name", "info", "good", "warn", "warning", "bad", "error", "bar", "label", "title"), "dim"
)
"""How attributes look where what they show may be old. The line below says so in words."""


def shell(model: Model) -> urwid.Widget:
    """The whole of the dashboard."""
    world = model.world
    if world.columns < LEAST_COLUMNS or world.rows < LEAST_ROWS:
        text = (
            f"argus-trio: {world.columns}x{world.rows} is too small, {LEAST_COLUMNS}x{LEAST_ROWS} is needed; q leaves"
        )
        return urwid.Filler(urwid.Text(cut(text, world.columns), wrap="clip"), valign="top")
    body = VIEWS[type(model.page)](model.page, world, world.columns, world.page)
    if not world.is_live:
        body = urwid.AttrMap(body, _STALE)
    above = urwid.Pile([urwid.AttrMap(_line(head(world)), "head"), _tabs(model)])
    below = urwid.Pile([_line(_notice(model)), _line(foot(model))])
    whole: urwid.Widget = urwid.Frame(body, above, below)
    return whole if model.over is None else over(model, whole)


def _line(markup: Markup) -> urwid.Widget:
    return urwid.Text(markup, wrap="clip")


def _tabs(model: Model) -> urwid.Widget:
    """The tabs, of which the one that is shown is marked by brackets as well, and where in it the page stands."""
    parts: list[tuple[int, urwid.Widget]] = []
    for at, (key, stack) in enumerate(model.stacks.items()):
        is_shown = key == model.tab
        text = f"[{key} {stack[0].title}]" if is_shown else f" {key} {stack[0].title} "
        parts.append((width(text), Zone(_line(("tab" if is_shown else "dim", text)), "tab", at)))
    titles = [one_line(page.title) for page in model.stacks[model.tab][1:]]
    arrow = model.world.look.sign(" › ", " > ")
    trail = "".join(f"{arrow}{title}" for title in titles)
    room = model.world.columns - sum(width_of for width_of, _ in parts)
    return urwid.Columns([*parts, _line(("title", cut(trail, room)))])


def _is_outweighed(notice: Notice, world: World) -> bool:
    """Whether something worse has come since it was told: the gateway was lost."""
    is_lost = world.link.state in ("lost", "refused")
    return is_lost and notice.told.kind in ("info", "good") and notice.at <= world.link.since


def _notice(model: Model) -> Markup:
    notice, world = model.notice, model.world
    if notice is not None and not _is_outweighed(notice, world):
        more = f" (and {notice.others} more: !)" if notice.others else ""
        kind, text = notice.told.kind, one_line(notice.told.text)
        sign = f"{kind}: " if kind in ("error", "warning") else ""
    elif world.is_live:
        return ""
    else:
        kind, text, sign, more = "error", stale(world), "", ""
    line = f" {sign}{text}{more}"
    if width(line) > world.columns:
        more = more or " (!: all of it)"
        line = cut(f" {sign}{text}", world.columns - len(more)) + more
    return (kind, line)
