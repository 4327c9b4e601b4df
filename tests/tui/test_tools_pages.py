"""The pages of tools, of one entry, and of the calls that were: keys to states and effects, and all as text."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec
import pytest

from argus_trio.tui.calls.book import noted
from argus_trio.tui.calls.start import prompt_get, resource_read, tool_call
from argus_trio.tui.effect import Confirm, CopyText, Effect, Open, SaveFile, StartCall, Tell
from argus_trio.tui.message import CallCame, Clicked, DashboardMessage, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.pages.calling.history import HistoryPage
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.pages.tools import ToolsPage
from argus_trio.tui.screens.views import VIEWS
from argus_trio.tui.state.entries import entries
from argus_trio.tui.state.hearing import hear
from argus_trio.tui.state.world import World
from tests.tui.calling import happening
from tests.tui.catalogs import catalog, has_come, named, world_with


def told(page: DashboardPage, world: World, *messages: DashboardMessage | str) -> tuple[DashboardPage, list[Effect]]:
    """The page after messages, and the effects of the last one; a text is a key, one behind `=` is typed."""
    effects: tuple[Effect, ...] = ()
    for message in messages:
        for each in (message[1:] if message.startswith("=") else [message]) if isinstance(message, str) else [message]:
            step = page.told(Key(each) if isinstance(each, str) else each, world)
            if step is not None:
                page, effects = step.value, step.effects
    return page, list(effects)


def tools_after(world: World, *messages: DashboardMessage | str) -> tuple[ToolsPage, list[Effect]]:
    page, effects = told(ToolsPage(), world, *messages)
    assert isinstance(page, ToolsPage)
    return page, effects


def meant(page: ToolsPage, world: World) -> str:
    shown = page.shown(world)
    return shown[page.at(shown)].key if shown else ""


def drawn(page: DashboardPage, world: World) -> list[str]:
    canvas = VIEWS[type(page)](page, world, world.columns, world.page).render((world.columns, world.page))
    return [line.decode() for line in canvas.text]


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ([], "files__read"),
        (["j"], "files__write"),
        (["G"], "note://{id}"),
        (["/", "=revi"], "desk__review"),
        (["/", "=note", "down"], "note://{id}"),
        (["/", "=note", "down", "enter", "esc"], "note://{id}"),
        (["/", "=write", "esc"], "files__write"),
        (["tab"], "files__read"),
        (["tab", "tab"], "desk__review"),
        (["shift tab"], "note://{id}"),
        (["right", "right", "left"], "files__read"),
        (["G", "b", "g"], "desk__review"),
        (["G", "b", "g", "b"], "desk__review"),
        (["j", "j", "h"], "desk__review"),
        ([Clicked(zone="rows", at=1)], "files__write"),
        ([Clicked(zone="kind", at=3)], "note://1"),
        ([Wheeled(3)], "desk__review"),
        (["/", Pasted("re\nview")], "desk__review"),
    ],
)
def test_keys_lead_to_entries(keys: list[DashboardMessage | str], name: str) -> None:
    world = world_with()
    page, _ = tools_after(world, *keys)
    assert meant(page, world) == name


def test_what_is_hidden_is_left_out_by_a_key_and_comes_back_by_it() -> None:
    world = world_with()
    page, _ = tools_after(world, "h")
    assert "files__gone" not in [each.key for each in page.shown(world)]
    again, _ = told(page, world, "h")
    assert isinstance(again, ToolsPage)
    assert "files__gone" in [each.key for each in again.shown(world)]


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["enter"], InvokePage),
        (["/", "=desk__rev", "enter"], InvokePage),
        (["G", "enter"], InvokePage),
        (["G", "k", "enter"], CallPage),
        (["d"], EntryPage),
        (["H"], HistoryPage),
        (["/", "=note", "down", "enter"], InvokePage),
    ],
)
def test_keys_open_pages(keys: list[str], kind: type) -> None:
    _, effects = tools_after(world_with(), *keys)
    assert isinstance(effects[-1], Open)
    assert isinstance(effects[-1].page, kind)


def test_enter_keeps_what_is_searched_for_where_several_are_found_and_none_was_chosen() -> None:
    page, effects = tools_after(world_with(), "/", "=note", "enter")
    assert (page.filter.words, page.is_typing, effects) == ("note", False, [])


def test_a_hidden_tool_says_why_it_is_not_called() -> None:
    _, (tell, opened) = tools_after(world_with(), "/", "=gone", "enter")
    assert isinstance(tell, Tell)
    assert "filtered by tools.exclude" in tell.text
    assert isinstance(opened, Open)
    assert isinstance(opened.page, EntryPage)


def test_the_cursor_stays_on_its_entry_when_the_catalog_changes() -> None:
    world = world_with()
    page, _ = tools_after(world, has_come(catalog()), "j")
    other = catalog(named("files__a"), named("files__b"), named("files__write"))
    after = attrs.evolve(world, capabilities=other)
    now, _ = told(page, after, has_come(other))
    assert isinstance(now, ToolsPage)
    assert meant(now, after) == "files__write"
    gone = attrs.evolve(world, capabilities=catalog(named("files__x")))
    assert meant(now, gone) == "note://1"


def test_an_entry_that_was_never_moved_to_stays_meant_as_well() -> None:
    world = world_with()
    page, _ = tools_after(world, has_come(catalog()))
    other = catalog(named("files__a"), named("files__read"))
    assert meant(page, attrs.evolve(world, capabilities=other)) == "files__read"


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (99, 24), (100, 30), (120, 40), (200, 60)])
@pytest.mark.parametrize("keys", [[], ["/", "=write"], ["/", "=zzz"], ["h", "b"], ["tab"]])
def test_the_list_can_be_drawn_at_any_size(columns: int, rows: int, keys: list[str]) -> None:
    world = world_with(columns=columns, rows=rows)
    page, _ = tools_after(world, *keys)
    assert len(drawn(page, world)) == world.page


def test_details_stand_beside_the_list_from_a_hundred_columns_on() -> None:
    wide, narrow = world_with(columns=100), world_with(columns=99)
    assert any("details" in line for line in drawn(ToolsPage(), wide))
    assert not any("details" in line for line in drawn(ToolsPage(), narrow))


def test_hidden_ones_are_marked_by_a_word_and_say_why() -> None:
    lines = drawn(ToolsPage(), world_with())
    assert any(line.startswith("hid  files__gone") and "hidden: filtered" in line for line in lines)
    page, _ = tools_after(world_with(), "h")
    assert "without hidden ones" in drawn(page, world_with())[0]


def test_where_nothing_is_found_it_is_told_what_narrows_it() -> None:
    page, _ = tools_after(world_with(), "b", "/", "=zzz")
    assert any("Escape clears it" in line for line in drawn(page, world_with(columns=200)))
    world = attrs.evolve(world_with(), capabilities=None)
    assert any("has not come yet" in line for line in drawn(ToolsPage(), world))


def entry_page(name: str, world: World) -> EntryPage:
    return EntryPage(last=next(each for each in entries(world.capabilities) if each.key == name))


def test_an_entry_is_scrolled_searched_and_shown_as_json() -> None:
    world = world_with(catalog(named("t", description="\n".join(f"line {at}" for at in range(100)))))
    page, _ = told(entry_page("t", world), world, "G")
    assert any("string date-time" in line for line in drawn(page, world))
    page, _ = told(page, world, "g", "/", "=line 50", "enter")
    assert "line 50" in drawn(page, world)[0]
    page, effects = told(page, world, "/", "=x", "enter")
    assert effects == [Tell(text="line 50x is not there", kind="warning")]
    page, _ = told(entry_page("t", world), world, "J")
    assert drawn(page, world)[1].strip().startswith('"annotations": {')
    page, _ = told(page, world, "/", "=Node", "enter", "n", "N", "G", "page up", Wheeled(3))
    assert "JSON" in drawn(page, world)[-1]
    _, (copied,) = told(page, world, "y")
    assert isinstance(copied, CopyText)
    assert msgspec.json.decode(copied.text)["name"] == "t"


def test_an_entry_is_shown_as_it_is_now_and_says_when_it_is_gone() -> None:
    world = world_with()
    page = entry_page("files__read", world)
    other = catalog(named("files__read", description="Changed."))
    page_now, _ = told(page, attrs.evolve(world, capabilities=other), has_come(other))
    assert any("Changed." in line for line in drawn(page_now, world))
    gone = catalog(named("x"))
    after, effects = told(page_now, attrs.evolve(world, capabilities=gone), has_come(gone), "enter")
    assert "listed no more" in drawn(after, world)[0]
    assert effects == [Tell(text="it is listed no more, and cannot be called", kind="warning")]
    _, effects = told(entry_page("files__gone", world), world, "enter")
    assert isinstance(effects[0], Tell)


def with_calls(world: World, *starts: Callable[[World], StartCall]) -> World:
    """A world in which these calls were made; the last one is under way."""
    for at, start_of in enumerate(starts):
        start = start_of(world)
        world = attrs.evolve(world, calls=noted(world.calls, start, world.now))
        if at < len(starts) - 1:
            result = happening("result", {"content": [], "isError": False})
            world = hear(world, CallCame(call=start, events=(result,))).value
    return world


MADE = (
    lambda world: resource_read(world.calls, "note://1"),
    lambda world: prompt_get(world.calls, "desk__review", {"language": "C"}),
    lambda world: tool_call(world.calls, "files__write", {"path": msgspec.Raw(b'"/a b"')}, view="ops"),
    lambda world: tool_call(world.calls, "files__read", {"path": msgspec.Raw(b'"/x"')}),
)


def test_calls_are_listed_the_latest_first_and_opened_by_their_ids() -> None:
    world = with_calls(world_with(), *MADE)
    page = HistoryPage().opened(world).value
    lines = drawn(page, world)
    assert [line.split()[1] for line in lines[1:5]] == ["under", "done", "done", "done"]
    assert 'path="/x"' in lines[1]
    _, effects = told(page, world, "j", "enter")
    assert effects == [Open(CallPage(id=3))]
    more = with_calls(world, MADE[3])
    assert told(page, more, "enter")[1] == [Open(CallPage(id=4))], "another call has come, and the same one is meant"
    assert "no call was made yet" in "".join(drawn(HistoryPage(), world_with()))
    assert told(HistoryPage(), world_with(), "r")[1] == [Tell(text="no call was made yet")]


def test_a_call_is_repeated_as_it_was_and_asked_first_where_it_may_destroy() -> None:
    world = with_calls(world_with(), *MADE)
    _, (start, opened) = told(HistoryPage(), world, "r")
    assert isinstance(start, StartCall)
    assert (start.id, start.body, opened) == (5, MADE[3](world).body, Open(CallPage(id=5)))
    _, (confirm,) = told(HistoryPage(), world, "j", "r")
    assert isinstance(confirm, Confirm)
    _, (refused,) = told(HistoryPage(), attrs.evolve(world, is_read_only=True), "j", "r")
    assert isinstance(refused, Tell)


def test_a_call_is_edited_in_its_form_with_what_was_sent() -> None:
    world = with_calls(world_with(), *MADE)
    _, (opened,) = told(HistoryPage(), world, "j", "e")
    assert isinstance(opened, Open)
    assert isinstance(opened.page, InvokePage)
    assert (dict(opened.page.form.arguments), opened.page.view) == ({"path": msgspec.Raw(b'"/a b"')}, "ops")
    _, (prompt,) = told(HistoryPage(), world, "j", "j", "e")
    assert isinstance(prompt, Open)
    _, (resource,) = told(HistoryPage(), world, "G", "e")
    assert isinstance(resource, Tell)
    _, (gone,) = told(HistoryPage(), attrs.evolve(world, capabilities=catalog(named("x"))), "e")
    assert gone == Tell(text="files__read is listed no more, so there is no form for it", kind="warning")


def test_a_call_is_copied_and_saved() -> None:
    world = with_calls(world_with(), *MADE)
    _, effects = told(HistoryPage(), world, "j", "y")
    line = "argus-trio call --server http://one --view ops files__write 'path=/a b'"
    assert effects == [CopyText(text=line, what="the command line")]
    _, (saved,) = told(HistoryPage(), world, "j", "s")
    assert isinstance(saved, SaveFile)
    assert str(saved.path) == "files--write.call.json"
    assert msgspec.json.decode(saved.content) == {
        "method": "/tools/call",
        "target": "files__write",
        "arguments": {"path": "/a b"},
        "result": {"content": [], "isError": False},
    }
    _, (tell, alone) = told(HistoryPage(), world, "s")
    assert isinstance(tell, Tell)
    assert isinstance(alone, SaveFile)
    assert "result" not in msgspec.json.decode(alone.content)
