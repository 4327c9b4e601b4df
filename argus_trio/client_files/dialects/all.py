"""The dialects that are known, by the client's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.client_files.dialects.claude_code import CLAUDE_CODE
from argus_trio.client_files.dialects.codex import CODEX
from argus_trio.client_files.dialects.dialect import ClientDialect
from argus_trio.client_files.dialects.editors import (
    ANY,
    CLAUDE_DESKTOP,
    CLINE,
    COPILOT_CLI,
    CURSOR,
    KIRO,
    LM_STUDIO,
    OPENCODE,
    ROO_CODE,
    WINDSURF,
)
from argus_trio.client_files.dialects.gemini import GEMINI_CLI
from argus_trio.client_files.dialects.vscode import VSCODE
from argus_trio.client_files.dialects.zed import ZED
from argus_trio.client_files.gateways.hubs import MCP_HUB, MCPPROXY

DIALECTS: Final[Mapping[str, ClientDialect]] = {
    each.name: each
    for each in (
        CLAUDE_DESKTOP,
        CLAUDE_CODE,
        CURSOR,
        VSCODE,
        WINDSURF,
        GEMINI_CLI,
        ZED,
        CODEX,
        CLINE,
        ROO_CODE,
        LM_STUDIO,
        COPILOT_CLI,
        OPENCODE,
        KIRO,
        MCP_HUB,
        MCPPROXY,
        ANY,
    )
}
