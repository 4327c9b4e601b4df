"""docs/management.md names every path, problem and reason that there is, and no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from argus_trio.contract.backends import BackendEntry
from argus_trio.contract.capabilities import CapabilitiesQuery
from argus_trio.contract.openapi import operations
from argus_trio.contract.operation import Operation
from argus_trio.contract.problem import PROBLEMS
from argus_trio.core.catalog.catalog import HiddenWhy

PATH = Path(__file__).parents[2] / "docs" / "management.md"
PAGE = PATH.read_text()


def right_of(operation: Operation) -> str:
    if operation.is_public:
        return "anybody"
    return "let in" if operation.right is None else f"`manage:{operation.right}`"


def rows(heading: str) -> list[str]:
    """The first cells of the tables of a section, without their headings."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (.*?) \|(?!-)", re.sub(r"^\|.*\|\n\|---.*", "", section, flags=re.MULTILINE), re.MULTILINE)


def table(head: str, found: Sequence[tuple[str, ...]], request: pytest.FixtureRequest) -> list[str]:
    """The lines of the table with this head; with `--update` they are made anew."""
    pattern = re.compile(rf"(?<=^{re.escape(head)}\n\|---\|---\|---\|\n)(?:\|.*\n)*", re.MULTILINE)
    if request.config.getoption("--update"):
        made = "".join(f"| {' | '.join(row)} |\n" for row in found)
        PATH.write_text(pattern.sub(lambda _: made, PATH.read_text()))
    (lines,) = pattern.findall(PATH.read_text())
    return str(lines).splitlines()


def test_every_path_stands_there_with_what_it_is_for_and_who_may(request: pytest.FixtureRequest) -> None:
    made = [(f"`{each.method} {each.path}`", each.summary, right_of(each)) for each in operations()]
    told = table("| Path | What it is for | Who |", made, request)
    assert told == [f"| {' | '.join(row)} |" for row in made], "run with --update to write them"


def test_every_problem_stands_there_with_its_status_and_its_page(request: pytest.FixtureRequest) -> None:
    made = [(f"`{word}`", str(kind.status), kind.page) for word, kind in PROBLEMS.items()]
    told = table("| Problem | Status | What it means |", made, request)
    assert told == [f"| {' | '.join(row)} |" for row in made], "run with --update to write them"


def test_every_reason_to_hide_an_entry_and_every_parameter_stands_there() -> None:
    told = {word for cell in rows("Capabilities") for word in re.findall(r"`(\w+)`", cell)}
    assert set(get_args(HiddenWhy)) <= told
    assert set(CapabilitiesQuery.__annotations__) <= told


def test_every_member_of_a_backend_is_one() -> None:
    members = {word.split(".")[0] for cell in rows("Backends") for word in re.findall(r"`([\w.]+)`", cell)}
    assert members
    assert members <= set(BackendEntry.__annotations__)
