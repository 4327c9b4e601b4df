"""How everything is shown on this terminal, out of the environment: in colours or without, in Unicode or ASCII."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.tui.parts.look import Appearance, PaletteName

_LIGHT: Final = frozenset({"7", "15"})
"""Backgrounds as `$COLORFGBG` numbers them that ask for dark letters."""
_COERCED: Final = "C.UTF-8"
"""What Python makes of `$LC_CTYPE` for itself where the locale is C."""


def appearance(environ: Mapping[str, str]) -> Appearance:
    """What the environment says of the terminal."""
    return Appearance(palette=_palette(environ), is_unicode=_is_unicode(environ))


def why_not(environ: Mapping[str, str]) -> str | None:
    """Why this terminal cannot show the dashboard; None where it can."""
    if environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return f"TERM={environ['TERM']} is a terminal that can place no text; set TERM to what it really is"
    return None


def _palette(environ: Mapping[str, str]) -> PaletteName:
    if environ.get("NO_COLOR") or not environ.get("TERM"):
        return "mono"
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in _LIGHT else "dark"


def _is_unicode(environ: Mapping[str, str]) -> bool:
    kind = environ.get("LC_CTYPE", "")
    language = environ.get("LANG", "")
    if kind == _COERCED and language in ("", "C", "POSIX"):
        kind = ""
    locale = environ.get("LC_ALL") or kind or language
    return locale.lower().replace("-", "").endswith("utf8") or ".utf8@" in locale.lower().replace("-", "")
