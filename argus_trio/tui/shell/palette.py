"""What the palette lists: pages, what the keys of the page that is shown do, what the whole can do, gateways, and once
something is typed tools, resources and prompts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.shell.keys import SHELL_KEYS, Command
from argus_trio.tui.shell.model import Model
from argus_trio.tui.state.entries import ShownEntry, entries

URWID_NAMES: Final = {
    "Enter": "enter",
    "Esc": "esc",
    "Space": " ",
    "Tab": "tab",
    "Shift-Tab": "shift tab",
    "Del": "delete",
    "Ins": "insert",
    "PgUp": "page up",
    "PgDn": "page down",
    "Home": "home",
    "End": "end",
    "Left": "left",
    "Right": "right",
    "Up": "up",
    "Down": "down",
}
"""Keys as they are shown, by the names that messages have for them."""


MOST_ENTRIES: Final = 200
"""How many tools, resources and prompts are listed: nobody scrolls through more, a further letter tells them apart."""


@attrs.frozen(kw_only=True)
class PaletteCommand(Value):
    """One line of the palette: a page, a key of it, a command of the whole, a gateway, or what can be called."""

    kind: str
    """What it is, in a word."""
    text: str
    about: str = ""
    tab: str = ""
    key: str = ""
    command: Command | None = None
    gateway: str = ""
    entry: ShownEntry | None = None


def commands(model: Model) -> tuple[PaletteCommand, ...]:
    """All of them, as they are now."""
    return (*_of_page(model), *_of_tabs(model), *_of_whole(model), *_of_gateways(model))


def searched(model: Model, wanted: str) -> tuple[PaletteCommand, ...]:
    """Those in which all words that are typed occur; those that are called so come first."""
    words = wanted.lower().split()
    found = [each for each in commands(model) if _has(each, words)]
    if words:
        found += [each for each in _of_catalog(model) if _has(each, words)][:MOST_ENTRIES]
        found.sort(key=lambda each: _rank(each.text.lower(), words))
    return tuple(found)


def _rank(text: str, words: list[str]) -> int:
    if text.startswith(words[0]):
        return 0
    return 1 if all(word in text for word in words) else 2


def _has(command: PaletteCommand, words: list[str]) -> bool:
    text = f"{command.kind} {command.text} {command.about}".lower()
    return all(word in text for word in words)


def key_name(shown: str) -> str | None:
    """The name that messages have for a key as it is shown; None for several keys in one, which no line can press."""
    if shown in URWID_NAMES:
        return URWID_NAMES[shown]
    if shown.startswith("Ctrl-"):
        return f"ctrl {shown.removeprefix('Ctrl-').lower()}"
    if len(shown) > 1 and shown[0] == "F" and shown[1:].isdigit():
        return shown.lower()
    return shown if len(shown) == 1 else None


def offered(model: Model) -> tuple[KeyHelp, ...]:
    """The keys of the page that is shown, without those that who looks may not use."""
    may = model.world.may_operate
    return tuple(key for key in model.page.keys if may or not key.changes)


def _of_page(model: Model) -> Iterator[PaletteCommand]:
    for key in offered(model):
        name = key_name(key.key)
        if name is not None:
            yield PaletteCommand(kind=model.page.title, text=key.does, about=key.about, key=name)


def _of_tabs(model: Model) -> Iterator[PaletteCommand]:
    for tab, stack in model.stacks.items():
        yield PaletteCommand(kind="page", text=stack[0].title, about=f"Key {tab}", tab=tab)


def _of_whole(_: Model) -> Iterator[PaletteCommand]:
    for each in SHELL_KEYS:
        if each.command != "palette":
            yield PaletteCommand(kind="dashboard", text=each.help.does, about=each.help.about, command=each.command)


def _of_catalog(model: Model) -> Iterator[PaletteCommand]:
    for each in entries(model.world.capabilities):
        if not each.hidden:
            yield PaletteCommand(kind=each.kind, text=each.key, about=each.description, entry=each)


def _of_gateways(model: Model) -> Iterator[PaletteCommand]:
    for each in model.gateways:
        if each.name != model.world.gateway:
            yield PaletteCommand(kind="gateway", text=each.name, about=each.place.shown, gateway=each.name)
