"""The pages of a call and of what it asks: keys to states and effects, and both as text."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import attrs
import msgspec
import pytest

from argus_trio.contract.calls import ANSWER_ASK, READ_RESOURCE
from argus_trio.contract.clients import CANCEL_EXCHANGE
from argus_trio.tui.calls.book import noted
from argus_trio.tui.effect import Back, Confirm, CopyText, Effect, Fetch, GiveUpCall, Open, SaveFile, StartCall, Tell
from argus_trio.tui.message import Clicked, Fetched, FetchFailed, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.ask import AskPage
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.screens.calling.ask import ask as ask_view
from argus_trio.tui.screens.calling.call import call as call_view
from argus_trio.tui.state.world import World
from argus_trio.wire.event_stream import Event
from tests.tui.calling import NOW, ask_event, happening, result_of, text_block, world_after

VALUE = {"city": "Paris", "days": [1, 2], "deep": {"x": {"y": {"z": 1}}}}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "minLength": 2}}, "required": ["name"]}


def call_page(*events: Event, columns: int = 80, rows: int = 24) -> tuple[CallPage, World]:
    world = world_after(*events, columns=columns, rows=rows)
    return CallPage(id=1).opened(world).value, world


def pressed(page: CallPage, world: World, *keys: str) -> tuple[CallPage, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    for key in keys:
        step = page.told(Key(key), world)
        assert step is not None, key
        page, effects = step.value, step.effects
    return page, effects


def text_of(page: CallPage | AskPage, world: World) -> list[str]:
    view = call_view(page, world, world.columns, world.page) if isinstance(page, CallPage) else None
    shown = view or ask_view(cast("AskPage", page), world, world.columns, world.page)
    return [line.decode().rstrip() for line in shown.render((world.columns, world.page)).text]


def ask_page(method: str = "elicitation/create", **params: object) -> tuple[AskPage, World]:
    world = world_after(ask_event("a", method, **params))
    return AskPage(call=1, id="a").opened(world).value, world


def answered(page: AskPage, world: World, *keys: str) -> tuple[AskPage, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    for key in keys:
        step = page.told(Key(key), world)
        assert step is not None, key
        page, effects = step.value, step.effects
    return page, effects


def body_of(effects: tuple[Effect, ...]) -> object:
    (request,) = effects
    assert isinstance(request, Fetch)
    assert (request.operation, request.path) == (ANSWER_ASK, {"id": "x-1", "ask": "a"})
    return msgspec.json.decode(msgspec.json.encode(request.body))


def test_a_call_under_way_is_shown_with_its_progress_and_its_log() -> None:
    page, world = call_page(
        happening("progress", {"progress": 2, "total": 8, "message": "half of half"}),
        happening("log", {"level": "warning", "logger": None, "data": "careful"}),
    )
    assert text_of(page, world)[:8] == [
        " call of probe",
        " ● under way  for 3.0 s  exchange x-1",
        " ██████░░░░░░░░░░░░░░░░░░  25%  2 of 8  half of half",
        "",
        " ▾ Log (1)",
        "   warning   careful",
        "",
        " ▾ Arguments",
    ]


def test_a_result_is_shown_as_a_tree_in_ascii_as_well() -> None:
    page, world = call_page(result_of(content=[], structuredContent=VALUE))
    ascii_ = attrs.evolve(world, look=attrs.evolve(world.look, is_unicode=False))
    assert text_of(page, ascii_)[1:8] == [
        " + done  in 500 ms  exchange x-1",
        "",
        " from backend b",
        " - {..} 3 members",
        '     city: "Paris"',
        "   - days: [..] 2 items",
        "       [0]: 1",
    ]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (20, 8)])
def test_a_call_fits_whatever_the_size(columns: int, rows: int) -> None:
    page, world = call_page(
        result_of(content=[text_block("wörds 日本 " * 500)], structuredContent=VALUE), columns=columns, rows=rows
    )
    assert len(text_of(page, world)) == max(rows - 4, 1)


def test_enter_folds_and_unfolds_and_left_goes_to_what_holds_it() -> None:
    page, world = call_page(result_of(content=[], structuredContent=VALUE))
    count = len(page.lines(world))
    folded, _ = pressed(page, world, "down", "enter")
    assert len(folded.lines(world)) < count
    unfolded, _ = pressed(folded, world, "right")
    assert len(unfolded.lines(world)) == count
    parent, _ = pressed(unfolded, world, "down", "left")
    assert parent.cursor.at == 1


def test_values_texts_and_paths_are_copied() -> None:
    page, world = call_page(result_of(content=[], structuredContent=VALUE))
    at_city, effects = pressed(page, world, "down", "down", "y")
    assert effects == (CopyText(text="Paris", what="the value"),)
    assert pressed(at_city, world, "Y")[1] == (CopyText(text="$.city", what="the path"),)
    assert pressed(at_city, world, "down", "y")[1] == (CopyText(text="[1,2]", what="the value"),)


def test_what_is_too_large_is_not_copied() -> None:
    page, world = call_page(result_of(content=[], structuredContent={"x": "y" * 100_000}))
    _, (told,) = pressed(page, world, "down", "down", "y")
    assert isinstance(told, Tell)
    assert "s saves it" in told.text


def test_a_search_leads_on_and_says_what_is_not_there() -> None:
    page, world = call_page(result_of(content=[text_block("one\ntwo\nthree\ntwo")]))
    found, _ = pressed(page, world, "/", "t", "w", "o", "enter")
    lines = found.lines(world)
    assert lines[found.cursor.at].text == "two"
    onward, _ = pressed(found, world, "n")
    assert onward.cursor.at == found.cursor.at + 2
    back, _ = pressed(onward, world, "N")
    assert back.cursor == found.cursor
    _, (told,) = pressed(page, world, "/", "q", "q", "enter")
    assert isinstance(told, Tell)
    assert "qq is not there" in told.text


def test_a_part_and_the_whole_are_saved_under_a_name_that_is_asked() -> None:
    page, world = call_page(result_of(content=[text_block("words")]))
    asked, _ = pressed(page, world, "down", "s")
    assert asked.saving is not None
    assert asked.saving.text == "probe.txt"
    assert pressed(asked, world, "enter")[1] == (SaveFile(path=Path("probe.txt"), content=b"words"),)
    _, (whole,) = pressed(page, world, "S", "enter")
    assert isinstance(whole, SaveFile)
    assert whole.path == Path("probe.json")
    assert msgspec.json.decode(whole.content)["content"] == [text_block("words")]
    assert pressed(asked, world, "esc")[0].saving is None


def test_a_link_is_followed_by_reading_it() -> None:
    page, world = call_page(result_of(content=[{"type": "resource_link", "uri": "u:/1", "name": "n"}]))
    _, (start, opened) = pressed(page, world, "down", "enter")
    assert isinstance(start, StartCall)
    assert (start.id, start.operation, start.body["uri"]) == (2, READ_RESOURCE, "u:/1")
    assert opened == Open(CallPage(id=2))


def test_cancelling_asks_the_gateway_first_and_closes_the_stream_where_that_does_not_help() -> None:
    page, world = call_page()
    cancelling, (request, told) = pressed(page, world, "c")
    assert isinstance(request, Fetch)
    assert (request.operation, request.path) == (CANCEL_EXCHANGE, {"id": "x-1"})
    assert "c again" in cast("Tell", told).text
    assert pressed(cancelling, world, "c")[1][0] == GiveUpCall(1)
    failed = cancelling.told(FetchFailed(request=request, why="gone", code=1), world)
    assert failed is not None
    assert failed.effects == (GiveUpCall(1),)
    over, after = call_page(result_of(content=[]))
    assert pressed(over, after, "c")[1] == (Tell(text="the call is over already"),)


def test_a_call_is_made_once_more_but_not_where_nothing_may_be_changed() -> None:
    page, world = call_page(result_of(content=[]))
    _, (start, opened) = pressed(page, world, "r")
    assert (cast("StartCall", start).id, opened) == (2, Open(CallPage(id=2)))
    _, (refused,) = pressed(page, attrs.evolve(world, is_read_only=True), "r")
    assert "read-only" in cast("Tell", refused).text


def test_the_mouse_moves_and_opens() -> None:
    page, world = call_page(result_of(content=[], structuredContent=VALUE))
    step = page.told(Clicked(zone="line", at=1, is_double=True), world)
    assert step is not None
    assert (step.value.cursor.at, step.value.toggled) == (1, frozenset({("result", 0)}))
    wheeled = page.told(Wheeled(3), world)
    assert wheeled is not None
    assert wheeled.value.cursor.at == 3


def test_a_call_that_is_kept_no_more_says_so() -> None:
    page = CallPage(id=9)
    world = world_after()
    assert "kept no more" in text_of(page.opened(world).value, world)[0]
    assert page.told(Key("enter"), world) is None


def test_a_form_is_filled_judged_and_sent() -> None:
    page, world = ask_page(message="Who?", requestedSchema=SCHEMA)
    wrong, effects = answered(page, world, "A", "f5")
    assert effects == ()
    assert "name" in "\n".join(text_of(wrong, world))
    _, effects = answered(wrong, world, "d", "a", "f5")
    if not effects:  # the cursor went to what was wrong
        pytest.fail("not sent")
    assert body_of(effects) == {"result": {"action": "accept", "content": {"name": "Ada"}}}


@pytest.mark.parametrize(("key", "action"), [("f8", "decline"), ("f9", "cancel")])
def test_a_form_is_declined_or_cancelled(key: str, action: str) -> None:
    page, world = ask_page(message="Who?", requestedSchema=SCHEMA)
    assert body_of(answered(page, world, key)[1]) == {"result": {"action": action}}


def test_a_url_is_shown_whole_and_copied_and_never_opened() -> None:
    url = "https://login.example.org/" + "a" * 100
    page, world = ask_page(mode="url", message="Sign in.", url=url)
    shown = text_of(page, world)
    assert " It wants you to open a page of login.example.org" in shown
    assert url in "".join(line.strip() for line in shown)
    assert answered(page, world, "y")[1] == (CopyText(text=url, what="the URL"),)
    assert body_of(answered(page, world, "f5")[1]) == {"result": {"action": "accept"}}
    assert body_of(answered(page, world, "d")[1]) == {"result": {"action": "decline"}}


def test_sampling_is_answered_in_the_words_of_the_assistant() -> None:
    messages = [{"role": "user", "content": text_block("Why?\x1b[2J")}]
    more = {"systemPrompt": "Be terse.", "maxTokens": 7, "modelPreferences": {"hints": [{"name": "m"}]}}
    page, world = ask_page("sampling/createMessage", messages=messages, tools=[{"name": "hammer"}], **more)
    shown = "\n".join(text_of(page, world))
    for each in ("system prompt: Be terse.", "model wanted: m", "at most 7 tokens", "hammer", "Why?\\x1b[2J"):
        assert each in shown
    page, _ = answered(page, world, "N", "o", "enter", "!")
    step = page.told(Pasted("\nmore"), world)
    assert step is not None
    page, _ = answered(step.value, world, "tab", "ctrl u")
    wrong, effects = answered(page, world, "f5")
    assert (effects, "model" in wrong.wrong) == ((), True)
    _, effects = answered(page, world, "m", "tab", "tab", "f5")
    result = {"role": "assistant", "content": text_block("No\n!\nmore"), "model": "m", "stopReason": "endTurn"}
    assert body_of(effects) == {"result": result}
    assert body_of(answered(page, world, "f8")[1]) == {"error": {"code": -1, "message": "the user declined"}}


def test_roots_are_given_one_a_line() -> None:
    page, world = ask_page("roots/list")
    step = page.told(Pasted("/tmp\n\nfile:///srv/x"), world)
    assert step is not None
    roots = [{"uri": "file:///tmp", "name": "tmp"}, {"uri": "file:///srv/x"}]
    assert body_of(answered(step.value, world, "f5")[1]) == {"result": {"roots": roots}}
    assert body_of(answered(page, world, "f5")[1]) == {"result": {"roots": []}}
    odd = page.told(Pasted("relative"), world)
    assert odd is not None
    assert "a folder from /" in answered(odd.value, world, "f5")[0].wrong


def test_an_answer_that_is_taken_leaves_its_page() -> None:
    page, world = ask_page("roots/list")
    _, (request,) = answered(page, world, "f5")
    step = page.told(Fetched(request=cast("Fetch", request), answer=None, raw=b""), world)
    assert step is not None
    assert step.effects[0] == Back(page)


def test_nothing_is_sent_twice_or_to_whom_nobody_waits_any_more() -> None:
    page, world = ask_page("roots/list")
    _, (request,) = answered(page, world, "f5")
    waiting = attrs.evolve(world, calls=noted(world.calls, request, NOW))
    assert "on its way" in cast("Tell", answered(page, waiting, "f5")[1][0]).text
    over = world_after(ask_event("a", "roots/list"), happening("ask_cancelled", {"id": "a"}))
    assert "nobody waits" in cast("Tell", answered(page, over, "f5")[1][0]).text
    assert "It is asked no more" in "\n".join(text_of(page, over))


def test_what_is_written_is_not_lost_by_one_key() -> None:
    page, world = ask_page("roots/list")
    assert page.told(Key("esc"), world) is None
    written, _ = answered(page, world, "/")
    _, (question,) = answered(written, world, "esc")
    assert isinstance(question, Confirm)
    assert question.yes == (Back(),)
