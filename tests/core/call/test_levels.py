"""Levels: what passes, and what several clients ask for together."""

from __future__ import annotations

from argus_trio.core.call.levels import LEVELS, most_verbose, passes_level


def test_a_message_passes_at_its_own_level_and_below() -> None:
    for rank, level in enumerate(LEVELS):
        assert [passes_level(level, asked) for asked in LEVELS] == [n <= rank for n in range(len(LEVELS))]


def test_an_unknown_level_of_a_message_passes() -> None:
    assert passes_level("odd", "emergency")


def test_the_most_verbose_of_several_is_asked_upstream() -> None:
    assert most_verbose(["error", "info", "alert", "odd"]) == "info"
    assert most_verbose([]) is None
