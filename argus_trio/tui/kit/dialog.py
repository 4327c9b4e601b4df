"""Dialogs: a box in the middle of the screen, over what is there."""

from __future__ import annotations

from collections.abc import Sequence

import urwid

from argus_trio.manage_client.clean import one_line, width
from argus_trio.tui.kit.zone import Zone
from argus_trio.tui.parts.look import Appearance

_ASCII_BORDER = {
    "tlcorner": "+", "tline": "-", "lline": "|", "trcorner": "+", "blcorner": "+", "rline": "|", "bline": "-",
    "brcorner": "+",
}  # fmt: skip
_UNICODE_BORDER = {
    "tlcorner": "╭", "tline": "─", "lline": "│", "trcorner": "╮", "blcorner": "╰", "rline": "│", "bline": "─",
    "brcorner": "╯",
}  # fmt: skip


def boxed(title: str, body: urwid.Widget, look: Appearance) -> urwid.Widget:
    """A body, of box or flow, in a border with its title."""
    border = _UNICODE_BORDER if look.is_unicode else _ASCII_BORDER
    padded = urwid.Padding(body, left=1, right=1)
    return urwid.LineBox(padded, one_line(title), title_align="left", title_attr="title", **border)


def dialog(
    below: urwid.Widget,
    title: str,
    body: urwid.Widget,
    look: Appearance,
    *,
    size: tuple[int, int],
    room: tuple[int, int],
) -> urwid.Widget:
    """A box of a title and a body that has `size` columns and rows, as far as there is room, over what is below."""
    columns, rows = min(size[0] + 4, room[0]), min(size[1] + 2, room[1])
    box = boxed(title, body, look)
    return urwid.Overlay(box, urwid.AttrMap(below, {}), "center", columns, "middle", rows)


def buttons(choices: Sequence[tuple[str, str]], *, at: int | None = None, zone: str = "button") -> urwid.Widget:
    """Words to choose from in a line, as `(key, word)`; `at` is the one that Enter takes. A click tells its number."""
    parts: list[tuple[int, urwid.Widget]] = []
    for number, (key, word) in enumerate(choices):
        name, label = one_line(key), f" {one_line(word)} "
        # what is chosen is told by brackets as well as by colour
        shown = [("cursor", f"[{label.strip()}]")] if number == at else [("key", f" {name}"), ("dim", label)]
        text = urwid.Text(shown, wrap="clip")
        parts.append((max(sum(width(each) for _, each in shown) + 1, 1), Zone(text, zone, number)))
    return urwid.Columns([(columns, each) for columns, each in parts])
