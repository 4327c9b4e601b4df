"""The attributes that views use, in each palette: name, foreground, background, and what it is on a terminal without
colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from argus_trio.tui.parts.look import PaletteName

PaletteEntry = tuple[str, str, str, str]
"""Name, foreground, background, monochrome; as urwid has them."""

_DARK: Final[Sequence[PaletteEntry]] = (
    ("head", "white,bold", "dark blue", "standout"),
    ("tab", "black", "light gray", "standout"),
    ("title", "white,bold", "", "bold"),
    ("name", "white", "", ""),
    ("dim", "dark gray", "", ""),
    ("key", "light cyan", "", "bold"),
    ("label", "light blue", "", "bold"),
    ("input", "white", "dark gray", "underline"),
    ("cursor", "black", "light cyan", "standout"),
    ("good", "light green", "", ""),
    ("info", "light gray", "", ""),
    ("warn", "yellow", "", "bold"),
    ("warning", "yellow", "", "bold"),
    ("bad", "light red", "", "bold"),
    ("error", "light red", "", "bold"),
    ("bar", "light green", "", ""),
    ("match", "black", "yellow", "underline"),
)
PALETTES: Final[Mapping[PaletteName, Sequence[PaletteEntry]]] = {"dark": _DARK, "light": _DARK, "mono": _DARK}
