"""What lies over a page and takes the keys."""

from __future__ import annotations

import attrs

from argus_trio import Value
from argus_trio.tui.effect import Effect
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.line import EditedLine


@attrs.frozen(kw_only=True)
class Help(Value):
    """The keys of the page that is shown, and those of all pages, from line `top` on."""

    top: int = 0


@attrs.frozen(kw_only=True)
class ChangeQuestion(Value):
    """Whether something is to be done."""

    text: str
    yes: tuple[Effect, ...]
    is_yes: bool = False
    """Whether Enter means yes: it does once the user has chosen so."""


@attrs.frozen(kw_only=True)
class CommandPalette(Value):
    """What can be done and gone to, searched as one types."""

    search: EditedLine = attrs.field(factory=EditedLine)
    cursor: Cursor = attrs.field(factory=Cursor)


@attrs.frozen(kw_only=True)
class GatewayList(Value):
    """The gateways that can be looked at."""

    cursor: Cursor = attrs.field(factory=Cursor)


@attrs.frozen(kw_only=True)
class MessageList(Value):
    """What was told lately, whole, from line `top` on."""

    top: int = 0


Over = Help | ChangeQuestion | CommandPalette | GatewayList | MessageList
