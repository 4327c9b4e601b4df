"""Which changes of a list's length are worth a line in the log."""

from __future__ import annotations

import pytest

from argus_trio.core.catalog.remarks import Upheaval, upheavals


@pytest.mark.parametrize(
    ("before", "after", "is_one"),
    [(20, 9, True), (20, 10, False), (20, 40, False), (20, 41, True), (4, 9, False), (4, 10, True), (10, 0, True)],
)
def test_a_list_is_halved_or_doubled_and_not_small(before: int, after: int, is_one: bool) -> None:
    found = upheavals({"tools": range(before)}, {"tools": range(after)})
    assert found == ((Upheaval(kind="tools", before=before, after=after),) if is_one else ())


def test_a_kind_that_is_listed_no_more_is_empty_and_a_new_one_is_no_upheaval() -> None:
    found = upheavals({"tools": range(50)}, {"prompts": range(50)})
    assert found == (Upheaval(kind="tools", before=50, after=0),)
