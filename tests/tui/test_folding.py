"""Indented lines, folded and searched."""

from __future__ import annotations

import pytest

from argus_trio.tui.parts.folding import below, foldable, seen_of

TEXTS = ("a: 1", "b:", "  c:", "    d: x", "  e: y", "l:", "  - n: 1", "    m: 2", "  - n: 3", "z")
LINES = foldable(("", text) for text in TEXTS)


def test_each_line_has_the_path_of_what_it_stands_below() -> None:
    assert [line.path for line in LINES] == [
        ("a",),
        ("b",),
        ("b", "c"),
        ("b", "c", "d"),
        ("b", "e"),
        ("l",),
        ("l", "- n"),
        ("l", "- n", "m"),
        ("l", "- n #2"),
        ("z",),
    ]
    assert [line.text.strip() for line in LINES if line.has_below] == ["b:", "c:", "l:", "- n: 1"]


@pytest.mark.parametrize(
    ("folded", "seen"),
    [
        ([], list(TEXTS)),
        ([("b",)], ["a: 1", "b:", "l:", "  - n: 1", "    m: 2", "  - n: 3", "z"]),
        ([("b", "c"), ("l",)], ["a: 1", "b:", "  c:", "  e: y", "l:", "z"]),
        ([("b",), ("b", "c"), ("gone",)], ["a: 1", "b:", "l:", "  - n: 1", "    m: 2", "  - n: 3", "z"]),
        ([("z",)], list(TEXTS)),
    ],
)
def test_nothing_is_seen_below_what_is_folded(folded: list[tuple[str, ...]], seen: list[str]) -> None:
    assert [line.text for line in seen_of(LINES, frozenset(folded), "")] == seen


def test_what_is_hidden_is_counted() -> None:
    counts = {line.text: line.hidden for line in seen_of(LINES, frozenset({("b",), ("l", "- n")}), "")}
    assert (counts["b:"], counts["  - n: 1"], counts["z"]) == (3, 1, 0)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("X", [("b:", False), ("  c:", False), ("    d: x", True)]),
        ("n", [("l:", False), ("  - n: 1", True), ("  - n: 3", True)]),
        ("n 3", [("l:", False), ("  - n: 3", True)]),
        ("b:", [("b:", True)]),
        ("nowhere", []),
    ],
)
def test_what_is_looked_for_is_seen_with_what_it_stands_below(words: str, seen: list[tuple[str, bool]]) -> None:
    assert [(line.text, line.is_found) for line in seen_of(LINES, frozenset({("b",)}), words)] == seen


def test_all_that_stands_below_a_line() -> None:
    assert below(LINES, ("b", "c")) == ("  c:", "    d: x")
    assert foldable(()) == ()
