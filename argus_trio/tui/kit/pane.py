"""Panes: a body under a line with its title; several of them side by side or one below the other."""

from __future__ import annotations

from collections.abc import Sequence

import urwid

from argus_trio.manage_client.clean import cut, one_line, width
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.zone import Zone
from argus_trio.tui.parts.look import Appearance


class TitleLine(urwid.Widget):
    """A line with a title at its left, a note at its right, and a rule between them."""

    _sizing = frozenset([urwid.Sizing.FLOW])
    _selectable = False

    def __init__(self, title: str, look: Appearance, *, note: str = "", is_focused: bool = True) -> None:
        super().__init__()
        self._title, self._note, self._look, self._is_focused = one_line(title), one_line(note), look, is_focused

    def rows(self, size: tuple[int], focus: bool = False) -> int:
        """See urwid."""
        return 1

    def render(self, size: tuple[()] | tuple[int] | tuple[int, int], focus: bool = False) -> urwid.Canvas:
        """See urwid."""
        (columns,) = size[:1] or (0,)
        return urwid.Text(self.markup(columns), wrap="clip").render((columns,))

    def markup(self, columns: int) -> Markup:
        """The line in so many columns."""
        rule = self._look.sign("─", "-")
        title = cut(self._title, max(columns - 4, 1))
        note = cut(self._note, left) if self._note and (left := columns - width(title) - 8) > 3 else ""
        filled = columns - 4 - width(title) - (width(note) + 3 if note else 0)
        name = "title" if self._is_focused else "dim"
        line: list[str | tuple[str, str]] = [("dim", rule), (name, f" {title} "), ("dim", rule * max(filled + 1, 0))]
        return [*line, ("dim", f" {note} "), ("dim", rule)] if note else line


def pane(
    title: str, body: urwid.Widget, look: Appearance, *, note: str = "", is_focused: bool = True, zone: str = ""
) -> urwid.Widget:
    """A body under its title. A click anywhere in it tells the zone, unless there is another one inside."""
    whole: urwid.Widget = urwid.Frame(body, header=TitleLine(title, look, note=note, is_focused=is_focused))
    return Zone(whole, zone) if zone else whole


def side_by_side(*panes: tuple[int, urwid.Widget]) -> urwid.Widget:
    """Panes beside each other, each with its share of the columns."""
    return urwid.Columns([("weight", share, each) for share, each in panes], dividechars=1)


def stacked(*panes: tuple[int | None, urwid.Widget]) -> urwid.Widget:
    """Panes one below the other, each of so many rows; None for one that takes what is left."""
    return urwid.Pile([("weight", 1, each) if rows is None else (rows, each) for rows, each in panes])


def lines(markups: Sequence[Markup]) -> urwid.Widget:
    """Some lines, each cut at the edge, as a body."""
    return urwid.Filler(urwid.Pile([urwid.Text(each, wrap="clip") for each in markups] or [urwid.Text("")]), "top")
