"""What names are made of."""

from __future__ import annotations

import re

import pytest

from argus_trio.config.model.naming import BACKEND_NAME, NAME_PART, ConflictResolution


@pytest.mark.parametrize("name", ["a", "7", "files-2.old_one", "x" * 32])
def test_a_backends_name_begins_with_a_letter_or_a_digit_and_is_short(name: str) -> None:
    assert re.fullmatch(BACKEND_NAME, name)


@pytest.mark.parametrize("name", ["", "-a", "_a", ".a", "x" * 33, "a b", "a/b", "ä", "a\n"])
def test_other_names_are_none(name: str) -> None:
    assert not re.fullmatch(BACKEND_NAME, name)


def test_the_separator_is_made_of_what_names_may_hold() -> None:
    assert re.fullmatch(f"{NAME_PART}+", ConflictResolution().separator)
