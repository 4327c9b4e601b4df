"""What the README shows works as it is shown: its configuration, its snippets, its test command, its links."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from argus_trio.config.load import load
from argus_trio.config.model.backend import HttpBackend, StdioBackend

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = (
    *("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"),
    *("docs/configuration.md", "docs/middleware.md", "docs/limits.md", "docs/management.md"),
    *("docs/isolation.md", "docs/processes.md", "docs/systemd.md", "docs/compatibility.md"),
    *("docs/management-events.md", "docs/commands.md", "docs/dashboard.md"),
    *("docs/README.md", "docs/install.md", "docs/quickstart.md", "docs/security.md", "docs/operations.md"),
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_configuration_loads_and_says_what_it_seems_to(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    path = tmp_path / "config.yaml"
    path.write_text(text)
    backends = load(path, environ={"TICKETS_TOKEN": "secret"}).backends
    assert isinstance(backends["time"], StdioBackend)
    assert backends["files"].filters.tools.deny == ("write_*", "edit_*", "move_*")
    tickets = backends["tickets"]
    assert isinstance(tickets, HttpBackend)
    assert tickets.headers["Authorization"] == "Bearer secret"


def test_what_the_configuration_needs_is_said_beside_it() -> None:
    (text,) = blocks("yaml")
    (said,) = re.findall(r"^Take out what you do not have\..*?\n\n", README, re.DOTALL | re.MULTILINE)
    needed = [*re.findall(r"command: (\S+)", text), *re.findall(r"\$\{(\w+)\}", text), *re.findall(r"/srv/\w+", text)]
    assert len(needed) == 4
    assert [each for each in needed if f"`{each}`" not in said] == []


def test_where_the_program_is_after_the_two_commands_is_said_before_it_is_used_by_name() -> None:
    (command,) = re.findall(r"&& (\S+)/argus-trio demo", README)
    told = README.index(f"`{command}/argus-trio`, which is not on your PATH")
    assert told < README.index("```sh\npipx install .\n```") < README.index("\nargus-trio check")


def test_the_json_for_clients_is_json() -> None:
    assert blocks("json")
    for text in blocks("json"):
        assert "http://127.0.0.1:9000/mcp" in json.dumps(json.loads(text))


def test_the_python_is_python() -> None:
    (text,) = blocks("python")
    compile(text, "README.md", "exec")


def test_ci_finds_the_test_command() -> None:
    (command,) = re.findall(r"<!-- test command -->\n```sh\n(.*)\n```", README)
    assert command.startswith("python3 -m venv .venv && ")
    assert command.endswith("/pytest")
    assert "<!-- test command -->" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text())
    assert [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_section_leads_to_a_heading(name: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", (ROOT / name).read_text()):
        path = (ROOT / name).parent / target if target else ROOT / name
        headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
