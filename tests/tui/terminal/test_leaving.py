"""Ctrl-C leaves from wherever one is."""

from __future__ import annotations

import pytest

from argus_trio.tui.effect import Quit
from argus_trio.tui.message import Key
from argus_trio.tui.shell.over import ChangeQuestion
from argus_trio.tui.shell.update import first, update
from argus_trio.tui.state.world import World


@pytest.mark.parametrize("keys", [(), ("?",), (":",), (":", "x"), ("2", "/", "x")])
def test_ctrl_c_leaves_also_while_one_types(keys: tuple[str, ...]) -> None:
    model = first(World(shown="it")).value
    for key in keys:
        model = update(model, Key(key)).value
    assert Quit() in update(model, Key("ctrl c")).effects


def test_ctrl_c_at_a_question_leaves_and_does_not_do_what_is_asked() -> None:
    model = first(World(shown="it")).value
    asked = ChangeQuestion(text="Leave?", yes=())
    from_question = update(type(model)(world=model.world, stacks=model.stacks, over=asked), Key("ctrl c"))
    assert from_question.effects == (Quit(),)
