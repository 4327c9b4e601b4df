"""Rows, tables, panes and dialogs as text; what a click meets."""

from __future__ import annotations

import pytest
import urwid

from argus_trio.tui.kit.cells import TextCell, plain, row
from argus_trio.tui.kit.dialog import boxed, buttons, dialog
from argus_trio.tui.kit.pane import TitleLine, lines, pane, side_by_side, stacked
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.kit.table import TableColumn, laid_out, table
from argus_trio.tui.kit.zone import Zone, ZoneHit, zone_at
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.look import Appearance
from tests.tui.kit.drawn import attributes, drawn

LOOK = Appearance()
ASCII = Appearance(is_unicode=False)
COLUMNS = (
    TableColumn(title="name", columns=6, share=1),
    TableColumn(title="about", columns=6, share=3, drop=1, attribute="dim"),
    TableColumn(title="calls", columns=5, align="right", drop=2),
)


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (40, (11, 22, 5)),
        (19, (6, 6, 5)),
        (18, (7, 10, 0)),
        (13, (6, 6, 0)),
        (12, (12, 0, 0)),
        (3, (6, 0, 0)),
    ],
)
def test_columns_share_the_room_and_the_least_needed_are_left_out(room: int, widths: tuple[int, ...]) -> None:
    assert laid_out(COLUMNS, room).widths == widths


def test_a_table_has_headings_and_the_rows_around_its_cursor() -> None:
    layout = laid_out(COLUMNS, 30)
    shown = table(layout, lambda at: (f"t{at}", "日本語 and more", str(at)), 100, rows=4, cursor=Cursor(50))
    assert drawn(shown, 30, 4) == [
        "name     about           calls",
        "t49      日本語 and more    49",
        "t50      日本語 and more    50",
        "t51      日本語 and more    51",
    ]
    assert zone_at(shown, (30, 4), 2, 2) == ZoneHit("rows", 50)
    assert zone_at(shown, (30, 4), 2, 0) is None


def test_the_row_of_the_cursor_stands_out_as_a_whole() -> None:
    rows = Rows(1, lambda _: row((TextCell("a", 3, "good"), TextCell("b", 3, "bad"))), cursor=0)
    assert attributes(rows, 20, 1) == {"cursor"}


def test_only_rows_in_sight_are_drawn() -> None:
    asked: list[int] = []

    def draw(at: int) -> str:
        asked.append(at)
        return str(at)

    assert drawn(Rows(1_000_000, draw, top=500_000), 10, 3) == ["500000", "500001", "500002"]
    assert asked == [500_000, 500_001, 500_002]


def test_a_click_below_the_last_row_meets_nothing() -> None:
    assert zone_at(Rows(1, lambda _: "a"), (10, 3), 0, 0) == ZoneHit("rows", 0)
    assert zone_at(Rows(1, lambda _: "a"), (10, 3), 0, 1) is None


def test_a_title_is_cut_before_its_line_breaks() -> None:
    assert drawn(TitleLine("Log", LOOK, note="3/9"), 20) == ["─ Log ──────── 3/9 ─"]
    assert drawn(TitleLine("Log", ASCII, note="3/9"), 20) == ["- Log -------- 3/9 -"]
    assert drawn(TitleLine("日本" * 20, LOOK), 12) == ["─ 日本日… ──"]
    for columns in range(1, 30):
        assert len(drawn(TitleLine("a title", LOOK, note="a note"), columns)) == 1


def test_panes_lie_beside_and_below_each_other_and_know_their_clicks() -> None:
    left = pane("left", lines(["one"]), LOOK, zone="left")
    right = pane("right", Rows(2, str), LOOK, zone="right", is_focused=False)
    both = stacked((3, side_by_side((1, left), (1, right))), (None, lines(["below"])))
    assert drawn(both, 21, 5) == ["─ left ─── ─ right ──", "one        0", "           1", "below", ""]
    assert zone_at(both, (21, 5), 1, 1) == ZoneHit("left")
    assert zone_at(both, (21, 5), 12, 2) == ZoneHit("rows", 1)
    assert zone_at(both, (21, 5), 12, 0) == ZoneHit("right")


def test_a_dialog_lies_over_what_is_there_and_takes_its_clicks() -> None:
    below = Zone(urwid.SolidFill("."), "below")
    body = stacked((1, lines(["Sure?"])), (None, urwid.Filler(buttons([("y", "yes"), ("n", "no")], at=1), "top")))
    whole = dialog(below, "Ask", body, LOOK, size=(16, 2), room=(30, 6))
    shown = drawn(whole, 30, 6)
    assert shown[1] == ".....╭ Ask ─────────────╮....."
    assert shown[3] == ".....│  y yes  [no]     │....."
    assert zone_at(whole, (30, 6), 8, 3) == ZoneHit("button", 0)
    assert zone_at(whole, (30, 6), 15, 3) == ZoneHit("button", 1)
    assert zone_at(whole, (30, 6), 0, 0) is None


def test_a_dialog_is_never_larger_than_the_screen() -> None:
    whole = dialog(urwid.SolidFill("."), "Ask", lines(["text"] * 9), ASCII, size=(70, 9), room=(20, 5))
    assert drawn(whole, 20, 5)[0] == "+ Ask -------------+"
    assert drawn(boxed("Ask", lines(["x"]), ASCII), 10, 3) == ["+ Ask ---+", "| x      |", "+--------+"]


def test_markup_without_attributes_is_its_text() -> None:
    assert plain([("name", "a"), " ", ("dim", "b")]) == "a b"
    assert plain("a") == plain(("name", "a")) == "a"
