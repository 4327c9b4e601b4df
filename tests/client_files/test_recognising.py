"""Whose a file is, and where a file says it that has servers in the wrong place."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.client_files.kinds import KINDS
from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.recognising import dialect_of_path, project_of, recognise
from tests.client_files.support import HOME, SHOP, lines


@pytest.mark.parametrize(
    ("place", "client"),
    [
        (".config/Claude/claude_desktop_config.json", "claude-desktop"),
        ("Library/Application Support/Claude/claude_desktop_config.json", "claude-desktop"),
        (".claude.json", "claude-code"),
        ("shop/.mcp.json", "claude-code"),
        (".cursor/mcp.json", "cursor"),
        ("shop/.vscode/mcp.json", "vscode"),
        (".config/Code - Insiders/User/settings.json", "vscode"),
        ("shop/team.code-workspace", "vscode"),
        ("shop/.devcontainer/devcontainer.json", "vscode"),
        (".codeium/windsurf/mcp_config.json", "windsurf"),
        (".gemini/settings.json", "gemini-cli"),
        (".config/zed/settings.json", "zed"),
        ("shop/.zed/settings.json", "zed"),
        (".codex/config.toml", "codex"),
        ("x/saoudrizwan.claude-dev/settings/cline_mcp_settings.json", "cline"),
        ("x/rooveterinaryinc.roo-cline/settings/mcp_settings.json", "roo-code"),
        ("shop/.roo/mcp.json", "roo-code"),
        (".lmstudio/mcp.json", "lm-studio"),
        (".copilot/mcp-config.json", "copilot-cli"),
        ("shop/opencode.jsonc", "opencode"),
        ("shop/.kiro/settings/mcp.json", "kiro"),
    ],
)
def test_a_file_is_its_clients_by_its_name_and_folder(place: str, client: str) -> None:
    dialect = dialect_of_path(HOME / place)
    assert dialect is not None
    assert dialect.name == client


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_every_file_that_a_snippet_goes_to_is_recognised(kind: object, platform: str) -> None:
    (found,) = [each for each in KINDS.values() if each is kind]
    for place in found.files:
        dialect = dialect_of_path(place.at(home=HOME, cwd=SHOP, environ={}, platform=platform))
        assert dialect is not None
        assert dialect.name == found.name
        assert place.members in dialect.members


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ('{"context_servers": {}}', "zed"),
        ('{"inputs": [], "servers": {}}', "vscode"),
        ('{"mcp": {"servers": {}}}', "vscode"),
        ('{"mcp": {"a": {"type": "local", "command": ["x"]}}}', "opencode"),
        ('{"mcpServers": {}, "projects": {}}', "claude-code"),
        ('{"mcpServers": {"a": {"httpUrl": "https://a.example"}}}', "gemini-cli"),
        ('{"mcpServers": {"a": {"serverUrl": "https://a.example"}}}', "windsurf"),
        ('{"mcpServers": {"a": {"url": "https://a.example"}}}', "mcp-json"),
        ('model = "x"\n[mcp_servers.a]\ncommand = "x"\n', "codex"),
        ("nonsense", "mcp-json"),
        ("[]", "mcp-json"),
    ],
)
def test_a_file_of_any_name_is_its_clients_by_what_stands_in_it(text: str, client: str) -> None:
    assert recognise(Path("/tmp/some.json"), text).name == client


@pytest.mark.parametrize(
    ("path", "project"),
    [
        (SHOP / ".mcp.json", SHOP),
        (SHOP / ".cursor/mcp.json", SHOP),
        (HOME / ".cursor/mcp.json", None),
        (HOME / ".gemini/settings.json", None),
        (SHOP / "team.code-workspace", SHOP),
        (SHOP / ".devcontainer/devcontainer.json", SHOP),
        (SHOP / "opencode.json", SHOP),
        (HOME / ".config/opencode/opencode.json", None),
        (HOME / ".config/Code/User/mcp.json", None),
        (HOME / ".claude.json", None),
        (SHOP / ".kiro/settings/mcp.json", SHOP),
        (HOME / ".kiro/settings/mcp.json", None),
        (Path(".mcp.json"), None),
    ],
)
def test_a_file_is_of_the_project_whose_folder_it_stands_in(path: Path, project: Path | None) -> None:
    assert project_of(path, home=HOME) == project


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ('{"a": {"command": "x"}, "b": {"url": "https://a.example"}}', {"a": "x", "b": "http https://a.example"}),
        ('"mcpServers": {"a": {"command": "x"}}', {"a": "x"}),
        ('"a": {"command": "x"},', {"a": "x"}),
        ('{"servers": {"a": {"command": "x"}}}', {"a": "x"}),
        ('{"mcp": {"servers": {"a": {"command": "x"}}}}', {"a": "x"}),
        ('\ufeff{"mcpServers": {"a": {"command": "x"}}}', {"a": "x"}),
    ],
)
def test_the_example_of_a_readme_is_read_as_it_is(text: str, reached: dict[str, str]) -> None:
    file = read_client_file(text, path=Path("/tmp/example"))
    assert (lines(file), file.problems) == (reached, ())


@pytest.mark.parametrize(
    ("path", "text", "line", "what"),
    [
        (
            SHOP / ".vscode/mcp.json",
            '{\n"mcpServers": {"a": {"command": "x"}}}',
            2,
            "has servers in mcpServers, where",
        ),
        (
            SHOP / ".cursor/mcp.json",
            '{"servers": {"a": {"command": "x"}}}',
            1,
            "has servers in servers, where",
        ),
        (SHOP / ".cursor/mcp.json", '{"mcpServers": []}', 1, "mcpServers is no object"),
        (SHOP / ".cursor/mcp.json", "[]", 1, "is no object"),
        (SHOP / ".cursor/mcp.json", " \n", 1, "is no JSON: the file is empty"),
        (SHOP / ".cursor/mcp.json", '{\n"a" 1}', 2, "is no JSON: a colon is missing (column 5)"),
        (SHOP / ".codex/config.toml", 'a = 1\nb = = "secret"\n', 2, "is no TOML: Invalid value"),
        (SHOP / ".codex/config.toml", "mcp_servers = 5", 1, "mcp_servers is no object"),
        (Path("/tmp/package.json"), '{"name": "x", "version": "1"}', 1, "declares no servers"),
        (Path("/tmp/one.json"), '{"command": "x", "args": []}', 1, "is a server without a name"),
    ],
)
def test_a_file_with_no_servers_says_why(path: Path, text: str, line: int, what: str) -> None:
    file = read_client_file(text, path=path)
    (problem,) = file.problems
    assert (problem.path, problem.line) == (str(path), line)
    assert problem.what.startswith(what)
    assert "secret" not in problem.what


@pytest.mark.parametrize("text", ["{}", '{"mcpServers": {}}', '{"theme": "dark"}'])
def test_a_clients_file_without_servers_is_no_fault(text: str) -> None:
    assert read_client_file(text, path=HOME / ".gemini/settings.json").problems == ()
