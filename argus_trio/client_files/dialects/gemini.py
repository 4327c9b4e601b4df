"""Gemini CLI: `mcpServers` in its settings, beside which stands which of them may be used."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.client_files.dialects.context import FileContext
from argus_trio.client_files.dialects.dialect import ClientDialect, with_problems
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.jsonc import JsonNode
from argus_trio.client_files.server import ClientFile, DeclaredServer, LeftOut


def _by_its_lists(root: JsonNode, file: ClientFile, context: FileContext) -> ClientFile:
    """`mcp.allowed` names the only servers that are used, `mcp.excluded` those that are not."""
    allowed = _names(root, "mcp", "allowed") or _names(root, "allowMCPServers")
    excluded = _names(root, "mcp", "excluded") or _names(root, "excludeMCPServers")

    def judged(server: DeclaredServer) -> DeclaredServer:
        if server.name in excluded:
            why = "mcp.excluded names it: it is disabled"
        elif allowed and server.name not in allowed:
            why = "mcp.allowed does not name it: it is disabled"
        else:
            return server
        return attrs.evolve(server, is_enabled=False, left_out=(*server.left_out, LeftOut(key="enabled", why=why)))

    file = attrs.evolve(file, servers=tuple(judged(each) for each in file.servers))
    command = root.member("mcp", "serverCommand") or root.member("mcpServerCommand")
    if command is None or not command.scalar:
        return file
    what = "mcp.serverCommand starts a server that has no name: declare it in mcpServers"
    return with_problems(file, context.problem(command.start, what))


def _names(root: JsonNode, *names: str) -> frozenset[str]:
    node = root.member(*names)
    return frozenset(each.scalar for each in (node.items or () if node else ()) if isinstance(each.scalar, str))


GEMINI_CLI: Final = ClientDialect(
    name="gemini-cli",
    title="Gemini CLI",
    notation="shell-bare",
    amend=_by_its_lists,
    shape=EntryShape(
        urls={"httpUrl": "streamable-http", "url": "sse"},
        url_wins=True,
        allow="includeTools",
        deny="excludeTools",
        call_seconds={"timeout": 0.001},
        left_out={
            "extensionName": "says which extension brought it",
            "targetAudience": "is for signing in at Google, which the gateway does not do",
            "targetServiceAccount": "is for signing in at Google, which the gateway does not do",
        },
    ),
)
