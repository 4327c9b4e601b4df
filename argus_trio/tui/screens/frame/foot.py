"""The last line: the keys that are used most, as many as there is room for."""

from __future__ import annotations

from argus_trio.manage_client.clean import one_line, width
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.shell.keys import SHELL_KEYS
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.palette import offered


def foot(model: Model) -> Markup:
    """Keys of the page, then those of the whole; help has those for which there is no room."""
    whole = [each.help for each in SHELL_KEYS if each.help.in_foot and not model.page.is_typing]
    if model.page.is_typing:
        whole = [KeyHelp("F1", "help"), KeyHelp("Esc", "back")]
    elif len(model.stacks[model.tab]) > 1:
        whole = [KeyHelp("Esc", "back"), *whole]
    known = {each.key for each in whole}
    own = [key for key in offered(model) if key.in_foot and key.key not in known]
    room = model.world.columns - sum(map(_width, whole)) - 2
    shown: list[KeyHelp] = []
    for key in own:
        if _width(key) > room:
            break
        room -= _width(key)
        shown.append(key)
    left = "" if len(shown) == len(own) else model.world.look.sign("…", "~")
    return [*_markup(shown), ("dim", f"{left} "), *_markup(whole)]


def _width(key: KeyHelp) -> int:
    return width(one_line(key.key)) + width(one_line(key.does)) + 3


def _markup(keys: list[KeyHelp]) -> list[str | tuple[str, str]]:
    return [part for key in keys for part in (("key", f" {one_line(key.key)} "), ("dim", f"{one_line(key.does)} "))]
