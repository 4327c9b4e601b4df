"""What is written: clean, as wide as it is, in the words of people."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

import msgspec
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from argus_trio.manage_client.clean import clean, cut, json_escaped, one_line, padded, width, wrapped
from argus_trio.manage_client.moments import duration, moment, size
from argus_trio.manage_client.outline import tree_lines
from argus_trio.verbs.show.progress import progress_line
from argus_trio.verbs.show.table import GAP, LEAST_COLUMN, fitted, kept_columns

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cn"]))  # YAML has no characters that are none
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand", "two\nlines\tand"),
        ("\x1b[31mred\x07\r", "\\x1b[31mred\\x07\\r"),
        ("a\r\nb", "a\nb"),
        ("\x9b\u202egnp.exe", "\\x9b\\u202egnp.exe"),
        ("👩\u200d💻 é", "👩\u200d💻 é"),
        ("a\u200d日 👨\u200d", "a\\u200d日 👨\\u200d"),
    ],
)
def test_what_would_act_on_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    acting = {"Cc", "Cf", "Cs"}
    assert not [each for each in clean(text) if unicodedata.category(each) in acting and each not in "\n\t\u200d"]
    assert "\n" not in one_line(text)
    raw = msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()
    assert msgspec.json.decode(json_escaped(raw)) == msgspec.json.decode(raw)


@given(st.text(), st.integers(1, 30))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    text = one_line(text)
    assert width(cut(text, columns)) <= columns
    assert width(padded(cut(text, columns), columns)) == columns


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8), st.integers(40, 200))
def test_a_table_fits_unless_its_columns_are_narrow_already(widths: list[int], room: int) -> None:
    found = fitted(widths, room)
    assert all(new <= old for new, old in zip(found, widths, strict=True))
    assert sum(found) + GAP * (len(found) - 1) <= room or max(found) <= LEAST_COLUMN
    assert fitted(widths, None) == widths


@example("00\u1087", 2)
@given(st.text(st.characters(exclude_categories=["Cs", "Cn"])), st.integers(2, 30))
def test_a_wrapped_text_fits_and_is_whole(text: str, columns: int) -> None:
    lines = wrapped(one_line(text), columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == one_line(text).replace(" ", "")


def test_what_matters_least_makes_room() -> None:
    head, widths = ("ID", "METHOD", "CLIENT", "WHY"), [12, 10, 16, 90]
    assert kept_columns(head, widths, ("METHOD", "CLIENT"), 80) == [0, 1, 2, 3]
    assert kept_columns(head, widths, ("METHOD", "CLIENT"), 60) == [0, 2, 3]
    assert kept_columns(head, widths, ("METHOD", "CLIENT"), 40) == [0, 3]
    assert kept_columns(head, widths, ("METHOD", "CLIENT"), None) == [0, 1, 2, 3]
    assert fitted([20, 90], 40) == [20, 18]


@given(VALUES)
def test_a_tree_is_yaml(value: object) -> None:
    text = "\n".join(tree_lines(value))
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0012, "1 ms"),
        (3.21, "3.2 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (7260, "2 h 1 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_have_two_places(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_moment_has_its_day_if_it_is_another() -> None:
    now = datetime.fromisoformat("2026-11-26T12:00:00+01:00")
    assert moment("2026-11-26T10:30:00.000Z", now) == "11:30:00"
    assert moment("2026-11-25T10:30:00.000Z", now) == "2026-11-25 11:30:00"
    assert moment("whenever", now + timedelta()) == "whenever"
    assert moment(None, now) == ""


def test_sizes_and_progress_are_short() -> None:
    assert [size(1), size(2000), size(5 * 1024 * 1024)] == ["1 byte", "2.0 KiB", "5.0 MiB"]
    assert progress_line(1, 4, "a\nb") == "[######..................]  25% 1/4 a b"
    assert progress_line(9, 4, None).endswith("100% 9/4")
    assert progress_line(3, None, None) == "3"
    assert progress_line(1234567, 10**8, None).endswith("1% 1234567/100000000")
    assert progress_line(1.5, 10**400, None).startswith("[....")
    assert progress_line("x", {}, 3) == ""
