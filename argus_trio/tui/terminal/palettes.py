"""The attributes that views use, in each palette: name, foreground, background, what it is on a terminal without
colours, and both again for one of 256. No colour is the only sign of anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from argus_trio.tui.parts.look import PaletteName

PaletteEntry = tuple[str, str, str, str, str, str]
"""Name, foreground, background, monochrome, and for 256 colours foreground and background; as urwid has them."""

_DARK: Final[Sequence[PaletteEntry]] = (
    ("head", "white,bold", "dark blue", "standout", "#fff,bold", "#006"),
    ("tab", "white,bold", "dark blue", "standout", "#fff,bold", "#068"),
    ("title", "white,bold", "", "bold", "#fff,bold", ""),
    ("name", "white", "", "", "#fff", ""),
    ("dim", "light gray", "", "", "g58", ""),
    ("key", "light cyan", "", "bold", "#6df", ""),
    ("label", "light cyan", "", "underline", "#8ad", ""),
    ("input", "white", "dark gray", "underline", "#fff", "g27"),
    ("field", "light gray", "", "underline", "g82", "g19"),
    ("cursor", "black", "light cyan", "standout", "#000", "#6df"),
    ("good", "light green", "", "", "#6d8", ""),
    ("info", "light gray", "", "", "g82", ""),
    ("warn", "yellow", "", "bold", "#fd6", ""),
    ("warning", "yellow", "", "bold", "#fd6", ""),
    ("bad", "light red", "", "bold", "#f66", ""),
    ("error", "light red", "", "bold", "#f66", ""),
    ("bar", "light green", "", "", "#6ad", ""),
    ("match", "black", "yellow", "standout", "#000", "#fd6"),
)
_LIGHT: Final[Sequence[PaletteEntry]] = (
    ("head", "white,bold", "dark blue", "standout", "#fff,bold", "#006"),
    ("tab", "white,bold", "dark blue", "standout", "#fff,bold", "#068"),
    ("title", "black,bold", "", "bold", "#000,bold", ""),
    ("name", "black", "", "", "#000", ""),
    ("dim", "dark gray", "", "", "g38", ""),
    ("key", "dark blue", "", "bold", "#00a", ""),
    ("label", "dark blue", "", "underline", "#068", ""),
    ("input", "black", "light gray", "underline", "#000", "g85"),
    ("field", "black", "", "underline", "g19", "g93"),
    ("cursor", "white,bold", "dark blue", "standout", "#fff,bold", "#068"),
    ("good", "dark green", "", "", "#060", ""),
    ("info", "black", "", "", "g19", ""),
    ("warn", "brown", "", "bold", "#860", ""),
    ("warning", "brown", "", "bold", "#860", ""),
    ("bad", "dark red", "", "bold", "#a00", ""),
    ("error", "dark red", "", "bold", "#a00", ""),
    ("bar", "dark green", "", "", "#068", ""),
    ("match", "black", "yellow", "standout", "#000", "#fd6"),
)
# urwid takes the monochrome column only where a terminal has no colours; who asks for this palette gets it on any
_MONO: Final[Sequence[PaletteEntry]] = tuple((name, mono, "", mono, mono, "") for name, _, _, mono, _, _ in _DARK)
PALETTES: Final[Mapping[PaletteName, Sequence[PaletteEntry]]] = {"dark": _DARK, "light": _LIGHT, "mono": _MONO}
"""By name."""
