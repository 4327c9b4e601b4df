"""Claude Code: `~/.claude.json` with servers for all projects and for each, and a project's `.mcp.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

from argus_trio.client_files.dialects.context import MOST_SERVERS, FileContext
from argus_trio.client_files.dialects.dialect import ClientDialect, read_servers
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.dialects.values import printable
from argus_trio.client_files.jsonc import JsonNode
from argus_trio.client_files.server import ClientFile, DeclaredServer, LeftOut

_SHAPE: Final = EntryShape(
    skips_untyped=True,
    call_seconds={"timeout": 0.001},
    left_out={
        "alwaysLoad": "says how Claude Code shows the tools: it goes on doing so with the gateway's",
        "instructions": "is for Claude Code's own use",
    },
    silent=frozenset({"scope"}),
)


def _with_projects(root: JsonNode, file: ClientFile, context: FileContext) -> ClientFile:
    """`projects` holds servers of single folders, and which servers are switched off there."""
    projects = root.member("projects")
    for each in projects.members or () if projects is not None else ():
        switched_off = names_of(each.node, "disabledMcpServers")
        file = _told(file, each.name, switched_off)
        where = f"projects.{printable(each.name)}.mcpServers"
        more = read_servers(each.node.member("mcpServers"), where, file, _SHAPE, context.within(Path(each.name)))
        here = more.servers[len(file.servers) :]
        here = tuple(without(server, switched_off, "disabledMcpServers names it") for server in here)
        file = attrs.evolve(more, servers=(*file.servers, *here))
        if len(file.servers) + len(file.problems) > MOST_SERVERS:
            break
    return file


def _told(file: ClientFile, project: str, switched_off: frozenset[str]) -> ClientFile:
    """The servers for all projects, with a remark on those that are switched off in one."""

    def judged(server: DeclaredServer) -> DeclaredServer:
        if server.origin.project or server.name not in switched_off:
            return server
        why = f"is switched off in {project}: through the gateway it is there as well, unless a view leaves it out"
        return attrs.evolve(server, left_out=(*server.left_out, LeftOut(key="disabledMcpServers", why=why)))

    return attrs.evolve(file, servers=tuple(judged(each) for each in file.servers))


def without(server: DeclaredServer, names: frozenset[str], why: str) -> DeclaredServer:
    """The server, disabled if it is among the names."""
    if server.name not in names:
        return server
    remark = LeftOut(key="enabled", why=f"{why}: it is disabled")
    return attrs.evolve(server, is_enabled=False, left_out=(*server.left_out, remark))


def names_of(node: JsonNode, key: str) -> frozenset[str]:
    """The names in a list of a settings file."""
    found = node.member(key)
    return frozenset(
        each.scalar for each in (found.items or () if found is not None else ()) if isinstance(each.scalar, str)
    )


CLAUDE_CODE: Final = ClientDialect(
    name="claude-code", title="Claude Code", notation="shell", shape=_SHAPE, amend=_with_projects
)
