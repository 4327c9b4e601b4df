"""Pages and cursors: nothing twice, nothing left out, and no cursor but our own."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.catalog import paging
from argus_trio.core.catalog.paging import Cursors, Listed, listed
from argus_trio.errors import InvalidParams

CURSORS = Cursors(key=b"k" * 32)
KEYS = st.sets(st.text(st.characters(codec="utf-8"), max_size=5), max_size=40)


@pytest.fixture(autouse=True)
def pages_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 3)


def listing(keys: list[str] | set[str]) -> Listed:
    return listed("tools", ((key, json.dumps({"name": key}).encode()) for key in keys))


def names(entries: bytes) -> list[str]:
    return [entry["name"] for entry in json.loads(b"[%b]" % entries)]


def test_a_short_list_is_one_page_in_the_order_given() -> None:
    short = listing(["c", "a", "b"])
    assert short.is_one_page
    assert short.whole == b'{"tools":[{"name": "c"},{"name": "a"},{"name": "b"}]}'
    assert short.page(None)[1] is None


def test_an_empty_list_is_one_empty_page() -> None:
    assert listing([]).whole == b'{"tools":[]}'
    assert listing([]).page("x") == (b"", None)


def test_a_long_list_is_cut_into_pages_in_the_order_of_its_keys() -> None:
    long = listing(["d", "b", "a", "c"])
    assert not long.is_one_page
    first, last = long.page(None)
    assert (names(first), last) == (["a", "b", "c"], "c")
    assert long.page(last) == (b'{"name": "d"}', None)


def test_a_last_page_that_is_full_has_no_page_behind_it() -> None:
    assert listing(list("abcdef")).page("c")[1] is None


@given(KEYS, KEYS)
def test_what_stays_while_a_list_changes_between_two_pages_is_shown_exactly_once(
    before: set[str], then: set[str]
) -> None:
    entries, last = listing(before).page(None)
    shown = names(entries)
    while last is not None:
        entries, last = listing(then).page(last)
        shown += names(entries)
    assert len(shown) == len(set(shown))
    if len(before) > 3:
        assert before & then <= set(shown)


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["tools", "prompts", ""]))
def test_a_cursor_opens_to_what_it_was_made_of(last: str, kind: str) -> None:
    assert CURSORS.open(kind, CURSORS.seal(kind, last)) == last


def test_a_cursor_of_another_kind_or_another_process_is_refused() -> None:
    cursor = CURSORS.seal("tools", "x")
    for cursors, kind in ((CURSORS, "prompts"), (CURSORS, "tool"), (Cursors(key=b"other" * 8), "tools")):
        with pytest.raises(InvalidParams):
            cursors.open(kind, cursor)


@given(st.data(), st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_cursor_with_any_byte_changed_is_refused(data: st.DataObject, last: str) -> None:
    sealed = bytearray(base64.urlsafe_b64decode(CURSORS.seal("tools", last)))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidParams):
        CURSORS.open("tools", base64.urlsafe_b64encode(sealed).decode())


@given(st.text())
def test_what_was_never_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidParams):
        CURSORS.open("tools", text)


def test_the_key_is_not_shown() -> None:
    assert "k" * 8 not in repr(CURSORS)
