"""How messages change the whole, and which effects are left to be done outside."""

from __future__ import annotations

from typing import cast

import attrs

from argus_trio.tui.calls.book import noted
from argus_trio.tui.effect import Back, Confirm, Effect, Open, SetLook, Tell
from argus_trio.tui.message import (
    Clicked,
    DashboardMessage,
    Done,
    Key,
    Pasted,
    StreamCame,
    StreamLost,
    StreamOpened,
    Wheeled,
)
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.parts.look import PaletteName
from argus_trio.tui.servers import KnownGateway
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.notice import NOTICES_KEPT, PastNotice, told_now
from argus_trio.tui.shell.over import ChangeQuestion, GatewayList
from argus_trio.tui.shell.over_keys import over_clicked, over_pressed
from argus_trio.tui.shell.page_keys import clicked, pressed
from argus_trio.tui.shell.tabs import TABS
from argus_trio.tui.state.hearing import EVENTS_KEY, begin, hear
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step


def first(world: World, gateways: tuple[KnownGateway, ...] = (), warnings: tuple[str, ...] = ()) -> Step[Model]:
    """The dashboard as it begins."""
    told = tuple(Tell(text=warning, kind="warning") for warning in warnings)
    model = Model(
        world=world,
        stacks={key: (page(),) for key, page in TABS.items()},
        begun=frozenset({"1"}),
        gateways=gateways,
    )
    if world.link.state == "none":
        return _settled(Step(attrs.evolve(model, over=GatewayList()), told))
    return _settled(Step(model, told if world.link.state == "refused" else (*told, *begin())))


def update(model: Model, message: DashboardMessage) -> Step[Model]:
    """The model after a message, and what is to be done outside."""
    if isinstance(message, Key | Pasted):
        return _settled(over_pressed(model, message) if model.over is not None else pressed(model, message))
    if isinstance(message, Clicked | Wheeled):
        return _settled(over_clicked(model, message) if model.over is not None else clicked(model, message))
    heard = hear(model.world, message)
    step = _told(attrs.evolve(model, world=heard.value), message)
    model, effects = step.value, (*heard.effects, *step.effects)
    if isinstance(message, Done):
        effects = (*effects, Tell(text=message.text, kind="error" if message.what == "failed" else "good"))
    if _is_there_again(message):
        begun = _begun_again(model)
        model, effects = begun.value, (*effects, *begun.effects)
    if model.notice and model.notice.until < model.world.now:
        model = attrs.evolve(model, notice=None)
    return _settled(Step(model, effects))


def _told(model: Model, message: DashboardMessage) -> Step[Model]:
    """Tell all pages that are open, also those that are not in sight: what they wait for comes to them all the same."""
    effects: list[Effect] = []
    stacks: dict[str, tuple[DashboardPage, ...]] = {}
    is_changed = False
    for tab, stack in model.stacks.items():
        pages: list[DashboardPage] = []
        for page in stack:
            meant = message if page is model.page else _out_of_sight(message)
            step = None if meant is None else page.told(meant, model.world)
            pages.append(page if step is None else step.value)
            is_changed = is_changed or pages[-1] is not page
            effects += () if step is None else step.effects
        stacks[tab] = tuple(pages)
    return Step(attrs.evolve(model, stacks=stacks) if is_changed else model, tuple(effects))


def _out_of_sight(message: DashboardMessage) -> DashboardMessage | None:
    """What of a message a page is told that nobody sees: no figures, after which pages in sight look again."""
    if not isinstance(message, StreamCame) or message.stream.key != EVENTS_KEY:
        return message
    events = tuple(each for each in message.events if each.event != "figures")
    return attrs.evolve(message, events=events) if events else None


def _is_there_again(message: DashboardMessage) -> bool:
    if isinstance(message, StreamLost):
        return message.is_over and message.stream.key == EVENTS_KEY
    return isinstance(message, StreamOpened) and message.stream.key == EVENTS_KEY


def _begun_again(model: Model) -> Step[Model]:
    """The gateway is there, for the first time or again: what pages want of it is asked anew."""
    effects: list[Effect] = []
    stacks = dict(model.stacks)
    for tab in sorted(model.begun):
        steps = [page.opened(model.world) for page in model.stacks[tab]]
        stacks[tab] = tuple(step.value for step in steps)
        effects += [effect for step in steps for effect in step.effects]
    return Step(attrs.evolve(model, stacks=stacks), tuple(effects))


def _settled(step: Step[Model]) -> Step[Model]:
    """Do the effects that change the model alone; the others are left."""
    model, left, waiting = step.value, list[Effect](), list(step.effects)
    while waiting:
        effect = waiting.pop(0)
        if isinstance(effect, Tell):
            now = model.world.now
            told = (*model.told, PastNotice(effect, now))[-NOTICES_KEPT:]
            model = attrs.evolve(model, notice=told_now(model.notice, effect, now), told=told)
        elif isinstance(effect, Confirm):
            model = attrs.evolve(model, over=ChangeQuestion(text=effect.question, yes=effect.yes))
        elif isinstance(effect, Open):
            model, more = _open(model, effect)
            waiting = [*more, *waiting]
        elif isinstance(effect, Back):
            model, more = _back(model, cast("DashboardPage | None", effect.page))
            waiting = [*more, *waiting]
        else:
            model = _noted(model, effect)
            if isinstance(effect, SetLook):
                look = attrs.evolve(model.world.look, palette=cast("PaletteName", effect.palette))
                model = attrs.evolve(model, world=attrs.evolve(model.world, look=look))
            left.append(effect)
    return Step(model, tuple(left))


def _noted(model: Model, effect: Effect) -> Model:
    """The model after an effect is on its way: the book of calls knows of those that are its own."""
    world = model.world
    calls = noted(world.calls, effect, world.now)
    return model if calls is world.calls else attrs.evolve(model, world=attrs.evolve(world, calls=calls))


def _open(model: Model, effect: Open) -> tuple[Model, tuple[Effect, ...]]:
    opened = cast("DashboardPage", effect.page).opened(model.world)
    stack = (*model.stacks[model.tab], opened.value)
    return attrs.evolve(model, stacks={**model.stacks, model.tab: stack}), opened.effects


def _back(model: Model, page: DashboardPage | None) -> tuple[Model, tuple[Effect, ...]]:
    tab = model.tab if page is None else next((tab for tab, stack in model.stacks.items() if page in stack[1:]), "")
    stack = model.stacks.get(tab, ())
    if len(stack) <= 1:
        return model, ()
    left = stack[-1] if page is None else page
    closed = left.closed()
    below = tuple(each for each in stack if each is not left and each != left)
    return attrs.evolve(model, stacks={**model.stacks, tab: below}), closed.effects
