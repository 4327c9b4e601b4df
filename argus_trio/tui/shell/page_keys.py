"""What keys and the mouse do where nothing lies over the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, get_args

import attrs

from argus_trio.tui.effect import Back, Confirm, Effect, Open, Quit, SetLook, Suspend, Tell, UnfollowStream
from argus_trio.tui.message import Clicked, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.ask import AskPage
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.look import PaletteName
from argus_trio.tui.shell.keys import Command, command_of
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.over import CommandPalette, GatewayList, Help, MessageList
from argus_trio.tui.state.hearing import EVENTS_KEY, begin
from argus_trio.tui.state.world import GatewayLink
from argus_trio.tui.step import Step


def pressed(model: Model, message: Key | Pasted) -> Step[Model]:
    """A key, or a text that was pasted: for the whole, else for the page."""
    name = message.name if isinstance(message, Key) else ""
    page = model.page
    if not page.is_typing and name in model.stacks:
        return gone_to(model, name)
    command = command_of(name, is_typing=page.is_typing) if name else None
    if command is not None:
        return commanded(model, command)
    step = page.told(message, model.world)
    if step is None:
        return Step(model, (Back(),) if name == "esc" else ())
    return Step(_with_page(model, step.value), step.effects)


def clicked(model: Model, message: Clicked | Wheeled) -> Step[Model]:
    """The mouse: on a tab, on a key of the foot, else for the page."""
    if isinstance(message, Clicked) and message.zone == "tab":
        tabs = tuple(model.stacks)
        return gone_to(model, tabs[message.at]) if message.at < len(tabs) else Step(model)
    step = model.page.told(message, model.world)
    return Step(model) if step is None else Step(_with_page(model, step.value), step.effects)


def gone_to(model: Model, tab: str) -> Step[Model]:
    """Another tab, whose first page is opened when it is seen for the first time."""
    model = attrs.evolve(model, tab=tab)
    if tab in model.begun:
        return Step(model)
    model = attrs.evolve(model, begun=model.begun | {tab})
    if model.world.link.state not in ("connected", "refused"):
        return Step(model)  # it is opened once the gateway is there
    opened = model.page.opened(model.world)
    return Step(_with_page(model, opened.value), opened.effects)


def commanded(model: Model, command: Command) -> Step[Model]:
    """What a command of the whole does."""
    return _COMMANDS[command](model)


def _gateways(model: Model) -> Step[Model]:
    if not model.gateways:
        why = "there is no list of gateways: docs/dashboard.md says what to write into servers.yaml"
        return Step(model, (Tell(text=why),))
    names = [each.name for each in model.gateways]
    at = names.index(model.world.gateway) if model.world.gateway in names else 0
    return Step(attrs.evolve(model, over=GatewayList(cursor=Cursor(at))))


def _again(model: Model) -> Step[Model]:
    if model.world.link.state == "none":
        return Step(model)
    world = attrs.evolve(model.world, link=GatewayLink(state="connecting", since=model.world.now))
    return Step(attrs.evolve(model, world=world), (UnfollowStream(EVENTS_KEY), *begin()))


def _colours(model: Model) -> Step[Model]:
    names = get_args(PaletteName)
    after = names[(names.index(model.world.look.palette) + 1) % len(names)]
    effects: tuple[Effect, ...] = (SetLook(after), Tell(text=f"palette: {after}"))
    return Step(model, effects)


def ended_by(model: Model, effect: Effect, word: str) -> Step[Model]:
    """What ends all that is under way here: asked first where that is calls."""
    count = len(model.world.calls.under_way)
    if not count:
        return Step(model, (effect,))
    calls = "A call is under way here" if count == 1 else f"{count} calls are under way here"
    question = f"{calls}. {word}? The gateway cancels what is under way; whether it had an effect is not known then."
    return Step(model, (Confirm(question=question, yes=(effect,)),))


def _answer(model: Model) -> Step[Model]:
    """The question that has waited longest and is not shown; one that is open already is gone to."""
    asks = [each for each in model.world.calls.asks if not each.is_sent]
    pages = [AskPage(call=each.call, id=each.id) for each in asks]
    fresh = [page for page in pages if not (isinstance(model.page, AskPage) and _is_same(model.page, page))]
    if not fresh:
        return Step(model, (Tell(text="no call asks anything" if not asks else "no other call asks anything"),))
    for tab, stack in model.stacks.items():
        top = stack[-1]
        if isinstance(top, AskPage) and _is_same(top, fresh[0]):
            return Step(attrs.evolve(model, tab=tab))
    return Step(model, (Open(fresh[0]),))


def _is_same(one: AskPage, other: AskPage) -> bool:
    return (one.call, one.id) == (other.call, other.id)


def _calls(model: Model) -> Step[Model]:
    """The call under way that comes after the one that is shown; where there is none, the latest that is over."""
    book = model.world.calls
    ids = sorted(book.under_way) or [each.call.id for each in book.history[-1:]]
    if not ids:
        return Step(model, (Tell(text="nothing was called here yet"),))
    shown = model.page.id if isinstance(model.page, CallPage) else 0
    wanted = next((each for each in ids if each > shown), ids[0])
    if wanted == shown:
        return Step(model, (Tell(text="no other call is under way"),))
    return Step(model, (Back(), Open(CallPage(id=wanted))) if shown else (Open(CallPage(id=wanted)),))


_COMMANDS: Final[Mapping[Command, Callable[[Model], Step[Model]]]] = {
    "help": lambda model: Step(attrs.evolve(model, over=Help())),
    "palette": lambda model: Step(attrs.evolve(model, over=CommandPalette())),
    "messages": lambda model: Step(attrs.evolve(model, over=MessageList())),
    "gateways": _gateways,
    "again": _again,
    "colours": _colours,
    "answer": _answer,
    "calls": _calls,
    "suspend": lambda model: Step(model, (Suspend(),)),
    "quit": lambda model: ended_by(model, Quit(), "Leave"),
}


def _with_page(model: Model, page: DashboardPage) -> Model:
    stack = (*model.stacks[model.tab][:-1], page)
    return attrs.evolve(model, stacks={**model.stacks, model.tab: stack})
