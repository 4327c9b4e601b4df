"""A long text from a place on, wrapped; only what is in sight is looked at. What is searched for stands out."""

from __future__ import annotations

from typing import cast

import urwid

from argus_trio.manage_client.clean import clean
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.zone import WidgetSize
from argus_trio.tui.parts.scroll import ScrollPlace, rows_from


class ScrolledText(urwid.Widget):
    """A text of any size. Everything that would act on a terminal is shown as an escape."""

    _sizing = frozenset([urwid.Sizing.BOX])
    _selectable = False

    def __init__(self, text: str, place: ScrollPlace, *, match: str = "", attribute: str = "") -> None:
        super().__init__()
        self._text, self._place, self._match, self._attribute = text, place.within(text), match, attribute

    def render(self, size: WidgetSize, focus: bool = False) -> urwid.Canvas:
        """See urwid."""
        columns, height = cast("tuple[int, int]", size)  # it is a box widget: no other size comes
        drawn: list[tuple[urwid.Canvas, int, bool]] = []
        for at, row in enumerate(rows_from(self._text, self._place.at, columns, height)):
            text = urwid.Text(highlighted(row.text, self._match, self._attribute), wrap="clip")
            drawn.append((text.render((columns,)), at, False))
        if len(drawn) < height:
            drawn.append((urwid.SolidCanvas(" ", columns, height - len(drawn)), -1, False))
        return urwid.CanvasCombine(drawn)


def highlighted(text: str, match: str, attribute: str = "") -> Markup:
    """A clean text in which what is searched for stands out."""
    wanted = clean(match)
    seen = text if wanted != wanted.lower() else text.lower()
    if not wanted or wanted not in seen or len(seen) != len(text):
        return (attribute, text) if attribute else text
    parts: list[str | tuple[str, str]] = []
    at = 0
    while (found := seen.find(wanted, at)) >= 0:
        parts += [(attribute, text[at:found]), ("match", text[found : found + len(wanted)])]
        at = found + len(wanted)
    parts.append((attribute, text[at:]))
    return [part for part in parts if part[1]]
