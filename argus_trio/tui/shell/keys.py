"""The keys that every page has, and what they do. A table, and nothing else."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.tui.pages.page import KeyHelp

Command = Literal["help", "palette", "messages", "gateways", "again", "colours", "suspend", "quit", "answer", "calls"]
"""What the whole can do, in a word."""


@attrs.frozen(kw_only=True)
class ShellKey(Value):
    """One command: its keys, as urwid names them, and what it does."""

    command: Command
    names: tuple[str, ...]
    help: KeyHelp
    while_typing: tuple[str, ...] = ()
    """Those of its keys that work while letters are text."""


SHELL_KEYS: Final[tuple[ShellKey, ...]] = (
    ShellKey(
        command="help",
        names=("?", "f1"),
        while_typing=("f1",),
        help=KeyHelp("?", "help", "Help: the keys of this page (F1 while typing)"),
    ),
    ShellKey(
        command="palette",
        names=(":", "ctrl p"),
        while_typing=("ctrl p",),
        help=KeyHelp(":", "palette", "All that can be done and gone to, searched by name (Ctrl-P while typing)"),
    ),
    ShellKey(
        command="messages",
        names=("!",),
        help=KeyHelp("!", "messages", "What was told lately, in full", in_foot=False),
    ),
    ShellKey(
        command="gateways",
        names=("ctrl g",),
        while_typing=("ctrl g",),
        help=KeyHelp("Ctrl-G", "gateways", "Look at another gateway", in_foot=False),
    ),
    ShellKey(
        command="again",
        names=("ctrl r",),
        while_typing=("ctrl r",),
        help=KeyHelp("Ctrl-R", "again", "Connect anew, and ask for all of it again", in_foot=False),
    ),
    ShellKey(
        command="colours",
        names=("ctrl t",),
        while_typing=("ctrl t",),
        help=KeyHelp("Ctrl-T", "colours", "Another palette: dark, light, without colours", in_foot=False),
    ),
    ShellKey(
        command="suspend",
        names=("ctrl z",),
        while_typing=("ctrl z",),
        help=KeyHelp("Ctrl-Z", "suspend", "Back to the shell; `fg` returns", in_foot=False),
    ),
    ShellKey(
        command="answer",
        names=("a",),
        help=KeyHelp("a", "answer", "Answer what a call asks, the oldest question first", in_foot=False),
    ),
    ShellKey(
        command="calls",
        names=("C",),
        help=KeyHelp("C", "calls", "Your calls under way, one after another; else the latest", in_foot=False),
    ),
    ShellKey(
        command="quit",
        names=("q", "ctrl c"),
        while_typing=("ctrl c",),
        help=KeyHelp("q", "quit", "Leave the dashboard; Ctrl-C as well, also while you type"),
    ),
)
"""In the order in which help lists them."""
MOVES: Final[tuple[KeyHelp, ...]] = (
    KeyHelp("1 to 6", "pages", "Go to a page; each keeps what is open there", in_foot=False),
    KeyHelp("Esc", "back", "Back: to the page before, out of a search, out of what lies over a page", in_foot=False),
    KeyHelp("Up Down", "move", "Also j and k; PgUp and PgDn, Ctrl-B and Ctrl-F; Home and End, g and G", in_foot=False),
)
"""What leads from one place to another."""


def command_of(key: str, *, is_typing: bool) -> Command | None:
    """The command of a key; None for one that is for the page."""
    for each in SHELL_KEYS:
        if key in (each.while_typing if is_typing else each.names):
            return each.command
    return None
