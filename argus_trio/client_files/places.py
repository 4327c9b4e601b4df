"""Where clients keep their files: the user's, and those of the project in the current folder and above it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value

MOST_PARENTS: Final = 40
"""How many folders above the current one are looked at for a project's files."""
MOST_PROFILES: Final = 50
"""How many files one pattern, such as that for VS Code's profiles, may name."""

_EDITORS: Final = ("Code", "Code - Insiders", "VSCodium")
"""The folders of VS Code and its siblings, below the folder for applications' files."""
_OF_EXTENSIONS: Final = (
    ("cline", "saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
    ("roo-code", "rooveterinaryinc.roo-cline/settings/mcp_settings.json"),
    ("roo-code", "kilocode.kilo-code/settings/mcp_settings.json"),
)
_OF_THE_USER: Final = (
    ("claude-code", "{home}/.claude.json"),
    ("claude-code", "{claude}/.claude.json"),
    ("claude-desktop", "{applications}/Claude/claude_desktop_config.json"),
    ("cursor", "{home}/.cursor/mcp.json"),
    *(
        (client, f"{{applications}}/{editor}/User/{rest}")
        for editor in _EDITORS
        for client, rest in (
            ("vscode", "mcp.json"),
            ("vscode", "settings.json"),
            ("vscode", "profiles/*/mcp.json"),
            *((client, f"globalStorage/{path}") for client, path in _OF_EXTENSIONS),
        )
    ),
    ("vscode", "{home}/.vscode-server/data/User/mcp.json"),
    ("windsurf", "{home}/.codeium/windsurf/mcp_config.json"),
    ("windsurf", "{home}/.codeium/mcp_config.json"),
    ("gemini-cli", "{home}/.gemini/settings.json"),
    ("zed", "{config}/zed/settings.json"),
    ("codex", "{codex}/config.toml"),
    ("cline", "{home}/.cline/data/settings/cline_mcp_settings.json"),
    ("roo-code", "{home}/.kilocode/cli/global/settings/mcp_settings.json"),
    ("lm-studio", "{home}/.lmstudio/mcp.json"),
    ("copilot-cli", "{copilot}/mcp-config.json"),
    ("kiro", "{home}/.kiro/settings/mcp.json"),
    ("opencode", "{config}/opencode/opencode.json"),
    ("opencode", "{config}/opencode/opencode.jsonc"),
)
_OF_A_PROJECT: Final = (
    ("claude-code", ".mcp.json"),
    ("cursor", ".cursor/mcp.json"),
    ("vscode", ".vscode/mcp.json"),
    ("vscode", ".vscode/settings.json"),
    ("vscode", "*.code-workspace"),
    ("vscode", ".devcontainer/devcontainer.json"),
    ("vscode", ".devcontainer.json"),
    ("gemini-cli", ".gemini/settings.json"),
    ("zed", ".zed/settings.json"),
    ("codex", ".codex/config.toml"),
    ("roo-code", ".roo/mcp.json"),
    ("roo-code", ".kilocode/mcp.json"),
    ("kiro", ".kiro/settings/mcp.json"),
    ("opencode", "opencode.json"),
    ("opencode", "opencode.jsonc"),
    ("opencode", ".opencode/opencode.json"),
)
_VARIABLES: Final = {"claude": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME", "copilot": "COPILOT_HOME"}


@attrs.frozen(kw_only=True)
class FoundFile(Value):
    """A client's file that is there."""

    path: Path
    client: str
    """The name of its dialect."""


def found_files(
    *, home: Path, cwd: Path, environ: Mapping[str, str], platform: str = sys.platform
) -> tuple[FoundFile, ...]:
    """Every known file that is there, the user's first; what cannot be looked at counts as there, to be told of."""
    found: dict[Path, FoundFile] = {}
    places = [(client, Path("/"), place) for client, place in _user_places(home, environ, platform)]
    places += [(client, folder, place) for folder in _folders(home, cwd) for client, place in _OF_A_PROJECT]
    for client, folder, place in places:
        for path in _matching(folder, place):
            real = _resolved(path)
            if real not in found and _may_be_there(path):
                found[real] = FoundFile(path=path, client=client)
    return tuple(found.values())


def _user_places(home: Path, environ: Mapping[str, str], platform: str) -> Iterator[tuple[str, str]]:
    named = environ.get("XDG_CONFIG_HOME", "")
    config = named if named.startswith("/") else f"{home}/.config"
    bases = {
        "home": str(home),
        "config": f"{home}/.config" if platform == "darwin" else config,
        "applications": f"{home}/Library/Application Support" if platform == "darwin" else config,
        **{base: environ.get(name, "") or f"{home}/.{base}" for base, name in _VARIABLES.items()},
    }
    for client, place in _OF_THE_USER:
        base, _, rest = place.partition("}/")
        yield client, f"{bases[base[1:]]}/{rest}"


def _folders(home: Path, cwd: Path) -> Iterator[Path]:
    """The current folder and those above it, without the home folder, whose files are the user's."""
    for folder in (cwd, *cwd.parents)[:MOST_PARENTS]:
        if folder == home and folder != cwd:
            return
        yield folder


def _matching(folder: Path, place: str) -> list[Path]:
    if "*" not in place:
        return [folder / place]
    try:
        return sorted(folder.glob(place.lstrip("/")))[:MOST_PROFILES]
    except OSError:
        return []


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # RuntimeError: links that lead in a circle
        return path


def _may_be_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path.is_symlink()
    except OSError:
        return True
    return True
