"""docs/management.md names every path, problem and reason that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from argus_trio.contract.backends import BackendEntry
from argus_trio.contract.capabilities import CapabilitiesQuery
from argus_trio.contract.openapi import operations
from argus_trio.contract.operation import Operation
from argus_trio.contract.problem import PROBLEMS
from argus_trio.core.catalog.catalog import HiddenWhy

PAGE = (Path(__file__).parents[2] / "docs" / "management.md").read_text()


def right_of(operation: Operation) -> str:
    if operation.is_public:
        return "anybody"
    return "let in" if operation.right is None else f"`manage:{operation.right}`"


def rows(heading: str) -> list[str]:
    """The first cells of the tables of a section, without their headings."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (.*?) \|(?!-)", re.sub(r"^\|.*\|\n\|---.*", "", section, flags=re.MULTILINE), re.MULTILINE)


def test_every_path_stands_there_with_what_it_is_for_and_who_may() -> None:
    told = re.findall(r"^\| `((?:GET|POST) /.*?)` \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    assert told == [(f"{each.method} {each.path}", each.summary, right_of(each)) for each in operations()]


def test_every_problem_stands_there_with_its_status_and_its_page() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.*) \|$", PAGE, re.MULTILINE)
    assert told == [(word, str(kind.status), kind.page) for word, kind in PROBLEMS.items()]


def test_every_reason_to_hide_an_entry_and_every_parameter_stands_there() -> None:
    told = {word for cell in rows("Capabilities") for word in re.findall(r"`(\w+)`", cell)}
    assert set(get_args(HiddenWhy)) <= told
    assert set(CapabilitiesQuery.__annotations__) <= told


def test_every_member_of_a_backend_is_one() -> None:
    members = {word.split(".")[0] for cell in rows("Backends") for word in re.findall(r"`([\w.]+)`", cell)}
    assert members
    assert members <= set(BackendEntry.__annotations__)
