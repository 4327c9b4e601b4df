"""What lies over a page: help, a question, the palette, the gateways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import urwid

from argus_trio.manage_client.clean import clean, one_line, wrapped
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.dialog import buttons, dialog
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.screens.frame.head import clock, stale
from argus_trio.tui.shell.help import HelpLine, help_lines
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.over import ChangeQuestion, CommandPalette, GatewayList, Help, MessageList
from argus_trio.tui.shell.palette import searched

MOST_COLUMNS: Final = 100
"""How wide a box gets: longer lines are hard to read."""
KEY_COLUMNS: Final = 12
"""How wide the keys are in help."""


def over(model: Model, below: urwid.Widget) -> urwid.Widget:
    """The page with a box over it."""
    world = model.world
    columns = min(world.columns - 6, MOST_COLUMNS)
    title, inside, wanted = _VIEWS[type(model.over)](model, model.over, columns - 4)
    rows = max(min(wanted, world.rows - 6), 1)
    return dialog(below, title, inside, world.look, size=(columns - 4, rows), room=(world.columns, world.rows))


BoxContent = tuple[str, urwid.Widget, int]
"""A title, what is inside, and how many rows it would like."""


def _help(model: Model, shown: Help, columns: int) -> BoxContent:
    lines: list[Markup] = []
    for line in help_lines(model):
        lines += _help_rows(line, columns)

    def draw(at: int) -> Markup:
        return lines[at]

    top = min(shown.top, max(len(lines) - (model.world.rows - 6), 0))
    return "Help", Rows(len(lines), draw, top=top), len(lines)


def _help_rows(line: HelpLine, columns: int) -> list[Markup]:
    if line.is_heading:
        return [("title", one_line(line.text))]
    texts = wrapped(one_line(line.text), max(columns - KEY_COLUMNS, 10))
    keys = [one_line(line.key), *[""] * (len(texts) - 1)]
    return [
        row((TextCell(key, KEY_COLUMNS - 1, "key"), TextCell(text, columns - KEY_COLUMNS)))
        for key, text in zip(keys, texts, strict=True)
    ]


def _messages(model: Model, shown: MessageList, columns: int) -> BoxContent:
    world = model.world
    lines: list[Markup] = []
    if not world.is_live:
        lines += [*(("bad", text) for text in wrapped(stale(world), columns)), ""]
    for past in reversed(model.told):
        texts = wrapped(one_line(past.told.text), columns - 10)
        moments = [clock(past.at), *[" " * 8] * (len(texts) - 1)]
        lines += [[("dim", f"{at}  "), (past.told.kind, text)] for at, text in zip(moments, texts, strict=True)]
    if not lines:
        lines = [("dim", "nothing was told yet")]

    def draw(at: int) -> Markup:
        return lines[at]

    top = min(shown.top, max(len(lines) - (world.rows - 6), 0))
    return "Messages, the latest first", Rows(len(lines), draw, top=top), len(lines)


def _question(model: Model, shown: ChangeQuestion, columns: int) -> BoxContent:
    lines = [part for line in clean(shown.text).split("\n") for part in wrapped(line, columns)]
    most = model.world.rows - 9
    if len(lines) > most:
        lines = [*lines[: most - 1], model.world.look.sign("…", "...")]
    whole: list[Markup] = [*lines, ""]

    def draw(at: int) -> Markup:
        return whole[at]

    choices = buttons((("", "y yes"), ("", "n no")), at=0 if shown.is_yes else 1)
    inside: urwid.Widget = urwid.Frame(Rows(len(whole), draw, zone="text"), footer=urwid.Pile([choices]))
    return "Really?", inside, len(whole) + 1


def _palette(model: Model, shown: CommandPalette, columns: int) -> BoxContent:
    found = searched(model, shown.search.text)
    rows = max(model.world.rows - 10, 3)
    cursor = shown.cursor.within(len(found))

    def draw(at: int) -> Markup:
        each = found[at]
        return row(
            (
                TextCell(each.kind, 11, "dim"),
                TextCell(each.text, 24, "name"),
                TextCell(each.about, max(columns - 37, 0), "dim"),
            )
        )

    text, at = one_line(shown.search.text), shown.search.at
    typed: Markup = [
        ("key", ": "),
        ("input", text[:at]),
        ("cursor", text[at : at + 1] or " "),
        ("input", text[at + 1 :]),
    ]
    entries: urwid.Widget = Rows(len(found), draw, top=cursor.top(len(found), rows), cursor=cursor.at, zone="over")
    if not found:
        entries = urwid.Filler(urwid.Text(("dim", "nothing is called so")), valign="top")
    inside: urwid.Widget = urwid.Frame(entries, urwid.Pile([urwid.Text(typed, wrap="clip"), urwid.Divider()]))
    return "Palette", inside, rows + 2


def _gateways(model: Model, shown: GatewayList, columns: int) -> BoxContent:
    gateways = model.gateways
    rows = max(min(len(gateways), model.world.rows - 8), 1)
    cursor = shown.cursor.within(len(gateways))
    sign = model.world.look.sign("●", "*")

    def draw(at: int) -> Markup:
        each = gateways[at]
        is_shown = each.name == model.world.gateway and model.world.link.state != "none"
        return row(
            (
                TextCell(sign if is_shown else "", 1, "good"),
                TextCell(each.name, 22, "name"),
                TextCell(each.place.shown, max(columns - 36, 0)),
                TextCell("read-only" if each.is_read_only else "", 10, "dim"),
            )
        )

    entries = Rows(len(gateways), draw, top=cursor.top(len(gateways), rows), cursor=cursor.at, zone="over")
    told = urwid.Text(("dim", "Enter looks at it; nothing of the one before is kept"), wrap="clip")
    return "Gateways", urwid.Frame(entries, footer=urwid.Pile([urwid.Divider(), told])), rows + 2


_VIEWS: Final[Mapping[type, Callable[[Model, Any, int], BoxContent]]] = {
    Help: _help,
    ChangeQuestion: _question,
    CommandPalette: _palette,
    GatewayList: _gateways,
    MessageList: _messages,
}
"""Each takes its own kind, so the second argument is of any type."""
