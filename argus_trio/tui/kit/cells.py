"""Columns of a row: each cut or filled up to its width, by the width of what is shown."""

from __future__ import annotations

from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.manage_client.clean import cut, one_line, padded

Markup = str | tuple[str, str] | list[str | tuple[str, str]]
"""A text as urwid takes it, with attributes."""


@attrs.frozen
class TextCell(Value):
    """A text of one line in so many columns. The text is made harmless here."""

    text: str
    columns: int
    attribute: str = ""
    align: Literal["left", "right"] = attrs.field(default="left", kw_only=True)

    @property
    def markup(self) -> str | tuple[str, str]:
        """As urwid takes it."""
        text = cut(one_line(self.text), self.columns)
        filled = padded(text, self.columns)
        if self.align == "right":
            filled = filled[len(text) :] + text
        return (self.attribute, filled) if self.attribute else filled


def row(cells: tuple[TextCell, ...], gap: str = " ") -> Markup:
    """Cells side by side."""
    line: list[str | tuple[str, str]] = []
    for cell in cells:
        if cell.columns > 0:
            line += [cell.markup, gap]
    return line[:-1] or ""


def plain(markup: Markup) -> str:
    """The text of it, without attributes."""
    if isinstance(markup, str):
        return markup
    if isinstance(markup, tuple):
        return markup[1]
    return "".join(map(plain, markup))
