"""Names that clients refuse, and the lines that mend them: what is written is loaded, and leads to shorter names."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.catalog.names import LONGEST_NAME, PORTABLE
from argus_trio.doctor.backends.names import findings_of_names, shorter
from argus_trio.doctor.backends.seen import GatewaySeen
from tests.doctor.backends.values import tool


def test_a_name_that_is_too_long_is_told_with_the_lines_that_shorten_it() -> None:
    long = "list_every_repository_of_the_organisation_with_all_of_its_branches"
    (found,) = findings_of_names(GatewaySeen(tools=(tool("github", long),), visible=1))
    assert (found.severity, found.about) == ("problem", "github")
    assert f"github__{long} ({len(long) + 8})" in found.what
    written = re.search(r"tool_overrides: (\{.*\}\})", found.advice)
    assert written is not None
    new = yaml.safe_load(written[1])[long]["name"]
    assert len(f"github__{new}") <= LONGEST_NAME
    assert new == "list_every_repository_of_the_organisation_with_all_of"


def test_names_that_would_be_cut_to_the_same_get_numbers() -> None:
    tools = [tool("it", "a" * 70 + end) for end in "xyz"]
    (found,) = findings_of_names(GatewaySeen(tools=tuple(tools), visible=3))
    written = re.search(r"tool_overrides: (\{.*\}\})", found.advice)
    assert written is not None
    names = [each["name"] for each in yaml.safe_load(written[1]).values()]
    assert len(set(names)) == 3
    assert all(len(f"it__{each}") <= LONGEST_NAME for each in names)


def test_a_prefix_that_leaves_no_room_is_what_is_to_be_shortened() -> None:
    prefix = "p" * 60
    (found,) = findings_of_names(GatewaySeen(tools=(tool("it", "now", f"{prefix}__now"),), visible=1))
    assert found.advice.startswith("write a shorter backends.it.prefix")
    assert "tool_overrides" not in found.advice


def test_a_name_with_a_character_that_clients_refuse_is_told_with_one_without() -> None:
    (found,) = findings_of_names(GatewaySeen(tools=(tool("it", "files.read"),), visible=1))
    assert 'write backends.it.tool_overrides: {"files.read": {name: "files_read"}}' in found.advice


def test_names_that_another_backend_has_are_told() -> None:
    (found,) = findings_of_names(GatewaySeen(tools=(tool("it", "search", "search", hidden="conflict"),), visible=1))
    assert found.severity == "warning"
    assert "no client sees its tools search" in found.what
    assert "prefix: it" in found.advice


def test_a_name_that_no_client_sees_is_not_complained_of() -> None:
    assert findings_of_names(GatewaySeen(tools=(tool("it", "a.b", hidden="filter"),), visible=0)) == []


@pytest.mark.parametrize(("visible", "told"), [(40, ""), (41, "Cursor takes 40"), (129, "VS Code 128")])
def test_more_tools_than_clients_take_are_a_warning(visible: int, told: str) -> None:
    found = findings_of_names(GatewaySeen(visible=visible))
    assert [each.severity for each in found] == (["warning"] if told else [])
    assert not told or told in found[0].what


@given(
    original=st.text(min_size=1, max_size=120, alphabet=st.characters(codec="ascii", exclude_characters="\n")),
    prefix=st.from_regex(r"[a-z]{0,40}", fullmatch=True),
)
def test_a_shorter_name_is_one_that_clients_take(original: str, prefix: str) -> None:
    new = shorter(tool("it", original, f"{prefix}__{original}"))
    assert PORTABLE.fullmatch(new)
    assert len(f"{prefix}__{new}") <= LONGEST_NAME
