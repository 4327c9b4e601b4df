"""The view of the whole: head, page, notice, foot, and what lies over it."""

from __future__ import annotations

from typing import Final

import urwid

from argus_trio.manage_client.clean import cut, one_line
from argus_trio.tui.screens.views import VIEWS
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.over import ChangeQuestion

LEAST_COLUMNS: Final = 80
LEAST_ROWS: Final = 24
"""The smallest terminal that pages are made for; below it one line says so."""


def shell(model: Model) -> urwid.Widget:
    """The whole of the dashboard."""
    world = model.world
    if world.columns < LEAST_COLUMNS or world.rows < LEAST_ROWS:
        text = (
            f"argus-trio: {world.columns}x{world.rows} is too small, {LEAST_COLUMNS}x{LEAST_ROWS} is needed; q leaves"
        )
        return urwid.Filler(urwid.Text(cut(text, world.columns), wrap="clip"), valign="top")
    tabs = [("tab" if key == model.tab else "dim", f" {key} {stack[0].title} ") for key, stack in model.stacks.items()]
    head = urwid.AttrMap(
        urwid.Text(f" argus-trio  {one_line(world.shown)}  {world.link.state} {one_line(world.link.why)}", wrap="clip"),
        "head",
    )
    told = model.notice.told if model.notice else None
    notice = urwid.Text((told.kind, one_line(told.text)) if told else "", wrap="clip")
    keys = [part for key in model.page.keys for part in (("key", f" {key.key} "), ("dim", f"{key.does} "))]
    foot = urwid.Text([*keys, ("key", " ? "), ("dim", "help "), ("key", " q "), ("dim", "quit")], wrap="clip")
    body = VIEWS[type(model.page)](model.page, world, world.columns, world.page)
    above, below = urwid.Pile([head, urwid.Text(tabs, wrap="clip")]), urwid.Pile([notice, foot])
    whole: urwid.Widget = urwid.Frame(body, above, below)
    if model.over is not None:
        text = model.over.text if isinstance(model.over, ChangeQuestion) else "help"
        box = urwid.LineBox(urwid.Filler(urwid.Text(text)))
        whole = urwid.Overlay(box, whole, "center", ("relative", 70), "middle", ("relative", 50))
    return whole
