"""Which variables of the gateway a stdio backend inherits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from argus_trio.config import inherited
from argus_trio.config.inherited import ALLOWED, TOOLS, is_for_tools, is_inherited

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_list_in_the_docstring_is_the_list() -> None:
    text = inherited.__doc__ or ""
    listed = {name for name in re.findall(r"\b[A-Z][A-Z_]+\b", text) if name not in {"LC_", "XDG_"}}
    assert listed == {name for name in ALLOWED if name.isupper()}


def test_names_and_globs_of_env_from_are_inherited() -> None:
    assert is_inherited("PATH", "/bin", ())
    assert not is_inherited("TOKEN", "x", ())
    assert is_inherited("TOKEN", "x", ("TOKEN",))
    assert is_inherited("UV_CACHE_DIR", "x", ("A", "UV_*"))
    assert not is_inherited("uv_cache_dir", "x", ("UV_*",))


def test_a_shell_function_is_inherited_by_its_own_name_only() -> None:
    function = "() { :; }"
    assert not is_inherited("LC_ALL", function, ())
    assert not is_inherited("UV_X", function, ("UV_*",))
    assert is_inherited("UV_X", function, ("UV_X",))


@pytest.mark.parametrize("name", ["npm_config_cache", "UV_INDEX_URL", "PIP_CERT", "KUBECONFIG", "XDG_CACHE_HOME"])
def test_what_tools_look_for_is_known(name: str) -> None:
    assert is_for_tools(name)


@pytest.mark.parametrize("name", ["npm_config", "PATH", "UV", "KUBECONFIG_2", "GITHUB_TOKEN"])
def test_what_others_look_for_is_not(name: str) -> None:
    assert not is_for_tools(name)


def test_the_reference_says_of_each_whether_it_passes() -> None:
    rows = dict(re.findall(r"^\| (`.*`.*) \| (passed|not passed)\b.* \|$", DOCUMENT.read_text(), re.MULTILINE))
    said = {glob: word == "passed" for names, word in rows.items() for glob in re.findall(r"`(\S+)`", names)}
    assert set(said) >= set(TOOLS)
    for glob, passes in said.items():
        assert is_inherited(glob.replace("*", "X"), "x", ()) == passes, glob
