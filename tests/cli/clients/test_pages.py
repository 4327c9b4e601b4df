"""The snippets and the table of clients that pages show are what `argus-trio client` prints and knows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from argus_trio.client_files.kinds import KINDS
from tests.cli.conftest import Run
from tests.docs.support.blocks import Block, all_blocks

ROOT = Path(__file__).parents[3]
SNIPPETS = [block for block in all_blocks("json") if "client" in block.notes]


def test_the_readme_has_one() -> None:
    assert "README.md" in {block.page for block in SNIPPETS}


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.where)
def test_a_snippet_of_a_page_is_what_is_printed(
    block: Block, plain: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    ran = plain("client", *shlex.split(block.notes["client"]))
    assert ran.code == 0
    assert without_folders(json.loads(ran.out)) == json.loads(block.text)


def without_folders(printed: object) -> object:
    """With the name of the program in place of its path, which is another one on every machine."""
    if not isinstance(printed, dict):
        return printed
    return {key: Path(value).name if key == "command" else without_folders(value) for key, value in printed.items()}


def test_a_path_of_a_program_is_shown_as_its_name() -> None:
    printed = {"a": {"command": "/opt/bin/argus-trio", "args": ["/opt/x"]}}
    assert without_folders(printed) == {"a": {"command": "argus-trio", "args": ["/opt/x"]}}


def test_the_table_of_clients_is_that_of_the_program() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| `([^|]+)` \| (?:`([^|]+)` )?\|$", page, re.MULTILINE)
    told = {name: (title, mine, project) for name, title, mine, project in rows}
    known = {}
    for kind in KINDS.values():
        mine, project = kind.place(for_project=False), kind.place(for_project=True)
        assert mine is not None
        path = mine.path.replace("{config}", "~/.config").replace("{codex}", "~/.codex").replace("{claude}", "~")
        known[kind.name] = (kind.title, path, "" if project is None else project.path)
    assert told == known
