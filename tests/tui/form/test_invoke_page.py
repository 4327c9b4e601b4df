"""The page of a form: clicks, what is sent, asked first or refused, and how it is left."""

from __future__ import annotations

import attrs

from argus_trio.tui.effect import Confirm, Open, StartCall, Tell
from argus_trio.tui.message import Clicked, Key
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.calling.subject import Subject
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

WORLD = World(shown="it")
SUBJECT = Subject(
    kind="tool",
    name="t",
    backend="b",
    description="",
    schema={"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}, "y": {"type": "string"}}},
)


def told(page: InvokePage, *keys: str, world: World = WORLD) -> Step[InvokePage]:
    step = Step(page)
    for key in keys:
        step = page.told(Key(key), world) or Step(page)
        page = step.value
    return step


def test_a_click_means_a_row_and_on_the_last_one_sends() -> None:
    page = InvokePage.of(SUBJECT)
    step = page.told(Clicked(zone="rows", at=1), WORLD)
    assert step is not None
    assert step.value.form.row.where == ("y",)
    sent = page.told(Clicked(zone="rows", at=2), WORLD)
    assert sent is not None
    assert [type(each) for each in sent.effects] == [StartCall, Open]


def test_what_is_left_to_the_server_is_told() -> None:
    step = told(InvokePage.of(SUBJECT), "a", "f5")
    (warning, _, __) = step.effects
    assert isinstance(warning, Tell)
    assert warning.text == "sent, and left to the server to judge: the pattern ^(a+)+$ is not tried here"


def test_a_tool_that_destroys_is_asked_first_and_what_is_typed_stays_until_then() -> None:
    page = InvokePage.of(attrs.evolve(SUBJECT, destroys=True))
    step = told(page, "tab", "b", "f5")
    assert [type(each) for each in step.effects] == [Confirm]
    assert step.value.form.is_touched


def test_what_may_change_something_is_not_called_where_nothing_may_be_changed() -> None:
    world = attrs.evolve(WORLD, is_read_only=True)
    (refusal,) = told(InvokePage.of(SUBJECT), "f5", world=world).effects
    assert isinstance(refusal, Tell)
    assert "read-only" in refusal.text
    reading = InvokePage.of(attrs.evolve(SUBJECT, reads_only=True))
    assert [type(each) for each in told(reading, "f5", world=world).effects] == [StartCall, Open]


def test_escape_closes_a_text_first_and_asks_before_what_is_typed_is_lost() -> None:
    step = told(InvokePage.of(SUBJECT), "f4", "a", "esc")
    assert step.effects == ()
    assert step.value.form.area is None
    assert [type(each) for each in told(step.value, "esc").effects] == [Confirm]
    assert InvokePage.of(SUBJECT).told(Key("esc"), WORLD) is None
