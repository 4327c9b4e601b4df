"""Which characters the terminal is sent. Where it has no Unicode each other one is a `?` for every column that it
takes, so that columns stay where they are."""

from __future__ import annotations

import codecs
from typing import Final

import urwid
from wcwidth import iter_graphemes

from argus_trio.manage_client.clean import width

_URWIDS: Final = "urwid_fallback"
"""The name by which urwid's canvases encode; its own way is one `?` for each character."""
_CUT: Final = "~"
"""What a text that is cut ends in."""


def send(*, is_unicode: bool) -> None:
    """Send UTF-8 from now on, or ASCII."""
    urwid.set_encoding("utf-8" if is_unicode else "ascii")
    codecs.register_error(_URWIDS, _in_its_place)


def _in_its_place(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    seen = iter_graphemes(error.object[error.start : error.end])
    return "".join(_CUT if each == "…" else "?" * width(each) for each in seen), error.end
