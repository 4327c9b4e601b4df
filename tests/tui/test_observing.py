"""Traffic, configuration, tree and events: keys and answers to what is shown and done."""

from __future__ import annotations

from typing import cast

import attrs
import pytest

from argus_trio.contract.clients import CANCEL_EXCHANGE, CLOSE_SESSION, EXCHANGES, SESSIONS
from argus_trio.contract.control import DIFFERENCE, RELOAD, VALIDATE, ProblemEntry, ValidateAnswer
from argus_trio.contract.events import FiguresEntry, GapEntry
from argus_trio.contract.settings import CONFIG, SET_LOG_LEVEL, TREE
from argus_trio.manage_client.failure import FAILED
from argus_trio.tui.effect import CopyText, Effect, Fetch
from argus_trio.tui.message import Clicked, Fetched, FetchFailed, Key, StreamCame, Ticked, Wheeled
from argus_trio.tui.pages.configuration import ConfigurationPage
from argus_trio.tui.pages.events import GAPS_KEPT, EventsPage
from argus_trio.tui.pages.record import RecordPage
from argus_trio.tui.pages.traffic import TrafficPage
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.screens.traffic import traffic as traffic_view
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import update
from argus_trio.tui.state.hearing import STREAM
from argus_trio.wire.event_stream import Event
from tests.cli import values
from tests.tui.drawn import FIGURES, NOW, after, dashboard, drawn, effects, exchange, json_of, keys
from tests.tui.drawn import TREE as TREE_ANSWER


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
    assert "Cancel files_read of bob (e-2)?" in drawn(model)
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


def busier(calls: int) -> FiguresEntry:
    """Figures after so many more calls; nothing is under way."""
    figures = tuple(attrs.evolve(each, calls=each.calls + calls) for each in FIGURES.figures)
    return attrs.evolve(FIGURES, in_flight=0, figures=figures)


@pytest.mark.parametrize(("tabs", "path"), [(1, EXCHANGES.path), (2, SESSIONS.path)])
def test_what_is_over_and_sessions_are_asked_for_where_they_have_changed_and_not_otherwise(
    tabs: int, path: str
) -> None:
    model = keys(dashboard("3"), *["tab"] * tabs)
    model = after(model, came("figures", busier(0)), Ticked(NOW + 5))
    model = after(model, came("figures", busier(0)))
    later = after(model, Ticked(NOW + 60))
    assert asked(update(later, came("figures", busier(0))).effects) == []
    step = update(later, came("figures", busier(1)))
    assert asked(step.effects) == [path]
    again = update(after(step.value, Ticked(NOW + 90)), came("figures", busier(2)))
    assert asked(again.effects) == []  # the answer is under way


def test_sessions_are_asked_for_after_one_was_opened() -> None:
    model = after(keys(dashboard("3"), "tab", "tab"), came("figures", busier(0)), Ticked(NOW + 5))
    model = after(after(model, came("figures", busier(0))), Ticked(NOW + 60))
    noted = after(model, came("session_opened", values.event(9, "session_opened")))
    assert asked(update(noted, came("figures", busier(0))).effects) == [SESSIONS.path]


def test_an_answer_under_way_is_waited_for() -> None:
    step = update(dashboard("3"), came("figures", FIGURES))
    assert asked(step.effects) == [EXCHANGES.path]
    assert asked(update(step.value, came("figures", FIGURES)).effects) == []
    (request,) = step.effects
    assert isinstance(request, Fetch)
    failed = update(step.value, FetchFailed(request=request, why="it took too long", code=FAILED)).value
    assert "it took too long" in drawn(failed)
    assert "desk__order" in drawn(failed)  # what was known stays
    assert asked(update(failed, came("figures", FIGURES)).effects) == [EXCHANGES.path]


def test_thousands_are_asked_for_more_seldom_and_what_was_not_fetched_is_told() -> None:
    model = dashboard("3", columns=120)
    entries = tuple(exchange(number) for number in range(4000))
    step = update(model, came("figures", FIGURES))
    (request,) = step.effects
    assert isinstance(request, Fetch)
    assert request.has_pages
    answer = attrs.evolve(values.EXCHANGES, exchanges=entries, total=9000, next="e-4000")
    model = update(step.value, Fetched(request=request, answer=answer, raw=b"")).value
    assert "4000 of 9000" in drawn(model)
    assert "the first 4000 were fetched" in drawn(model)
    assert asked(update(after(model, Ticked(NOW + 3)), came("figures", FIGURES)).effects) == []
    assert asked(update(after(model, Ticked(NOW + 4.5)), came("figures", FIGURES)).effects) == [EXCHANGES.path]


@pytest.mark.parametrize(
    ("tab", "pressed", "told"),
    [
        ("3", ("enter",), "waits for its client's answer"),
        ("3", ("tab", "down", "enter"), "an error -31017"),
        ("3", ("tab", "tab", "enter"), "3 calls under way, and sees 4 tools"),
        ("4", ("down", "enter"), 'token: "***"'),
        ("6", ("up", "enter"), "\\x1b[31mred"),
    ],
)
def test_enter_opens_all_of_it_and_escape_leads_back(tab: str, pressed: tuple[str, ...], told: str) -> None:
    model = keys(dashboard(tab), *pressed)
    assert isinstance(model.page, RecordPage)
    assert told in drawn(model)
    assert not isinstance(keys(model, "esc").page, RecordPage)


def test_what_is_opened_is_searched_scrolled_and_copied() -> None:
    model = keys(dashboard("3"), "enter", "/", "=outcome", "enter")
    page = cast("RecordPage", model.page)
    assert page.text[page.place.at :].lstrip().startswith('"outcome"')
    assert cast("RecordPage", keys(model, "home").page).place.at == 0
    (copied,) = effects(model, "y")
    assert isinstance(copied, CopyText)
    assert copied.text.startswith("{")
    missing = keys(model, "/", "ctrl u", "=nowhere", "enter")
    assert missing.notice is not None
    assert "'nowhere' is not found" in missing.notice.told.text
    nothing = keys(dashboard("3"), "enter", "n")
    assert nothing.notice is not None
    assert "nothing is searched for" in nothing.notice.told.text


def test_the_difference_is_told_with_signs() -> None:
    seen = drawn(keys(dashboard("4"), "tab"))
    for line in (
        "5 places of the file differ from what is running",
        "+ backends.new",
        "- backends.old.url",
        "~ server.port: 9000 → 9001",
        "~ server.management.token: another secret",
    ):
        assert line in seen


def test_the_difference_is_asked_for_again_when_it_is_gone_to() -> None:
    assert asked(effects(dashboard("4"), "tab")) == [DIFFERENCE.path]
    assert DIFFERENCE.path in asked(effects(dashboard("4"), "u"))


def test_what_could_not_be_asked_for_is_told_where_it_would_stand() -> None:
    model = keys(dashboard("4"), "tab")
    failed = after(model, FetchFailed(request=Fetch(operation=DIFFERENCE), why="there is no file", code=FAILED))
    assert "there is no file" in drawn(failed)
    assert "there is no file" not in drawn(keys(failed, "tab"))


def test_the_configuration_folds_and_what_is_hidden_is_counted() -> None:
    model = keys(dashboard("4"), "down", " ")
    page = cast("ConfigurationPage", model.page)
    assert [line.text for line in page.shown[:3]] == ['version: "1"', "server:", "backends:"]
    assert "server:  3 more" in drawn(model)
    assert len(cast("ConfigurationPage", keys(model, "right").page).shown) == 8
    assert len(cast("ConfigurationPage", keys(model, "-").page).shown) == 3
    assert len(cast("ConfigurationPage", keys(model, "-", "+").page).shown) == 8
    up = cast("ConfigurationPage", keys(dashboard("4"), "down", "down", "left").page)
    assert up.shown[up.cursor.at].text == "server:"


def test_a_reload_says_at_once_that_it_is_under_way() -> None:
    model = keys(dashboard("4"), "r")
    assert "the file is being read" in drawn(update(model, Key("y")).value)


def test_the_tree_folds_but_for_its_first_levels_and_the_cursor_stays_near() -> None:
    model = keys(dashboard("5"), "end", "-")
    assert "trio" in drawn(model)
    page = cast("TreePage", keys(dashboard("5"), "end").page)
    assert page.meant[-1] == "keep-alive"
    gone = attrs.evolve(page, meant=(*page.meant, "gone"))
    assert gone.shown[gone.place(gone.shown)].node.name == "keep-alive"


def test_a_tree_where_nothing_happens_is_not_asked_for_and_tells_how_old_it_is() -> None:
    model = after(dashboard("5"), came("figures", FIGURES), Ticked(NOW + 3))
    step = update(model, came("figures", FIGURES))
    model = after(
        step.value,
        *(Fetched(request=each, answer=TREE_ANSWER, raw=b"") for each in step.effects if isinstance(each, Fetch)),
    )
    later = after(model, Ticked(NOW + 63))
    assert asked(update(later, came("figures", FIGURES)).effects) == []
    assert "looked at 1 min ago" in drawn(later)
    stirred = after(later, came("backend_down", values.event(9, "backend_down")))
    assert asked(update(stirred, came("figures", FIGURES)).effects) == [TREE.path]


def test_missing_events_are_marked_where_they_are_missing() -> None:
    gap = GapEntry(timestamp="2026-11-26T12:00:30.000Z", since="a1-4", message="12 are gone")
    newer = attrs.evolve(values.event(20, "backend_ready", "back again"), timestamp="2026-11-26T12:01:00.000Z")
    model = after(dashboard("6"), came("gap", gap), came("backend_ready", newer))
    assert events(model) == ["a1-1", "a1-2", "a1-3", "a1-4", f"gap {gap.timestamp}", newer.id]
    assert "events are missing here" in drawn(model)
    gaps = [attrs.evolve(gap, timestamp=f"2026-11-26T12:00:{number}.000Z") for number in range(10, 50)]
    assert len(cast("EventsPage", after(model, *(came("gap", each) for each in (*gaps, *gaps))).page).gaps) == GAPS_KEPT
    assert events(after(dashboard("6", events=()), came("gap", gap))) == []
    broken = StreamCame(stream=STREAM, events=(Event(event="gap", data=b"{}", id="", retry=None),))
    assert len(cast("EventsPage", after(model, broken).page).gaps) == 1


def test_events_of_another_day_say_which() -> None:
    assert "11-26 12:00 info" in drawn(dashboard("6"))
    today = attrs.evolve(values.event(1, "backend_ready"), timestamp="2026-01-02T03:00:00.000Z")
    assert "\n03:00:00 info" in drawn(dashboard("6", events=(today,)))


def test_events_are_found_by_their_details() -> None:
    assert events(keys(dashboard("6"), "/", '="times":3', "enter")) == ["a1-3"]


def test_only_a_call_that_is_held_up_stands_out() -> None:
    page = dashboard("3")
    assert isinstance(page.page, TrafficPage)
    canvas = traffic_view(page.page, page.world, 80, 20).render((80, 20))
    attributes = [{attribute for attribute, _, _ in row} for row in canvas.content()]
    assert "cursor" in attributes[2]
    assert "warn" in attributes[3]  # it waits for a place
    entries = (exchange(1, waits_for="backend"), exchange(2, waits_for="pipeline"))
    working = page.page.with_list("in flight", entries=entries)
    canvas = traffic_view(working, page.world, 80, 20).render((80, 20))
    assert not any("warn" in {attribute for attribute, _, _ in row} for row in canvas.content())
