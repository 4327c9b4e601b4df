"""Long texts and edited lines: what is in sight, and nothing of the rest."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from typing import cast

import pytest

from argus_trio.manage_client.clean import width
from argus_trio.tui.kit.edited import edited_line
from argus_trio.tui.kit.scrolled import ScrolledText, highlighted
from argus_trio.tui.parts.line import EditedLine
from argus_trio.tui.parts.scroll import ScrollPlace, found_after, found_before, rows_before, rows_from
from tests.tui.kit.drawn import drawn

TEXT = "one two three four\n\nsix\x1b[31m 日本語\tx\nlast"


def test_a_text_is_wrapped_at_words_and_shown_harmless() -> None:
    assert drawn(ScrolledText(TEXT, ScrollPlace()), 12, 7) == [
        "one two", "three four", "", "six\\x1b[31m", "日本語    x", "last", "",
    ]  # fmt: skip


def test_a_line_without_words_is_broken_where_it_is_full() -> None:
    assert [row.text for row in rows_from("x" * 25, 0, 10, 9)] == ["x" * 10, "x" * 10, "x" * 5]
    assert [row.text for row in rows_from("日" * 5, 0, 5, 9)] == ["日日", "日日", "日"]
    assert [row.text for row in rows_from("日\x1b", 0, 1, 9)] == ["日", "\\x1b"]  # one that is wider than all is alone


def rows_of(text: str, columns: int) -> list[int]:
    return [row.start for row in rows_from(text, 0, columns, 10_000)]


@pytest.mark.parametrize("columns", [1, 7, 10, 40])
def test_rows_upwards_are_those_downwards(columns: int) -> None:
    pick = random.Random(7)
    text = "".join(pick.choice(["a", "bb ", "\n", "日", "\t", "word ", "e\u0301"]) for _ in range(400))
    starts = rows_of(text, columns)
    for at, start in enumerate(starts):
        assert rows_before(text, start, columns, 1) == starts[max(at - 1, 0)]
        assert rows_before(text, start, columns, 5) == starts[max(at - 5, 0)]


def test_nothing_of_a_text_is_lost_by_wrapping_it() -> None:
    pick = random.Random(3)
    text = "".join(pick.choice(["a", "b ", "\n", "日", "\x07"]) for _ in range(500))
    found = rows_from(text, 0, 9, 10_000)
    for row, following in pairwise(found):
        assert text[row.end : row.next] in ("", "\n")
        assert row.next == following.start


@pytest.mark.parametrize(
    ("key", "at"),
    [("down", 3), ("j", 3), (" ", 12), ("page down", 12), ("end", 294), ("G", 294), ("home", 0), ("up", 0), ("k", 0)],
)
def test_keys_move_through_a_text(key: str, at: int) -> None:
    text = "\n".join(f"{number:02}" for number in range(100)) + "\n-"
    assert ScrollPlace().moved(key, text, 80, 5) == ScrollPlace(at - 6 if key in ("end", "G") else at)


def test_the_last_page_stays_full() -> None:
    text = "\n".join(map(str, range(20)))
    place = ScrollPlace()
    for _ in range(30):
        moved = place.moved("page down", text, 80, 5)
        assert moved is not None
        place = moved
    assert [row.text for row in rows_from(text, place.at, 80, 5)] == ["15", "16", "17", "18", "19"]
    assert place.percent(text, 80, 5) == 100
    assert ScrollPlace().percent(text, 80, 5) < 40
    assert ScrollPlace().moved("x", text, 80, 5) is None
    assert place.within("short") == ScrollPlace()


def test_what_is_searched_for_is_found_forward_and_back_small_letters_in_large_ones() -> None:
    text = "alpha\nBeta\ngamma\nbeta\n"
    first = ScrollPlace().found("beta", text, 80)
    assert first == ScrollPlace(6)
    second = first.found("beta", text, 80)
    assert second == ScrollPlace(17)
    assert second.found("beta", text, 80) is None
    assert second.found("beta", text, 80, is_back=True) == first
    assert ScrollPlace().found("Beta", text, 80) == first
    assert first.found("Beta", text, 80) is None
    assert found_after("x", "", 0) == found_before("x", "", 1) == -1


def test_letters_that_become_two_shift_nothing() -> None:
    text = "İ" * 50 + "Needle"
    assert found_after(text, "needle", 0) == found_before(text, "needle", 56) == 50
    assert highlighted("İneedle", "needle") == "İneedle"


def test_a_match_stands_out() -> None:
    assert highlighted("one Two one", "one") == [("match", "one"), ("", " Two "), ("match", "one")]
    assert highlighted("one Two", "two", "dim") == [("dim", "one "), ("match", "Two")]
    assert highlighted("one", "x", "dim") == ("dim", "one")


@pytest.mark.parametrize("kind", ["one line", "lines", "empty lines"])
def test_fifty_megabytes_are_no_more_work_than_a_page(kind: str) -> None:
    text = {"one line": "x" * 50_000_000, "lines": "a line of text\n" * 3_300_000, "empty lines": "\n" * 50_000_000}[
        kind
    ]
    text += "Needle"
    begun = time.process_time()
    place: ScrollPlace | None = ScrollPlace()
    for key in ("page down", "end", "page up", "up", "home"):
        assert place is not None
        place = place.moved(key, text, 80, 24)
        assert place is not None
        drawn(ScrolledText(text, place), 80, 24)
    assert ScrollPlace().found("needle", text, 80) is not None
    assert time.process_time() - begun < 2.0


def test_an_edited_line_shows_its_cursor_and_moves_sideways() -> None:
    text = "0123456789abcdefghij"
    for columns in (8, 10, 40):
        for at in range(21):
            label, *pieces = cast("list[tuple[str, str]]", edited_line("/", EditedLine(text, at), columns))
            assert label == ("label", "/")
            assert [piece for name, piece in pieces if name == "cursor"] == [(text + " ")[at]]
            assert sum(width(piece) for _, piece in pieces) < columns
    wide = cast("list[tuple[str, str]]", edited_line("/", EditedLine("日本語" * 5), 8))
    assert sum(width(piece) for _, piece in wide) <= 8
    assert ("input", "a\\x1bb") in edited_line("/", EditedLine("a\x1bb"), 20)
