"""The clients that are known: their names, where their files are, and how a server is written into them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import attrs

from argus_trio import Value

ClientFileFormat = Literal["json", "toml"]
"""How a client's file is written; `json` may have comments and trailing commas."""


@attrs.frozen(kw_only=True)
class FilePlace(Value):
    """A file in which a client looks for servers."""

    path: str
    """From the home folder with `~/`, from a folder that a variable may name with `{config}/` and the like (`BASES`),
    else from the project's folder."""
    members: tuple[str, ...]
    """Below which names the servers stand."""
    mac_path: str = ""
    """The same on macOS, where it is another."""

    @property
    def is_for_project(self) -> bool:
        """Whether it is looked for in each project."""
        return not self.path.startswith(("~/", "{"))

    def at(self, *, home: Path, cwd: Path, environ: Mapping[str, str], platform: str = sys.platform) -> Path:
        """Where it is."""
        path = self.mac_path if platform == "darwin" and self.mac_path else self.path
        if path.startswith("~/"):
            return home / path[2:]
        if not path.startswith("{"):
            return cwd / path
        base, _, rest = path.partition("/")
        variable, usual = BASES[base]
        named = environ.get(variable, "")
        return (Path(named) if named.startswith("/") else home / usual) / rest


BASES: Final[Mapping[str, tuple[str, str]]] = {
    "{config}": ("XDG_CONFIG_HOME", ".config"),
    "{claude}": ("CLAUDE_CONFIG_DIR", ""),
    "{codex}": ("CODEX_HOME", ".codex"),
}
"""Folders that a variable may name, each with the variable, and where it is below the home folder without."""


@attrs.frozen(kw_only=True)
class EntryForm(Value):
    """How a client writes a server that the gateway is."""

    address: str = ""
    """The member that holds the address of a server of Streamable HTTP; empty: the client starts programs only."""
    remote: Mapping[str, str] = attrs.field(factory=dict)
    """What stands beside the address."""
    local: Mapping[str, str] = attrs.field(factory=dict)
    """What stands beside a command."""
    header: str = ""
    """What the header Authorization is, in the client's own words for a variable; empty: it has none."""
    names_token_in: str = ""
    """The member that names the variable of the token, where there is one for that."""
    asks_for_token: bool = False
    """The client asks its user for the token, as an input of its own that the header names."""


@attrs.frozen(kw_only=True)
class ClientKind(Value):
    """A client."""

    name: str
    title: str
    files: tuple[FilePlace, ...]
    """The first is where a snippet is put, unless a project is meant."""
    format: ClientFileFormat = "json"
    form: EntryForm = EntryForm()
    reads_strict_json: bool = False
    """Whether comments and trailing commas are not known to be read; they are never written."""
    next_step: str = ""
    """What its user does for the file to be read again."""
    project_step: str = ""
    """The same of a project's file, where it is more."""

    def place(self, *, for_project: bool) -> FilePlace | None:
        """Where a snippet is put; None if the client has no file for a project."""
        return next((each for each in self.files if each.is_for_project == for_project), None)


KINDS: Final[Mapping[str, ClientKind]] = {
    each.name: each
    for each in (
        ClientKind(
            name="claude-desktop",
            title="Claude Desktop",
            reads_strict_json=True,
            files=(
                FilePlace(
                    path="{config}/Claude/claude_desktop_config.json",
                    mac_path="~/Library/Application Support/Claude/claude_desktop_config.json",
                    members=("mcpServers",),
                ),
            ),
            next_step="quit Claude Desktop altogether and start it again",
        ),
        ClientKind(
            name="claude-code",
            title="Claude Code",
            reads_strict_json=True,
            files=(
                FilePlace(path="{claude}/.claude.json", members=("mcpServers",)),
                FilePlace(path=".mcp.json", members=("mcpServers",)),
            ),
            form=EntryForm(
                address="url", remote={"type": "http"}, local={"type": "stdio"}, header="Bearer ${ARGUS_TOKEN}"
            ),
            next_step="start Claude Code anew; /mcp in it shows the gateway",
            project_step="start Claude Code anew in the project, and allow the server when it asks",
        ),
        ClientKind(
            name="cursor",
            title="Cursor",
            files=(
                FilePlace(path="~/.cursor/mcp.json", members=("mcpServers",)),
                FilePlace(path=".cursor/mcp.json", members=("mcpServers",)),
            ),
            form=EntryForm(address="url", header="Bearer ${env:ARGUS_TOKEN}"),
            next_step="start Cursor anew, or turn the server on in its settings, under MCP",
        ),
        ClientKind(
            name="vscode",
            title="VS Code",
            files=(
                FilePlace(
                    path="{config}/Code/User/mcp.json",
                    mac_path="~/Library/Application Support/Code/User/mcp.json",
                    members=("servers",),
                ),
                FilePlace(path=".vscode/mcp.json", members=("servers",)),
            ),
            form=EntryForm(
                address="url",
                remote={"type": "http"},
                local={"type": "stdio"},
                header="Bearer ${input:argus-token}",
                asks_for_token=True,
            ),
            next_step="in VS Code run the command `MCP: List Servers` and start the server",
        ),
        ClientKind(
            name="windsurf",
            title="Windsurf",
            files=(FilePlace(path="~/.codeium/windsurf/mcp_config.json", members=("mcpServers",)),),
            form=EntryForm(address="serverUrl", header="Bearer ${env:ARGUS_TOKEN}"),
            next_step="start Windsurf anew, or refresh its list of MCP servers",
        ),
        ClientKind(
            name="gemini-cli",
            title="Gemini CLI",
            files=(
                FilePlace(path="~/.gemini/settings.json", members=("mcpServers",)),
                FilePlace(path=".gemini/settings.json", members=("mcpServers",)),
            ),
            form=EntryForm(address="httpUrl", header="Bearer ${ARGUS_TOKEN}"),
            next_step="start Gemini CLI anew; /mcp in it shows the gateway",
        ),
        ClientKind(
            name="zed",
            title="Zed",
            files=(
                FilePlace(
                    path="{config}/zed/settings.json",
                    mac_path="~/.config/zed/settings.json",
                    members=("context_servers",),
                ),
                FilePlace(path=".zed/settings.json", members=("context_servers",)),
            ),
            form=EntryForm(address="url"),
            next_step="nothing else: Zed reads its settings when they change",
        ),
        ClientKind(
            name="codex",
            title="Codex",
            files=(
                FilePlace(path="{codex}/config.toml", members=("mcp_servers",)),
                FilePlace(path=".codex/config.toml", members=("mcp_servers",)),
            ),
            format="toml",
            form=EntryForm(address="url", names_token_in="bearer_token_env_var"),  # noqa: S106 - a name
            next_step="start Codex anew; /mcp in it shows the gateway",
            project_step="start Codex anew in the project; it reads this file only where it trusts the project",
        ),
        ClientKind(
            name="lm-studio",
            title="LM Studio",
            files=(FilePlace(path="~/.lmstudio/mcp.json", members=("mcpServers",)),),
            form=EntryForm(address="url"),
            next_step="start LM Studio anew, or turn the server on under Program",
        ),
    )
}
