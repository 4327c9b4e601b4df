"""Checks, differences and reloads as lines."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from argus_trio.contract.control import DifferenceAnswer, DifferenceEntry, ProblemEntry, ValidateAnswer
from argus_trio.manage_client.clean import width
from argus_trio.tui.pages.reports import checked_lines, difference_lines, reload_lines
from tests.cli import values
from tests.tui.drawn import DIFFERENCE

PROBLEM = ProblemEntry(path="backends.x.type", message="missing\nindeed", hint="write it " * 20, line=4)
VALID = ValidateAnswer(valid=True, errors=(), problems=(), warnings=(), backends=("files", "desk"))


def texts(lines: object, start: str = "") -> list[str]:
    assert hasattr(lines, "__iter__")
    return [text for _, text in lines if text.startswith(start)]


def test_a_check_tells_how_many_problems_there_are_and_breaks_long_hints() -> None:
    answer = attrs.evolve(VALID, valid=False, problems=(PROBLEM,), warnings=(attrs.evolve(PROBLEM, line=None),))
    lines = texts(checked_lines(answer, 40))
    assert lines[0] == "the file cannot be loaded: 1 problem"
    assert {"! backends.x.type, line 4", "? backends.x.type", "    missing", "    indeed", "worth knowing: 1"} <= {
        *lines
    }
    assert all(width(line) <= 40 for line in lines)
    assert " ".join(line.strip() for line in lines).count("write it") == 40


def test_a_sound_file_is_called_so() -> None:
    assert texts(checked_lines(VALID, 80))[0] == "the file is sound: 2 backends"


def test_errors_without_a_place_are_told_as_well() -> None:
    answer = attrs.evolve(VALID, valid=False, errors=("it takes too long to check",))
    assert texts(checked_lines(answer, 80), "!") == ["! it takes too long to check"]


@pytest.mark.parametrize(
    ("member", "sign"),
    [
        ("backends_added", "+ x: added"),
        ("backends_removed", "- x: removed"),
        ("backends_changed", "~ x: changed, connected anew"),
        ("backends_adjusted", "~ x: adjusted without a restart"),
        ("not_ready", "! x: not ready"),
        ("still_starting", "! x: still starting"),
        ("needs_restart", "! x: takes effect only after a restart of the gateway"),
        ("backends_untouched", "= x: untouched"),
    ],
)
def test_each_thing_that_a_reload_does_has_its_sign(member: str, sign: str) -> None:
    changed: dict[str, Any] = {member: ("x",)}
    assert sign in texts(reload_lines(attrs.evolve(values.reloaded(), **changed), 80))


def test_a_reload_that_was_refused_begins_with_that() -> None:
    answer = values.reloaded(is_done=False, errors=("backends: missing",))
    lines = texts(reload_lines(answer, 80))
    assert lines[0].startswith("NOT reloaded")
    assert "! backends: missing" in lines


def test_what_differs_fits_the_room_and_keeps_its_signs() -> None:
    deep = {"type": "stdio", "env": {"LONG": "x" * 200, "WIDE": "写" * 60}}
    entries = (
        *DIFFERENCE.entries,
        DifferenceEntry(path="backends.deep", kind="removed", file=None, running=deep),
        DifferenceEntry(path="a.b", kind="changed", file={}, running=None),
    )
    for columns in (30, 78, 118):
        lines = texts(difference_lines(attrs.evolve(DIFFERENCE, entries=entries, more=7), columns, "->"))
        assert all(width(line) <= columns for line in lines[2:]), columns
        assert lines[0] == "14 places of the file differ from what is running"
        assert lines[-1] == "and 7 more places, not told"
        assert "~ a.b: null -> {}" in lines


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (attrs.evolve(DIFFERENCE, entries=(), is_same=True), "the file says what is running"),
        (attrs.evolve(DIFFERENCE, entries=DIFFERENCE.entries[:1]), "1 place of the file differs from what is running"),
        (
            attrs.evolve(DIFFERENCE, entries=(), problems=(PROBLEM,)),
            "the file cannot be loaded, so nothing is known: 1 problem",
        ),
    ],
)
def test_the_first_line_says_how_it_stands(answer: DifferenceAnswer, first: str) -> None:
    assert texts(difference_lines(answer, 80, "->"))[0] == first


def test_nothing_that_acts_on_a_terminal_stands_in_a_report() -> None:
    evil = "a\x1b[2J\u202eb"
    problem = attrs.evolve(PROBLEM, path=evil, message=evil, hint=evil)
    answer = attrs.evolve(VALID, valid=False, problems=(problem,), errors=(evil,))
    entry = DifferenceEntry(path=evil, kind="changed", file=evil, running=evil * 9)
    reload = attrs.evolve(values.reloaded(), errors=(evil,), backends_added=(evil,), triggers=(evil,))
    lines = [
        *checked_lines(answer, 80),
        *reload_lines(reload, 80),
        *difference_lines(attrs.evolve(DIFFERENCE, entries=(entry,)), 80, "->"),
    ]
    assert all(text.isprintable() for _, text in lines)
