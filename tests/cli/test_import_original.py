"""`argus-trio import` of a configuration of the original Argus, and of other gateways, as its user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.load import load
from tests.cli.conftest import Run

ORIGINAL = """\
version: "1"
backends:
  my_files: {type: stdio, command: uvx, args: [server-files], group: docs}
conflict_resolution: {strategy: prefix}
incoming_auth: {type: local, token: t0k3n-of-everybody}
"""
TARGETS = "mcp:\n  targets:\n  - {name: one, stdio: {cmd: uvx, args: [server-one]}}\n  - {name: two, openapi: {}}\n"


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, which is where the work is done as well."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_that_is_imported_is_never_written_and_another_is_named(plain: Run, work: Path) -> None:
    (work / "config.yaml").write_text(ORIGINAL)
    printed = plain("import", "config.yaml")
    assert printed.code == 0
    assert "config.yaml is what is imported: --write -o PATH writes it to another file" in printed.err
    refused = plain("import", "config.yaml", "--write")
    assert (refused.code, (work / "config.yaml").read_text()) == (1, ORIGINAL)
    assert "config.yaml is what is imported" in refused.err


def test_what_is_written_runs_and_what_changes_is_told(plain: Run, work: Path) -> None:
    (work / "config.yaml").write_text(ORIGINAL)
    done = plain("import", "config.yaml", "--write", "-o", "argus.yaml")
    assert (done.code, done.out) == (0, "")
    assert "config.yaml:3 backends.my_files: is called my-files; its tools are called my-files_…" in done.err
    assert "config.yaml:3 backends.my_files.group: groups of backends have no counterpart here" in done.err
    assert "t0k3n-of-everybody" not in done.err + (work / "argus.yaml").read_text()
    assert list(load(work / "argus.yaml", environ={}).backends) == ["my-files"]
    again = plain("import", "argus.yaml")
    assert again.code == 1
    assert "is a configuration of argus-trio already: nothing has to be imported" in again.err


def test_one_that_cannot_be_is_refused_with_the_line_of_each_problem(plain: Run, work: Path) -> None:
    (work / "old.yaml").write_text("backends:\n  a: {type: stdio}\n  b: {type: http, url: b.example}\n")
    done = plain("import", "old.yaml")
    assert (done.code, done.out) == (1, "")
    assert "old.yaml:2: backends.a.command: expected the program to start, found nothing" in done.err


def test_targets_of_agentgateway_are_servers_like_those_of_clients(plain: Run, work: Path) -> None:
    (work / "gateway.yaml").write_text(TARGETS)
    done = plain("import", "gateway.yaml", "--write")
    assert done.code == 1  # of two targets one is none
    assert "gateway.yaml:4: a target that is no MCP server" in done.err
    assert list(load(work / "config.yaml", environ={}).backends) == ["one"]
