"""How wide a text is: what urwid counts, what commands count, and what is drawn agree."""

from __future__ import annotations

import pytest
import urwid
import wcwidth
from urwid.str_util import calc_width

from argus_trio.manage_client.clean import clean, cut, padded, width, wrapped
from argus_trio.tui.kit.cells import TextCell
from argus_trio.tui.kit.rows import Rows

TEXTS = {
    "abc": 3,
    "日本語": 6,
    "한국": 4,
    "ａ": 2,
    "ｶﾞ": 2,
    "e\u0301": 1,
    "x\u0308\u0301y": 2,
    "👩\u200d👩\u200d👧": 2,
    "👍🏽": 2,
    "🏳\ufe0f\u200d🌈": 2,
    "❤\ufe0f": 2,
    "1\ufe0f\u20e3": 2,
    "🇯🇵": 2,
    "☺": 1,
    "…─▁●": 4,
    "a\u00adb": 6,
    "\u202eabc": 9,
    "a\u200d日本": 11,
    "👨\u200dab": 10,
    "日\u200d": 8,
}


@pytest.mark.parametrize(("text", "columns"), TEXTS.items())
def test_all_who_count_agree(text: str, columns: int) -> None:
    shown = clean(text)
    assert width(shown) == calc_width(shown, 0, len(shown)) == columns
    assert width(padded(shown, 12)) == 12


@pytest.mark.parametrize(("text", "columns"), TEXTS.items())
def test_a_terminal_shows_no_more_columns(text: str, columns: int) -> None:
    """One that counts each character by itself, but for pictures that are joined."""
    alone = sum(max(wcwidth.wcwidth(each), 0) for each in clean(text))
    assert alone <= columns or clean(text) == text


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_cut_is_never_wider_than_its_place(text: str) -> None:
    shown = clean(text) * 4
    for columns in range(1, width(shown) + 2):
        assert width(cut(shown, columns)) <= columns
        assert all(width(line) <= max(columns, 2) for line in wrapped(shown, columns))
        assert "".join(wrapped(shown, columns)) == shown


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("align", ["left", "right"])
def test_a_cell_is_as_wide_as_it_is_meant_to_be(text: str, align: str) -> None:
    for columns in range(1, 12):
        cell = TextCell(text, columns, align="right" if align == "right" else "left")
        drawn = Rows(1, lambda _, cell=cell: [cell.markup, "|"]).render((columns + 1, 1))  # type: ignore[misc]
        assert isinstance(drawn, urwid.Canvas)
        assert drawn.text[0].decode().endswith("|")
