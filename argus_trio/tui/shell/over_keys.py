"""What keys and the mouse do where something lies over the page: all of them are for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from argus_trio.tui.effect import Effect, Open, Quit, SwitchGateway
from argus_trio.tui.message import Clicked, Key, Pasted, Wheeled
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.shell.help import help_lines
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.over import ChangeQuestion, CommandPalette, GatewayList, Help, MessageList
from argus_trio.tui.shell.page_keys import commanded, ended_by, gone_to, pressed
from argus_trio.tui.shell.palette import PaletteCommand, searched
from argus_trio.tui.step import Step

_ARROWS: Final = frozenset({"up", "down", "page up", "page down"})
"""What moves in a list while letters are text."""


def over_pressed(model: Model, message: Key | Pasted) -> Step[Model]:
    """A key for what lies over the page."""
    if isinstance(message, Pasted):
        return _pasted(model, message.text)
    if message.name == "ctrl c":
        asked = isinstance(model.over, ChangeQuestion)
        return Step(model, (Quit(),)) if asked else ended_by(attrs.evolve(model, over=None), Quit(), "Leave")
    if message.name == "esc" and model.world.link.state != "none":
        return _away(model)
    return _PRESSED[type(model.over)](model, model.over, message.name)


def over_clicked(model: Model, message: Clicked | Wheeled) -> Step[Model]:
    """The mouse for what lies over the page: the wheel moves, a line or an answer that is clicked is chosen."""
    over = model.over
    if isinstance(message, Wheeled):
        key = "down" if message.lines > 0 else "up"
        return over_pressed(model, Key(key)) if not isinstance(over, ChangeQuestion) else Step(model)
    if message.zone == "over" and isinstance(over, CommandPalette | GatewayList):
        chosen = attrs.evolve(model, over=attrs.evolve(over, cursor=Cursor(message.at)))
        return over_pressed(chosen, Key("enter"))
    if isinstance(over, ChangeQuestion) and message.zone == "button":
        return over_pressed(model, Key("n" if message.at else "y"))
    return Step(model)


def _away(model: Model, *effects: Effect) -> Step[Model]:
    return Step(attrs.evolve(model, over=None), effects)


def _in_help(model: Model, over: Help, key: str) -> Step[Model]:
    if key in ("q", "?", "f1", "enter"):
        return _away(model)
    count = len(help_lines(model))
    moved = Cursor(over.top).moved(key, count, model.world.page)
    if moved is None:
        return Step(model)
    return Step(attrs.evolve(model, over=Help(top=min(moved.at, max(count - 1, 0)))))


def _in_messages(model: Model, over: MessageList, key: str) -> Step[Model]:
    if key in ("q", "!", "enter"):
        return _away(model)
    moved = Cursor(over.top).moved(key, len(model.told) + 1, model.world.page)
    return Step(model) if moved is None else Step(attrs.evolve(model, over=MessageList(top=moved.at)))


def _in_question(model: Model, over: ChangeQuestion, key: str) -> Step[Model]:
    if key in ("y", "Y") or (key == "enter" and over.is_yes):
        return _away(model, *over.yes)
    if key in ("n", "N", "q", "enter"):
        return _away(model)
    if key in ("left", "right", "tab", "shift tab", "h", "l"):
        return Step(attrs.evolve(model, over=attrs.evolve(over, is_yes=not over.is_yes)))
    return Step(model)


def _in_palette(model: Model, over: CommandPalette, key: str) -> Step[Model]:
    found = searched(model, over.search.text)
    if key == "enter":
        return (
            _chosen(attrs.evolve(model, over=None), found[over.cursor.at])
            if over.cursor.at < len(found)
            else Step(model)
        )
    if key == "ctrl p":
        return _away(model)
    moved = over.cursor.moved(key, len(found), model.world.page // 2) if key in _ARROWS else None
    if moved is not None:
        return Step(attrs.evolve(model, over=attrs.evolve(over, cursor=moved)))
    line = over.search.pressed(key)
    return Step(model) if line is None else Step(attrs.evolve(model, over=CommandPalette(search=line)))


def _chosen(model: Model, chosen: PaletteCommand) -> Step[Model]:
    if chosen.tab:
        return gone_to(model, chosen.tab)
    if chosen.command is not None:
        return commanded(model, chosen.command)
    if chosen.key:
        return pressed(model, Key(chosen.key))
    if chosen.entry is not None:
        tools = gone_to(model, "2")
        return Step(tools.value, (*tools.effects, Open(EntryPage(last=chosen.entry))))
    return _switched(model, chosen.gateway)


def _in_gateways(model: Model, over: GatewayList, key: str) -> Step[Model]:
    if key == "q" or key == "ctrl g":
        return Step(model, (Quit(),)) if model.world.link.state == "none" else _away(model)
    if key == "enter" and over.cursor.at < len(model.gateways):
        chosen = model.gateways[over.cursor.at].name
        return _away(model) if chosen == model.world.gateway else _switched(model, chosen)
    moved = over.cursor.moved(key, len(model.gateways), model.world.page)
    return Step(model) if moved is None else Step(attrs.evolve(model, over=GatewayList(cursor=moved)))


def _switched(model: Model, name: str) -> Step[Model]:
    return ended_by(model, SwitchGateway(name), "Look at another gateway")


_PRESSED: Final[Mapping[type, Callable[[Model, Any, str], Step[Model]]]] = {
    Help: _in_help,
    ChangeQuestion: _in_question,
    CommandPalette: _in_palette,
    GatewayList: _in_gateways,
    MessageList: _in_messages,
}
"""Each takes its own kind, so the second argument is of any type."""


def _pasted(model: Model, text: str) -> Step[Model]:
    step = Step(model)
    if isinstance(model.over, CommandPalette):
        for character in " ".join(text.split())[:200]:
            step = over_pressed(step.value, Key(character))
    return step
