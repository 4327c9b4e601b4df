"""Clients whose entries are usual ones with a few members of their own: Claude Desktop, Cursor, Windsurf and more."""

from __future__ import annotations

from typing import Final

from argus_trio.client_files.dialects.dialect import ClientDialect
from argus_trio.client_files.dialects.shape import UNIT, EntryShape

_MILLISECONDS: Final = 0.001

CLAUDE_DESKTOP: Final = ClientDialect(
    name="claude-desktop",
    title="Claude Desktop",
    shape=EntryShape(disabled="disabled", runs_in_project=False),
)
CURSOR: Final = ClientDialect(
    name="cursor",
    title="Cursor",
    notation="editor",
    shape=EntryShape(env_file="envFile", disabled="disabled", enabled="enabled"),
)
WINDSURF: Final = ClientDialect(
    name="windsurf",
    title="Windsurf",
    notation="editor",
    shape=EntryShape(
        urls={"serverUrl": "http", "url": "http"},
        disabled="disabled",
        deny="disabledTools",
        runs_in_project=False,
        silent=frozenset({"registryId"}),
    ),
)
CLINE: Final = ClientDialect(
    name="cline",
    title="Cline",
    notation="editor",
    shape=EntryShape(
        types=("type", "transportType"), disabled="disabled", call_seconds={"timeout": 1.0}, runs_in_project=False
    ),
)
ROO_CODE: Final = ClientDialect(
    name="roo-code",
    title="Roo Code",
    notation="editor",
    shape=EntryShape(
        disabled="disabled",
        deny="disabledTools",
        call_seconds={"timeout": 1.0},
        left_out={"watchPaths": "restarts the server when files change: restart it with `argus-trio restart`"},
    ),
)
LM_STUDIO: Final = ClientDialect(
    name="lm-studio",
    title="LM Studio",
    shape=EntryShape(disabled="disabled", runs_in_project=False, left_out={"timeout": UNIT}),
)
COPILOT_CLI: Final = ClientDialect(
    name="copilot-cli",
    title="GitHub Copilot CLI",
    notation="shell",
    shape=EntryShape(allow="tools", disabled="disabled", call_seconds={"timeout": _MILLISECONDS}),
)
OPENCODE: Final = ClientDialect(
    name="opencode",
    title="opencode",
    members=(("mcp", "servers"), ("mcp",)),
    reads_first_place=True,
    notation="braces",
    shape=EntryShape(
        env="environment",
        enabled="enabled",
        disabled="disabled",
        connect_seconds={"timeout": _MILLISECONDS, "timeout.startup": _MILLISECONDS},
        call_seconds={"timeout.request": _MILLISECONDS},
    ),
)
KIRO: Final = ClientDialect(
    name="kiro",
    title="Kiro",
    notation="shell",
    shape=EntryShape(disabled="disabled", deny="disabledTools", left_out={"timeout": UNIT}),
)
ANY: Final = ClientDialect(
    name="mcp-json",
    title="mcp.json",
    members=(("mcpServers",), ("servers",), ("context_servers",), ("mcp", "servers"), ("mcp_servers",)),
    notation="any",
    shape=EntryShape(
        urls={"url": "http", "serverUrl": "http", "httpUrl": "streamable-http"},
        types=("type", "transport", "transportType"),
        env_file="envFile",
        disabled="disabled",
        enabled="enabled",
        deny="disabledTools",
        runs_in_project=False,
        left_out={"timeout": UNIT},
    ),
)
"""A file of no client that is known, such as the example in a server's README."""
