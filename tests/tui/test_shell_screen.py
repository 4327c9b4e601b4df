"""The whole of the dashboard as text: head, tabs, notice, foot, and what lies over a page, in any size."""

from __future__ import annotations

import time

import attrs
import pytest

from argus_trio.manage_client.clean import width
from argus_trio.tui.effect import Tell
from argus_trio.tui.message import Done, FetchFailed, Key, Pasted
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.screens.frame.foot import foot
from argus_trio.tui.screens.frame.head import head
from argus_trio.tui.screens.shell import shell
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.notice import told_now
from argus_trio.tui.shell.over import ChangeQuestion
from argus_trio.tui.shell.update import first, update
from argus_trio.tui.state.asking import LISTS, STATUS_NAME
from argus_trio.tui.state.world import GatewayLink, World
from tests.cli.values import STATUS
from tests.tui.dashboards import GATEWAYS, FakePage, model_of

NOON = time.mktime((2026, 11, 27, 12, 0, 0, 0, 0, -1))


def lines_of(model: Model) -> list[str]:
    """What is on the screen, line by line."""
    world = model.world
    canvas = shell(model).render((world.columns, world.rows))
    return [line.decode() for line in canvas.text]


def model_with(**world: object) -> Model:
    known = World(shown="http://one", gateway="one", now=NOON, **world)  # type: ignore[arg-type]
    return attrs.evolve(first(known).value, gateways=GATEWAYS)


def live(**world: object) -> Model:
    return model_with(link=GatewayLink(state="connected", since=NOON), status=STATUS, **world)


def text_of(markup: object) -> str:
    """Markup without its attributes."""
    if isinstance(markup, tuple):
        return str(markup[1])
    return "".join(map(text_of, markup)) if isinstance(markup, list) else str(markup)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (200, 60), (81, 25)])
@pytest.mark.parametrize("keys", ["", "?", ":", "!", "\x07", "2"])
def test_every_screen_fills_the_terminal(columns: int, rows: int, keys: str) -> None:
    model = live(columns=columns, rows=rows)
    for key in keys:
        model = update(model, Key("ctrl g" if key == "\x07" else key)).value
    lines = lines_of(model)
    assert (len(lines), {width(line) for line in lines}) == (rows, {columns})


@pytest.mark.parametrize(("columns", "rows"), [(79, 24), (80, 23), (20, 5), (1, 1), (500, 2)])
def test_below_the_least_size_one_line_says_so(columns: int, rows: int) -> None:
    lines = lines_of(live(columns=columns, rows=rows))
    assert len(lines) == rows
    assert lines[0].startswith("argus-trio: "[: columns - 1])


@pytest.mark.parametrize(
    ("world", "told"),
    [
        ({"link": GatewayLink(state="connected")}, "argus-trio  one http://one  ● live"),
        ({"link": GatewayLink()}, "◌ connecting"),
        ({"link": GatewayLink(state="lost", why="gone", since=NOON)}, "✗ LOST since 12:00:00"),
        ({"link": GatewayLink(state="refused", why="no", since=NOON)}, "✗ NOT LIVE since 12:00:00"),
        ({"link": GatewayLink(state="none")}, "- no gateway chosen"),
        ({"is_read_only": True}, "READ-ONLY  12:00"),
        ({"rights": frozenset({"read"})}, "READ-ONLY  12:00"),
        ({"rights_told": True}, "READ-ONLY  12:00"),
        ({"look": Appearance(is_unicode=False), "link": GatewayLink(state="connected")}, "* live"),
    ],
)
def test_the_head_says_how_it_stands(world: dict[str, object], told: str) -> None:
    line = text_of(head(World(**{"shown": "http://one", "gateway": "one", "now": NOON, **world})))  # type: ignore[arg-type]
    assert told in line
    assert width(line) == 80


def test_who_may_operate_is_not_told_that_it_is_read_only() -> None:
    assert "READ-ONLY" not in text_of(head(World(shown="h", rights=frozenset({"read", "operate"}))))


@pytest.mark.parametrize("name", ["x" * 300, "語" * 60, "a\x1b[2Jb", "‮evil"])
def test_a_long_or_hostile_name_leaves_the_head_a_line(name: str) -> None:
    link = GatewayLink(state="lost", why="w\x1b]0;t\x07" * 50, since=NOON)
    model = model_with(link=link)
    lines = lines_of(attrs.evolve(model, world=attrs.evolve(model.world, shown=name, gateway=name)))
    assert "LOST since 12:00:00" in lines[0]
    assert {width(line) for line in lines} == {80}
    assert not any("\x1b" in line or "‮" in line for line in lines)


def test_what_is_shown_while_the_gateway_is_lost_is_told_to_be_old() -> None:
    link = GatewayLink(state="lost", why="no gateway at http://one", since=NOON)
    assert (
        "what is shown is of 12:00:00, and it is tried again: no gatew"
        in lines_of(model_with(link=link, status=STATUS))[-2]
    )
    assert "nothing is known of it yet" in lines_of(model_with(link=link))[-2]
    link = GatewayLink(state="refused", why="say who asks")
    assert "Ctrl-R tries again: say who asks" in lines_of(model_with(link=link))[-2]


def test_a_notice_that_is_cut_says_where_all_of_it_is() -> None:
    model = update(live(), Done(what="failed", text="no room " * 30)).value
    line = lines_of(model)[-2]
    assert (line.startswith(" error: no room"), line.rstrip().endswith("… (!: all of it)")) == (True, True)
    seen = "\n".join(lines_of(update(model, Key("!")).value))
    assert seen.count("no room") > 30


def test_notices_that_are_not_shown_are_counted() -> None:
    model = update(live(), FetchFailed(request=LISTS[STATUS_NAME], why="slow", code=3)).value
    model = update(model, Done(what="copied", text="copied")).value
    assert lines_of(model)[-2].rstrip() == " error: what is shown may be old: slow (and 1 more: !)"


def test_the_foot_has_keys_as_many_as_there_is_room_for() -> None:
    assert text_of(foot(model_of(FakePage()))) == " Enter open   ? help  : palette  q quit "
    operator = model_of(FakePage(), rights=frozenset({"operate"}))
    assert text_of(foot(operator)) == " d drain  Enter open   ? help  : palette  q quit "
    assert text_of(foot(model_of(FakePage(is_typing=True)))) == " Enter open   F1 help  Esc back "
    assert " Esc back  ? help " in text_of(foot(model_of(FakePage(), FakePage())))


def test_help_says_why_a_key_is_not_offered() -> None:
    model = update(live(is_read_only=True), Key("?")).value
    assert "Help" in lines_of(model)[2] + lines_of(model)[3]
    screen = "\n".join(lines_of(model))
    screen += "\n".join(lines_of(update(model, Key("end")).value))
    for key in ("1 to 6", "Esc", "Ctrl-G", "Ctrl-R", "Ctrl-T"):
        assert key in screen


def test_a_question_of_many_lines_keeps_its_answers_in_sight() -> None:
    model = attrs.evolve(live(), over=ChangeQuestion(text="Drain it?\n" * 60, yes=()))
    lines = lines_of(model)
    assert any("y yes" in line and "n no" in line for line in lines)
    assert {width(line) for line in lines} == {80}
    model = attrs.evolve(live(), over=ChangeQuestion(text="Drain \x1b[31m?", yes=()))
    assert "\\x1b" in "\n".join(lines_of(model))


def test_the_palette_says_when_nothing_is_called_so() -> None:
    model = live()
    for message in (Key(":"), Pasted("zzz")):
        model = update(model, message).value
    assert "nothing is called so" in "\n".join(lines_of(model))


def test_gateways_are_listed_with_the_one_that_is_shown_marked() -> None:
    screen = "\n".join(lines_of(update(live(), Key("ctrl g")).value))
    assert "● one" in screen
    assert "two" in screen


def test_boxes_are_drawn_in_ascii_where_there_is_no_unicode() -> None:
    look = Appearance(is_unicode=False)
    for key in ("?", ":", "!", "ctrl g"):
        assert all(line.replace("…", "").isascii() for line in lines_of(update(live(look=look), Key(key)).value)), key


@pytest.mark.parametrize(
    ("kind", "told_at", "shown"),
    [
        ("info", -1, "tried again: gone"),
        ("info", 1, "an order is done"),
        ("error", -1, "error: an order is done"),
    ],
)
def test_what_was_told_before_does_not_hide_that_the_gateway_is_lost(kind: str, told_at: float, shown: str) -> None:
    notice = told_now(None, Tell(text="an order is done", kind=kind), NOON + told_at)  # type: ignore[arg-type]
    model = model_with(link=GatewayLink(state="lost", why="gone", since=NOON), status=STATUS)
    assert shown in lines_of(attrs.evolve(model, notice=notice))[-2]


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        (80, " argus-trio  http://127.0.0.1:9000  "),
        (64, " http://127.0.0.1:9000  "),
        (52, " 127.0.0.1:9000  "),
        (45, " 127.0.0.1:90…  "),
    ],
)
def test_the_address_gives_way_from_its_front(columns: int, where: str) -> None:
    address = "http://127.0.0.1:9000"
    link = GatewayLink(state="lost", why="gone", since=NOON)
    world = World(shown=address, gateway=address, now=NOON, link=link, columns=columns)
    assert text_of(head(world)).startswith(f"{where}✗ LOST")
