"""Where clients' files are, on Linux and on macOS, with folders that a variable names and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.cli.arguments.coming import CLIENTS
from argus_trio.client_files.kinds import KINDS

HOME, CWD = Path("/home/u"), Path("/srv/project")


def where(name: str, number: int = 0, platform: str = "linux", **environ: str) -> str:
    return str(KINDS[name].files[number].at(home=HOME, cwd=CWD, environ=environ, platform=platform))


def test_the_command_line_knows_every_client() -> None:
    assert tuple(KINDS) == CLIENTS


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("claude-desktop", "/home/u/.config/Claude/claude_desktop_config.json"),
        ("claude-code", "/home/u/.claude.json"),
        ("cursor", "/home/u/.cursor/mcp.json"),
        ("vscode", "/home/u/.config/Code/User/mcp.json"),
        ("windsurf", "/home/u/.codeium/windsurf/mcp_config.json"),
        ("gemini-cli", "/home/u/.gemini/settings.json"),
        ("zed", "/home/u/.config/zed/settings.json"),
        ("codex", "/home/u/.codex/config.toml"),
        ("lm-studio", "/home/u/.lmstudio/mcp.json"),
    ],
)
def test_its_users_file_is_below_the_home_folder(name: str, path: str) -> None:
    assert where(name) == path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("claude-desktop", "/home/u/Library/Application Support/Claude/claude_desktop_config.json"),
        ("vscode", "/home/u/Library/Application Support/Code/User/mcp.json"),
        ("zed", "/home/u/.config/zed/settings.json"),
        ("cursor", "/home/u/.cursor/mcp.json"),
    ],
)
def test_on_macos_some_are_elsewhere(name: str, path: str) -> None:
    assert where(name, platform="darwin") == path


def test_a_variable_may_name_the_folder_if_it_is_a_whole_path() -> None:
    assert where("zed", XDG_CONFIG_HOME="/etc/u") == "/etc/u/zed/settings.json"
    assert where("codex", CODEX_HOME="/srv/codex") == "/srv/codex/config.toml"
    assert where("claude-code", CLAUDE_CONFIG_DIR="/srv/claude") == "/srv/claude/.claude.json"
    assert where("zed", XDG_CONFIG_HOME="relative") == "/home/u/.config/zed/settings.json"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("claude-code", ".mcp.json"),
        ("cursor", ".cursor/mcp.json"),
        ("vscode", ".vscode/mcp.json"),
        ("gemini-cli", ".gemini/settings.json"),
        ("zed", ".zed/settings.json"),
        ("codex", ".codex/config.toml"),
    ],
)
def test_a_project_has_a_file_of_its_own(name: str, path: str) -> None:
    assert where(name, 1) == f"/srv/project/{path}"
    assert KINDS[name].files[1].is_for_project
