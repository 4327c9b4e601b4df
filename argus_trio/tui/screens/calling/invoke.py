"""The view of the form of a tool."""

from __future__ import annotations

import urwid

from argus_trio.manage_client.clean import cut, one_line
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.screens.calling.form import form_view
from argus_trio.tui.state.world import World


def invoke(page: InvokePage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The tool in two lines, and its form."""
    tool = page.subject
    view = f"  by the view {page.view or world.view}" if page.view or world.view else ""
    head = urwid.Text(
        [("title", one_line(tool.name)), ("dim", f"  {one_line(tool.backend)}{one_line(view)}")], wrap="clip"
    )
    about = urwid.Text(("dim", cut(one_line(tool.description), columns)), wrap="clip")
    form = form_view(page.form, world.look, columns, max(rows - 3, 4))
    return urwid.Frame(form, urwid.Pile([head, about, urwid.Divider()]))
