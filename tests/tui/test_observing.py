"""Traffic, configuration, tree and events: keys and answers to what is shown and done."""

from __future__ import annotations

from typing import cast

import attrs
import pytest

from argus_trio.contract.clients import CANCEL_EXCHANGE, CLOSE_SESSION, EXCHANGES, SESSIONS
from argus_trio.contract.control import RELOAD, VALIDATE, ProblemEntry, ValidateAnswer
from argus_trio.contract.settings import CONFIG, SET_LOG_LEVEL, TREE
from argus_trio.manage_client.failure import FAILED
from argus_trio.tui.effect import CopyText, Effect, Fetch
from argus_trio.tui.message import Clicked, Fetched, FetchFailed, StreamCame, Ticked, Wheeled
from argus_trio.tui.pages.configuration import ConfigurationPage
from argus_trio.tui.pages.events import EventsPage
from argus_trio.tui.pages.traffic import TrafficPage
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import update
from argus_trio.tui.state.hearing import STREAM
from argus_trio.wire.event_stream import Event
from tests.cli import values
from tests.tui.drawn import FIGURES, NOW, after, dashboard, drawn, effects, json_of, keys


def asked(done: tuple[Effect, ...]) -> list[str]:
    return [each.operation.path for each in done if isinstance(each, Fetch)]


def came(kind: str, value: object) -> StreamCame:
    return StreamCame(stream=STREAM, events=(Event(event=kind, data=json_of(value).encode(), id="", retry=None),))


def traffic(model: Model) -> TrafficPage:
    return cast("TrafficPage", model.page)


def test_traffic_is_asked_for_when_it_is_opened() -> None:
    page = TrafficPage().opened(dashboard("1").world)
    assert asked(page.effects) == [EXCHANGES.path, EXCHANGES.path, SESSIONS.path]


def test_what_is_in_flight_is_asked_for_after_figures_while_it_is_looked_at_and_something_is_under_way() -> None:
    model = dashboard("3")
    assert asked(update(model, came("figures", FIGURES)).effects) == [EXCHANGES.path]
    idle = attrs.evolve(FIGURES, in_flight=0)
    model = attrs.evolve(model, stacks={**model.stacks, "3": (TrafficPage(),)})
    assert asked(update(model, came("figures", idle)).effects) == []
    assert asked(update(keys(model, "6"), came("figures", FIGURES)).effects) == []


@pytest.mark.parametrize(
    ("words", "shown"),
    [("", ["e-1", "e-2"]), ("bob", ["e-2"]), ("ORDER desk", ["e-1"]), ("another-editor", ["e-2"]), ("nobody", [])],
)
def test_traffic_is_narrowed_to_words(words: str, shown: list[str]) -> None:
    model = keys(dashboard("3"), "/", f"={words}", "enter")
    assert [each.id for each in traffic(model).shown] == shown
    assert [each.id for each in traffic(keys(model, "esc")).shown] == ["e-1", "e-2"]


def test_a_call_is_cancelled_after_a_question() -> None:
    model = keys(dashboard("3"), "down", "c")
    assert "Cancel files_read of bob?" in drawn(model)
    (done,) = effects(model, "y")
    assert isinstance(done, Fetch)
    assert (done.operation, done.path) == (CANCEL_EXCHANGE, {"id": "e-2"})
    assert effects(model, "n") == ()
    failed = update(model, FetchFailed(request=done, why="it is over", code=FAILED)).value
    assert failed.notice is not None
    assert "call e-2 was not cancelled: it is over" in failed.notice.told.text


def test_a_session_is_ended_after_a_question() -> None:
    (done,) = effects(dashboard("3"), "tab", "tab", "c", "y")
    assert isinstance(done, Fetch)
    assert (done.operation, done.path) == (CLOSE_SESSION, {"id": "s-1"})


def test_a_dashboard_that_is_read_only_cancels_nothing() -> None:
    model = keys(dashboard("3", is_read_only=True), "c")
    assert model.over is None
    assert model.notice is not None
    assert "read-only" in model.notice.told.text


def test_the_cursor_stays_on_a_call_wherever_it_stands_in_the_list() -> None:
    model = keys(dashboard("3"), "down")
    page = traffic(model)
    entries = page.list.entries
    page = page.with_list("in flight", entries=(*entries[1:], *entries[:1]))
    assert page.shown[page.at(page.shown)].id == "e-2"


def test_ages_go_on_while_nothing_is_heard() -> None:
    model = after(dashboard("3"), Ticked(NOW + 10))
    assert "1 min 15 s" in drawn(model)


def test_a_click_and_the_wheel_move_the_cursor() -> None:
    model = after(dashboard("3"), Clicked(zone="rows", at=1))
    assert traffic(model).meant == "e-2"
    assert traffic(after(model, Wheeled(-3))).meant == "e-1"


def test_a_reload_is_made_after_a_question_and_its_report_is_shown() -> None:
    model = keys(dashboard("4"), "r")
    assert "Read the configuration file again?" in drawn(model)
    (done,) = effects(model, "y")
    assert isinstance(done, Fetch)
    assert (done.operation, done.taken, done.is_change) == (RELOAD, (422, 500, 503), True)
    seen = drawn(keys(model, "y"))
    assert "+ new: added" in seen
    assert "~ files: changed" in seen
    assert "! server.port: takes effect only after a restart of the gateway" in seen


def test_a_reload_that_is_refused_says_why() -> None:
    model = keys(dashboard("4"), "r", "y")
    request = Fetch(operation=RELOAD, is_change=True)
    answer = values.reloaded(is_done=False, errors=("backends.files.command: missing",))
    seen = drawn(after(model, Fetched(request=request, answer=answer, raw=b"")))
    assert "not reloaded: backends.files.command: missing" in seen


def test_a_check_shows_each_problem_with_its_place_and_what_to_write() -> None:
    model = dashboard("4")
    (done,) = effects(model, "v")
    assert isinstance(done, Fetch)
    assert done.operation is VALIDATE
    problem = ProblemEntry(path="backends.x.type", message="missing", hint="write type: stdio", line=4)
    answer = ValidateAnswer(valid=False, errors=(), problems=(problem,), warnings=(problem,), backends=())
    seen = drawn(after(model, Fetched(request=done, answer=answer, raw=b"")))
    assert "! backends.x.type, line 4" in seen
    assert "write type: stdio" in seen
    assert "worth knowing" in seen


def test_a_reload_by_somebody_else_is_looked_at() -> None:
    done = update(dashboard("4"), came("reloaded", values.event(9, "reloaded"))).effects
    assert CONFIG.path in asked(done)


@pytest.mark.parametrize("key", ["v", "r", "L"])
def test_who_may_not_operate_is_told_so(key: str) -> None:
    model = keys(dashboard("4", rights=frozenset({"read"})), key)
    assert model.over is None
    assert effects(dashboard("4", rights=frozenset({"read"})), key) == ()


def test_the_level_of_the_log_is_changed_after_a_question() -> None:
    model = keys(dashboard("4"), "L")
    assert "from info to warning?" in drawn(model)
    (done,) = effects(model, "y")
    assert isinstance(done, Fetch)
    assert (done.operation, done.body) == (SET_LOG_LEVEL, {"level": "warning"})


def test_the_configuration_is_narrowed_to_words_and_what_they_stand_below() -> None:
    page = cast("ConfigurationPage", keys(dashboard("4"), "/", "=token", "enter").page)
    assert [line.text.strip() for line in page.shown] == ["server:", "management:", 'token: "***"']


def test_the_tree_is_folded_by_keys_and_stays_so_when_it_is_looked_at_again() -> None:
    model = keys(dashboard("5"), "down", " ")
    page = cast("TreePage", model.page)
    assert [each.node.name for each in page.shown] == ["trio", "nursery"]
    assert page.shown[1].is_folded
    again = keys(model, "u")
    assert [each.node.name for each in cast("TreePage", again.page).shown] == ["trio", "nursery"]
    opened = cast("TreePage", keys(again, "right").page)
    assert [each.node.name for each in opened.shown] == ["trio", "nursery", "backend files", "keep-alive"]
    narrowed = cast("TreePage", keys(again, "/", "=keep", "enter").page)
    assert [each.node.name for each in narrowed.shown] == ["trio", "nursery", "keep-alive"]


def test_the_tree_is_asked_for_at_a_modest_pace_while_it_is_looked_at() -> None:
    model = dashboard("5")
    assert asked(update(model, came("figures", FIGURES)).effects) == []
    later = after(model, Ticked(NOW + 3.5))
    assert asked(update(later, came("figures", FIGURES)).effects) == [TREE.path]
    assert asked(update(keys(later, "6"), came("figures", FIGURES)).effects) == []


def events(model: Model) -> list[str]:
    return [each.id for each in cast("EventsPage", model.page).shown(model.world)]


def test_events_are_narrowed_by_severity_and_words() -> None:
    model = dashboard("6")
    assert events(model) == ["a1-1", "a1-2", "a1-3", "a1-4"]
    assert events(keys(model, "v")) == ["a1-1", "a1-2", "a1-3", "a1-4"]
    assert events(keys(model, "v", "v")) == ["a1-3", "a1-4"]
    assert events(keys(model, "v", "v", "v")) == ["a1-3"]
    assert events(keys(model, "/", "=egress", "enter")) == ["a1-4"]


def test_the_end_is_followed_until_one_scrolls_up() -> None:
    model = after(dashboard("6"), came("backend_down", values.event(5, "backend_down", "newest")))
    assert "newest" in drawn(model)
    up = after(keys(model, "up"), came("backend_down", values.event(6, "backend_down", "newer still")))
    page = cast("EventsPage", up.page)
    assert page.meant == "a1-4"
    assert "2 newer: End follows" in drawn(up)
    assert cast("EventsPage", keys(up, "end").page).meant is None


def test_an_event_is_copied_as_json() -> None:
    (done,) = effects(dashboard("6"), "y")
    assert isinstance(done, CopyText)
    assert '"id":"a1-4"' in done.text
