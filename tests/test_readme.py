"""What the README says of what it shows; that it works is tried by tests/docs."""

from __future__ import annotations

import re
from pathlib import Path

from argus_trio.config.load import load
from argus_trio.config.model.backend import HttpBackend, StdioBackend

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_configuration_loads_and_says_what_it_seems_to(tmp_path: Path) -> None:
    text = blocks("yaml")[0]
    path = tmp_path / "config.yaml"
    path.write_text(text)
    backends = load(path, environ={"TICKETS_TOKEN": "secret"}).backends
    assert isinstance(backends["time"], StdioBackend)
    assert backends["files"].filters.tools.deny == ("write_*", "edit_*", "move_*")
    tickets = backends["tickets"]
    assert isinstance(tickets, HttpBackend)
    assert tickets.headers["Authorization"] == "Bearer secret"


def test_what_the_configuration_needs_is_said_beside_it() -> None:
    text = blocks("yaml")[0]
    (said,) = re.findall(r"^Take out what you do not have\..*?\n\n", README, re.DOTALL | re.MULTILINE)
    needed = [*re.findall(r"command: (\S+)", text), *re.findall(r"\$\{(\w+)\}", text), *re.findall(r"/srv/\w+", text)]
    assert len(needed) == 4
    assert [each for each in needed if f"`{each}`" not in said] == []


def test_where_the_program_is_after_the_two_commands_is_said_before_it_is_used_by_name() -> None:
    (command,) = re.findall(r"&& (\S+)/argus-trio demo", README)
    told = README.index(f"`{command}/argus-trio`, which is not on your PATH")
    assert told < README.index("```sh\npipx install .\n```") < README.index("\nargus-trio check")


def test_ci_finds_the_test_command() -> None:
    (command,) = re.findall(r"<!-- test command -->\n```sh\n(.*)\n```", README)
    assert command.startswith("python3 -m venv .venv && ")
    assert command.endswith("/pytest")
    assert "<!-- test command -->" in (ROOT / ".ci" / "run").read_text()
