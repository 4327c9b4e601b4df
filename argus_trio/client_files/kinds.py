"""The clients that are known: their names, where their files are, and how a server is written into them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class FilePlace:
    """A file in which a client looks for servers."""

    path: str
    """From the home folder with `~/`, from $XDG_CONFIG_HOME with `{config}/`, else from the project's folder."""
    members: tuple[str, ...]
    """Below which names the servers stand."""

    @property
    def is_for_project(self) -> bool:
        """Whether it is looked for in each project."""
        return not self.path.startswith(("~/", "{config}/"))

    def at(self, *, home: Path, cwd: Path, environ: Mapping[str, str]) -> Path:
        """Where it is."""
        if self.path.startswith("~/"):
            return home / self.path[2:]
        base = environ.get("XDG_CONFIG_HOME", "")
        config = Path(base) if base.startswith("/") else home / ".config"
        return config / self.path.removeprefix("{config}/") if not self.is_for_project else cwd / self.path


@attrs.frozen(kw_only=True)
class ClientKind:
    """A client."""

    name: str
    title: str
    files: tuple[FilePlace, ...]
    """The first is where a snippet is put, unless a project is meant."""


KINDS: Final[Mapping[str, ClientKind]] = {
    each.name: each
    for each in (
        ClientKind(
            name="claude-desktop",
            title="Claude Desktop",
            files=(FilePlace(path="{config}/Claude/claude_desktop_config.json", members=("mcpServers",)),),
        ),
        ClientKind(
            name="claude-code",
            title="Claude Code",
            files=(
                FilePlace(path="~/.claude.json", members=("mcpServers",)),
                FilePlace(path=".mcp.json", members=("mcpServers",)),
            ),
        ),
        ClientKind(
            name="cursor",
            title="Cursor",
            files=(
                FilePlace(path="~/.cursor/mcp.json", members=("mcpServers",)),
                FilePlace(path=".cursor/mcp.json", members=("mcpServers",)),
            ),
        ),
        ClientKind(
            name="vscode",
            title="VS Code",
            files=(
                FilePlace(path="{config}/Code/User/mcp.json", members=("servers",)),
                FilePlace(path=".vscode/mcp.json", members=("servers",)),
            ),
        ),
        ClientKind(
            name="windsurf",
            title="Windsurf",
            files=(FilePlace(path="~/.codeium/windsurf/mcp_config.json", members=("mcpServers",)),),
        ),
        ClientKind(
            name="gemini-cli",
            title="Gemini CLI",
            files=(
                FilePlace(path="~/.gemini/settings.json", members=("mcpServers",)),
                FilePlace(path=".gemini/settings.json", members=("mcpServers",)),
            ),
        ),
        ClientKind(
            name="zed",
            title="Zed",
            files=(
                FilePlace(path="{config}/zed/settings.json", members=("context_servers",)),
                FilePlace(path=".zed/settings.json", members=("context_servers",)),
            ),
        ),
    )
}
