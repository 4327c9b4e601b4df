"""docs/dashboard.md has every key that the dashboard takes, and its list of gateways is one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import argus_trio.tui
from argus_trio.tui.servers import known_gateways

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dashboard.md").read_text()


def keys() -> Iterator[str]:
    """Every key that some page or the whole has help for, as it is shown."""
    for path in Path(argus_trio.tui.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_help = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "KeyHelp"
            if isinstance(node, ast.Call) and is_help and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


@pytest.mark.parametrize("key", sorted(set(keys())))
def test_every_key_stands_on_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_the_list_of_gateways_on_the_page_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    path = tmp_path / "servers.yaml"
    path.write_text(text)
    listed = known_gateways(path, must_exist=True)
    assert [(each.name, each.is_read_only) for each in listed] == [
        ("staging", False),
        ("production", True),
        ("here", False),
    ]
    assert (listed[1].place.view, listed[1].token_file) == ("ops", str(tmp_path / "production.token"))
