"""Whose a file is, by its name and folder, else by what stands in it; and which project it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argus_trio.client_files.dialects.all import DIALECTS
from argus_trio.client_files.dialects.dialect import ClientDialect
from argus_trio.client_files.dialects.editors import ANY
from argus_trio.client_files.jsonc import JsonFault, JsonNode

_BY_NAME: Final = {
    "claude_desktop_config.json": "claude-desktop",
    ".claude.json": "claude-code",
    ".mcp.json": "claude-code",
    "managed-mcp.json": "claude-code",
    "devcontainer.json": "vscode",
    ".devcontainer.json": "vscode",
    "gemini-extension.json": "gemini-cli",
    "cline_mcp_settings.json": "cline",
    "mcp_settings.json": "roo-code",
    "opencode.json": "opencode",
    "opencode.jsonc": "opencode",
}
_BY_FOLDER: Final = {
    (".cursor", "mcp.json"): "cursor",
    (".vscode", "mcp.json"): "vscode",
    (".vscode", "settings.json"): "vscode",
    ("User", "mcp.json"): "vscode",
    ("User", "settings.json"): "vscode",
    ("windsurf", "mcp_config.json"): "windsurf",
    (".codeium", "mcp_config.json"): "windsurf",
    (".windsurf", "mcp_config.json"): "windsurf",
    (".gemini", "settings.json"): "gemini-cli",
    ("zed", "settings.json"): "zed",
    (".zed", "settings.json"): "zed",
    (".codex", "config.toml"): "codex",
    (".roo", "mcp.json"): "roo-code",
    (".kilocode", "mcp.json"): "roo-code",
    (".lmstudio", "mcp.json"): "lm-studio",
    (".copilot", "mcp-config.json"): "copilot-cli",
    ("settings", "mcp.json"): "kiro",
    ("mcphub", "servers.json"): "mcp-hub",
    (".mcpproxy", "mcp_config.json"): "mcpproxy",
}
_BY_SUFFIX: Final = {".code-workspace": "vscode", ".toml": "codex"}
_IN_PROJECT: Final = frozenset(
    {".cursor", ".vscode", ".gemini", ".zed", ".codex", ".roo", ".kilocode", ".opencode", ".devcontainer", ".windsurf"}
)
"""Folders of clients; in a folder that is not the home folder, they are a project's."""
_OF_A_PROJECT: Final = frozenset({".mcp.json", ".devcontainer.json", "opencode.json", "opencode.jsonc"})
_MARKS: Final = (("httpUrl", "gemini-cli"), ("serverUrl", "windsurf"))
"""Members of entries that one client alone writes."""


def dialect_of_path(path: Path) -> ClientDialect | None:
    """Whose a file is that is called so; None if that says nothing."""
    name = (
        _BY_NAME.get(path.name) or _BY_FOLDER.get((path.parent.name, path.name)) or _BY_SUFFIX.get(path.suffix.lower())
    )
    return None if name is None else DIALECTS[name]


def recognise(path: Path, text: str) -> ClientDialect:
    """Whose a file is; the dialect of no client if nothing says it."""
    if (dialect := dialect_of_path(path)) is not None:
        return dialect
    if any(line.lstrip().startswith("[mcp_servers") for line in text.splitlines()):
        return DIALECTS["codex"]
    try:
        return dialect_of_contents(ANY.parse(text))
    except JsonFault:
        return ANY


def dialect_of_contents(root: JsonNode) -> ClientDialect:
    """Whose a file is in which this stands."""
    if root.member("context_servers") is not None:
        return DIALECTS["zed"]
    if root.member("servers") is not None and root.member("inputs") is not None:
        return DIALECTS["vscode"]
    if any(root.member(*place) is not None for place in DIALECTS["vscode"].members[1:]):
        return DIALECTS["vscode"]
    if root.member("mcpServers") is None and root.member("mcp") is not None:
        return DIALECTS["opencode"]
    if root.member("projects") is not None:
        return DIALECTS["claude-code"]
    servers = root.member("mcpServers")
    if servers is not None and servers.items is not None:
        return DIALECTS["mcpproxy"]
    if root.member("nativeMCPServers") is not None:
        return DIALECTS["mcp-hub"]
    for key, name in _MARKS:
        if any(each.node.member(key) is not None for each in (servers.members or () if servers is not None else ())):
            return DIALECTS[name]
    return ANY


def project_of(path: Path, *, home: Path | None) -> Path | None:
    """The folder of the project that a file is for; None if it is for all, or nothing says it."""
    folder = path.parent
    if not path.is_absolute():
        return None
    if folder.name in _IN_PROJECT:
        return None if folder.parent == home else folder.parent
    if folder.name == "settings" and folder.parent.name == ".kiro":
        return None if folder.parent.parent == home else folder.parent.parent
    if path.name in _OF_A_PROJECT and folder.name != "opencode":
        return folder
    return folder if path.suffix == ".code-workspace" else None
