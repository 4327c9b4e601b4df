"""The whole of the dashboard: keys, effects, and what it makes of the gateway going and coming."""

from __future__ import annotations

import pytest

from argus_trio.contract.calls import CALL_TOOL
from argus_trio.tui.effect import Back, Confirm, Effect, Fetch, Open, Quit, SetLook, StartCall, SwitchGateway, Tell
from argus_trio.tui.message import (
    Clicked,
    Done,
    Key,
    Pasted,
    StreamCame,
    StreamLost,
    StreamOpened,
    Ticked,
    Wheeled,
)
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.shell.over import ChangeQuestion, CommandPalette, GatewayList, Help
from argus_trio.tui.shell.palette import searched
from argus_trio.tui.shell.update import first
from argus_trio.tui.state.hearing import STREAM
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.wire.event_stream import Event
from tests.cli.values import tool, tools
from tests.tui.dashboards import GATEWAYS, FakePage, after, model_of, shown


@pytest.mark.parametrize(
    ("keys", "over"),
    [
        (["?"], Help()),
        (["f1"], Help()),
        (["?", "?"], None),
        (["?", "esc"], None),
        (["?", "q"], None),
        ([":"], CommandPalette()),
        (["ctrl p", "ctrl p"], None),
        (["ctrl g"], GatewayList()),
        (["ctrl g", "esc"], None),
        (["x"], None),
    ],
)
def test_a_key_of_all_pages_lays_something_over_the_page(keys: list[str], over: object) -> None:
    step = after(model_of(), *keys)
    assert (step.value.over, step.effects) == (over, ())


@pytest.mark.parametrize(("keys", "tab"), [("2", "2"), ("21", "1"), ("22", "2"), ("3", "1"), ("11", "1")])
def test_a_digit_leads_to_its_page(keys: str, tab: str) -> None:
    assert after(model_of(), *keys).value.tab == tab


@pytest.mark.parametrize("key", ["1", "q", "?", ":", "j"])
def test_while_a_page_is_typing_letters_are_its_own(key: str) -> None:
    step = after(model_of(FakePage(is_typing=True)), key)
    assert shown(step.value).told_of == (Key(key),)
    assert (step.value.over, step.effects) == (None, ())


def test_a_text_that_is_pasted_is_for_the_page() -> None:
    assert shown(after(model_of(), Pasted("q1?")).value).told_of == (Pasted("q1?"),)


def test_a_page_is_opened_when_its_tab_is_seen_first_and_never_again() -> None:
    model = after(model_of(), "2", "1", "2").value
    assert shown(model).opened_times == 1


def test_a_page_whose_tab_is_seen_before_the_gateway_is_there_is_opened_once_it_is() -> None:
    model = after(model_of(link="connecting"), "2").value
    assert shown(model).opened_times == 0
    assert shown(after(model, StreamOpened(stream=STREAM)).value).opened_times == 1


def test_pages_that_are_open_are_opened_anew_when_the_gateway_is_back() -> None:
    model = after(model_of(FakePage(), FakePage(title="Top")), StreamOpened(stream=STREAM)).value
    assert [page.opened_times for page in model.stacks["1"] if isinstance(page, FakePage)] == [1, 1]
    assert [page.opened_times for page in model.stacks["2"] if isinstance(page, FakePage)] == [0]


def test_escape_goes_back_and_what_the_page_has_begun_is_ended() -> None:
    stop = Fetch(operation=STREAM.operation)
    step = after(model_of(FakePage(), FakePage(title="Top", at_end=(stop,))), "esc")
    assert (step.value.page.title, step.effects) == ("Fake", (stop,))
    assert after(step.value, "esc").value.page.title == "Fake"


def test_a_page_opens_another_one_on_top() -> None:
    step = after(model_of(FakePage(effects=(Open(FakePage(title="Top")),))), "enter")
    assert (shown(step.value).title, shown(step.value).opened_times, step.effects) == ("Top", 1, ())
    assert after(model_of(FakePage(), FakePage(effects=(Back(),))), "x").value.page.title == "Fake"


@pytest.mark.parametrize(
    ("keys", "is_done"),
    [
        ("y", True),
        ("n", False),
        ("esc", False),
        ("q", False),
        ("enter", False),
        ("left enter", True),
        ("tab tab enter", False),
    ],
)
def test_what_cannot_be_taken_back_is_done_after_a_yes(keys: str, is_done: bool) -> None:
    change = Fetch(operation=STREAM.operation, is_change=True)
    asked = after(model_of(FakePage(effects=(Confirm(question="Drain?", yes=(change,)),))), "d")
    assert (asked.value.over, asked.effects) == (ChangeQuestion(text="Drain?", yes=(change,)), ())
    step = after(asked.value, *keys.split())
    assert (step.value.over, step.effects) == (None, (change,) if is_done else ())


def test_other_keys_leave_a_question_where_it_is() -> None:
    asked = after(model_of(FakePage(effects=(Confirm(question="Drain?", yes=()),))), "d").value
    assert after(asked, "x", "1", "?", Wheeled(3), Clicked(zone="tab", at=1)).value == asked
    assert after(asked, Clicked(zone="button")).value.over is None


def test_q_leaves() -> None:
    assert after(model_of(), "q").effects == (Quit(),)


def test_a_tab_is_clicked() -> None:
    assert after(model_of(), Clicked(zone="tab", at=1)).value.tab == "2"
    assert after(model_of(), Clicked(zone="tab", at=7)).value.tab == "1"


@pytest.mark.parametrize(
    ("typed", "tab", "effects"),
    [("other", "2", ()), ("quit", "1", (Quit(),)), ("two", "1", (SwitchGateway("two"),)), ("zzz", "1", ())],
)
def test_the_palette_finds_pages_commands_and_gateways(typed: str, tab: str, effects: tuple[Effect, ...]) -> None:
    step = after(model_of(rights=frozenset({"operate"})), ":", Pasted(typed), "enter")
    assert (step.value.tab, step.effects) == (tab, effects)


def test_the_palette_presses_keys_of_the_page_that_may_be_pressed() -> None:
    model = after(model_of(rights=frozenset({"read", "operate"})), ":", Pasted("drain"), "enter").value
    assert shown(model).told_of == (Key("d"),)
    model = after(model_of(rights=frozenset({"read"})), ":", Pasted("drain"), "enter").value
    assert isinstance(model.over, CommandPalette)


def test_another_gateway_is_chosen_from_the_list() -> None:
    assert after(model_of(), "ctrl g", "down", "enter").effects == (SwitchGateway("two"),)
    step = after(model_of(), "ctrl g", "enter")
    assert (step.value.over, step.effects) == (None, ())


def test_where_several_gateways_are_there_and_none_is_named_the_user_is_asked() -> None:
    begun = first(World(shown="", link=GatewayLink(state="none")), GATEWAYS)
    assert (begun.value.over, begun.effects) == (GatewayList(), ())
    assert after(begun.value, "esc").value.over == GatewayList()
    assert after(begun.value, "q").effects == (Quit(),)
    assert after(begun.value, "down", "enter").effects == (SwitchGateway("two"),)


def test_a_gateway_that_is_known_is_followed_from_the_start() -> None:
    assert first(World(shown="http://one")).effects == (STREAM,)


def test_a_warning_of_the_start_is_told() -> None:
    begun = first(World(shown="http://one"), (), ("others can read it",))
    assert begun.value.notice is not None
    assert begun.value.notice.told == Tell(text="others can read it", kind="warning")


def test_ctrl_r_connects_anew() -> None:
    step = after(model_of(), "ctrl r")
    assert (step.value.world.link.state, step.effects[-1]) == ("connecting", STREAM)


def test_ctrl_t_goes_through_the_palettes() -> None:
    model = model_of()
    names = []
    for _ in range(3):
        step = after(model, "ctrl t")
        model = step.value
        names += [effect.palette for effect in step.effects if isinstance(effect, SetLook)]
    assert names == ["light", "mono", "dark"]
    assert model.world.look.palette == "dark"


def test_a_notice_goes_by_itself() -> None:
    model = after(model_of(), Done(what="saved", text="saved: /x")).value
    assert model.notice is not None
    assert model.notice.told == Tell(text="saved: /x", kind="good")
    assert after(model, Ticked(107.0)).value.notice is not None
    assert after(model, Ticked(109.0)).value.notice is None


def test_a_fault_is_not_hidden_by_what_weighs_less() -> None:
    model = after(model_of(), Done(what="failed", text="no room"), Done(what="copied", text="copied")).value
    assert model.notice is not None
    assert (model.notice.told.text, model.notice.others) == ("no room", 1)


def test_figures_are_told_to_the_page_in_sight_alone() -> None:
    figures = Event(event="figures", data=b"{}", id="", retry=None)
    ready = Event(event="heartbeat", data=b"{}", id="", retry=None)
    model = after(model_of(), StreamCame(stream=STREAM, events=(figures, ready))).value
    [seen] = shown(model).told_of
    [unseen] = shown(after(model, "2").value).told_of
    assert (isinstance(seen, StreamCame) and len(seen.events), isinstance(unseen, StreamCame) and unseen.events) == (
        2,
        (ready,),
    )


def test_help_is_scrolled_and_takes_all_keys() -> None:
    step = after(model_of(), "?", "down", "down", "up", "1", "d")
    assert (step.value.over, step.value.tab, shown(step.value).told_of) == (Help(top=1), "1", ())


def test_a_stream_that_is_refused_says_so_and_what_may_be_seen_is_asked() -> None:
    lost = StreamLost(stream=STREAM, why="no", code=4, pause=3.0, is_over=True)
    step = after(model_of(), lost)
    assert step.value.world.link == GatewayLink(state="refused", why="no", since=100.0)
    assert [effect.operation.path for effect in step.effects if isinstance(effect, Fetch)] == [
        "/me",
        "/backends",
        "/capabilities",
    ]


def test_what_would_cancel_calls_is_asked_first() -> None:
    start = StartCall(id=1, operation=CALL_TOOL, body={})
    model = after(model_of(FakePage(effects=(start,))), "x").value
    asked = after(model, "q")
    assert isinstance(asked.value.over, ChangeQuestion)
    assert ("A call is under way here" in asked.value.over.text, asked.effects) == (True, ())
    assert after(asked.value, "y").effects == (Quit(),)
    asked = after(model, "ctrl g", "down", "enter")
    assert (isinstance(asked.value.over, ChangeQuestion), asked.effects) == (True, ())
    assert after(asked.value, "y").effects == (SwitchGateway("two"),)


def test_the_palette_finds_tools_once_something_is_typed() -> None:
    model = model_of(capabilities=tools(tool("files_read", description="Read a file"), tool("clock")))
    assert all(each.entry is None for each in searched(model, ""))
    model = after(model, ":", Pasted("read file"), "enter").value
    assert (model.tab, isinstance(model.page, EntryPage), model.page.title) == ("2", True, "files_read")
