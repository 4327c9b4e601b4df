"""A list as its pages come in: where it is cut, and what is kept of it."""

from __future__ import annotations

import pytest

from argus_trio.backends.listings.listing import ListPage
from argus_trio.backends.listings.pages import MAX_ENTRIES, MAX_LIST_BYTES, MAX_PAGES, ListPages
from argus_trio.wire.envelope import Params, encode_raw


def page(*entries: tuple[str, Params], following: str | None = None) -> ListPage:
    cursor = None if following is None else encode_raw(following)
    return ListPage(entries=entries, invalid=0, next_cursor=cursor)


def entry(name: str, size: int = 0) -> tuple[str, Params]:
    return name, {"d": encode_raw("x" * size)}


def test_pages_are_gathered_in_order_until_the_last() -> None:
    gathering = ListPages()
    assert gathering.add(page(entry("a"), entry("b"), following="1"), 20)
    assert not gathering.add(page(entry("c")), 10)
    assert [key for key, _ in gathering.entries] == ["a", "b", "c"]
    assert not gathering.cut


def test_no_more_entries_are_kept_than_the_limit() -> None:
    gathering = ListPages()
    half = [entry(str(number)) for number in range(MAX_ENTRIES // 2 + 1)]
    assert gathering.add(page(*half, following="1"), 10)
    assert not gathering.add(page(*half, following="2"), 10)
    assert len(gathering.entries) == MAX_ENTRIES
    assert "entries" in gathering.cut


def test_exactly_as_many_as_the_limit_are_not_cut() -> None:
    gathering = ListPages()
    assert not gathering.add(page(*(entry(str(number)) for number in range(MAX_ENTRIES))), 10)
    assert not gathering.cut


def test_of_a_page_that_is_too_much_only_what_fits_is_kept() -> None:
    gathering = ListPages()
    third = MAX_LIST_BYTES // 3
    assert gathering.add(page(entry("a", third), entry("b", third), following="1"), 2 * third + 100)
    assert not gathering.add(page(entry("c", 1000), entry("d", third), entry("e")), third + 1100)
    assert [key for key, _ in gathering.entries] == ["a", "b", "c"]
    assert "bytes" in gathering.cut


def test_what_is_too_much_by_what_is_no_entry_keeps_its_entries() -> None:
    gathering = ListPages()
    gathering.add(page(entry("a")), MAX_LIST_BYTES + 1)
    assert len(gathering.entries) == 1


@pytest.mark.parametrize(("cursor", "reason"), [("same", "circle"), ("{}", "pages")])
def test_pages_without_an_end_are_not_followed_for_ever(cursor: str, reason: str) -> None:
    gathering, number = ListPages(), 0
    while gathering.add(page(entry("a"), following=cursor.format(number)), 10):
        number += 1
    assert reason in gathering.cut
    assert gathering.pages <= MAX_PAGES
