"""The lines of help: the keys of the page that is shown, and those of all pages. Pure."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.shell.keys import MOVES, SHELL_KEYS
from argus_trio.tui.shell.model import Model

NO_CHANGES: Final = "(not offered: {})"


@attrs.frozen(kw_only=True)
class HelpLine(Value):
    """A heading, or a key and what it does."""

    key: str = ""
    text: str = ""
    is_heading: bool = False


def help_lines(model: Model) -> tuple[HelpLine, ...]:
    """All of them."""
    page = [_line(key, why=_why_not(model, key)) for key in model.page.keys]
    whole = [_line(key) for key in (*MOVES, *(each.help for each in SHELL_KEYS))]
    return (
        HelpLine(text=model.page.title, is_heading=True),
        *(page or [HelpLine(text="no keys of its own")]),
        HelpLine(),
        HelpLine(text="Everywhere", is_heading=True),
        *whole,
    )


def _why_not(model: Model, key: KeyHelp) -> str:
    if not key.changes or model.world.may_operate:
        return ""
    if model.world.is_read_only:
        return NO_CHANGES.format("the dashboard is read-only")
    return NO_CHANGES.format("you lack manage:operate")


def _line(key: KeyHelp, why: str = "") -> HelpLine:
    return HelpLine(key=key.key, text=" ".join(part for part in (key.about or key.does, why) if part))
