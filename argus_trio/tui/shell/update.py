"""How messages change the whole, and which effects are left to be done outside."""

from __future__ import annotations

from typing import cast

import attrs

from argus_trio.tui.calls.book import begun, given_up, sent
from argus_trio.tui.effect import Back, Confirm, Effect, Fetch, GiveUpCall, Open, Quit, StartCall, Tell
from argus_trio.tui.message import DashboardMessage, Key, Pasted
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.notice import NOTICE_SECONDS, Notice
from argus_trio.tui.shell.over import ChangeQuestion, Help
from argus_trio.tui.shell.tabs import TABS
from argus_trio.tui.state.hearing import begin, hear
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step


def first(world: World) -> Step[Model]:
    """The dashboard as it begins."""
    model = Model(world=world, stacks={key: (page(),) for key, page in TABS.items()})
    return Step(model, begin())


def update(model: Model, message: DashboardMessage) -> Step[Model]:
    """The model after a message, and what is to be done outside."""
    if isinstance(message, Key | Pasted):
        return _settled(_pressed(model, message))
    heard = hear(model.world, message)
    model = attrs.evolve(model, world=heard.value)
    effects = [*heard.effects]
    stacks: dict[str, tuple[DashboardPage, ...]] = {}
    for tab, stack in model.stacks.items():
        pages = []
        for page in stack:
            step = page.told(message, model.world)
            pages.append(page if step is None else step.value)
            effects += () if step is None else step.effects
        stacks[tab] = tuple(pages)
    if model.notice and model.notice.until < model.world.now:
        model = attrs.evolve(model, notice=None)
    return _settled(Step(attrs.evolve(model, stacks=stacks), tuple(effects)))


def _pressed(model: Model, message: Key | Pasted) -> Step[Model]:
    name = message.name if isinstance(message, Key) else ""
    if model.over is not None:
        return _over(model, name)
    page = model.page
    if not page.is_typing:
        if name in model.stacks:
            return Step(attrs.evolve(model, tab=name))
        if name == "q":
            return Step(model, (Quit(),))
        if name == "?":
            return Step(attrs.evolve(model, over=Help()))
    step = page.told(message, model.world)
    if step is None:
        return Step(model, (Back(),) if name == "esc" else ())
    return Step(_with_page(model, step.value), step.effects)


def _over(model: Model, name: str) -> Step[Model]:
    if isinstance(model.over, ChangeQuestion) and name in ("y", "enter"):
        return Step(attrs.evolve(model, over=None), model.over.yes)
    if name in ("esc", "q", "n", "?"):
        return Step(attrs.evolve(model, over=None))
    return Step(model)


def _with_page(model: Model, page: DashboardPage) -> Model:
    stack = (*model.stacks[model.tab][:-1], page)
    return attrs.evolve(model, stacks={**model.stacks, model.tab: stack})


def _settled(step: Step[Model]) -> Step[Model]:
    """Do the effects that change the model alone; the others are left."""
    model, left, waiting = step.value, [], list(step.effects)
    while waiting:
        effect = waiting.pop(0)
        if isinstance(effect, Tell):
            model = attrs.evolve(model, notice=Notice(effect, model.world.now + NOTICE_SECONDS))
        elif isinstance(effect, Confirm):
            model = attrs.evolve(model, over=ChangeQuestion(text=effect.question, yes=effect.yes))
        elif isinstance(effect, Open):
            model, more = _open(model, effect)
            waiting = [*more, *waiting]
        elif isinstance(effect, Back):
            model, more = _back(model)
            waiting = [*more, *waiting]
        else:
            model = _noted(model, effect)
            left.append(effect)
    return Step(model, tuple(left))


def _noted(model: Model, effect: Effect) -> Model:
    """The model after an effect of a call is on its way: the book of calls knows of it."""
    calls, now = model.world.calls, model.world.now
    if isinstance(effect, StartCall):
        calls = begun(calls, effect, now)
    elif isinstance(effect, GiveUpCall):
        calls = given_up(calls, effect.id, now)
    elif isinstance(effect, Fetch):
        calls = sent(calls, effect)
    return (
        attrs.evolve(model, world=attrs.evolve(model.world, calls=calls)) if calls is not model.world.calls else model
    )


def _open(model: Model, effect: Open) -> tuple[Model, tuple[Effect, ...]]:
    opened = cast("DashboardPage", effect.page).opened(model.world)
    stack = (*model.stacks[model.tab], opened.value)
    return attrs.evolve(model, stacks={**model.stacks, model.tab: stack}), opened.effects


def _back(model: Model) -> tuple[Model, tuple[Effect, ...]]:
    stack = model.stacks[model.tab]
    if len(stack) == 1:
        return model, ()
    closed = stack[-1].closed()
    return attrs.evolve(model, stacks={**model.stacks, model.tab: stack[:-1]}), closed.effects
