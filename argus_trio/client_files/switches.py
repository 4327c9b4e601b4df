"""Which servers of a project's `.mcp.json` Claude Code's other files switch off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.client_files.dialects.claude_code import names_of, without
from argus_trio.client_files.jsonc import JsonFault, JsonNode, read_jsonc
from argus_trio.client_files.server import ClientFile


@attrs.frozen(kw_only=True)
class Switches(Value):
    """What one list says."""

    where: str
    """The file and the name of the list."""
    switched_off: frozenset[str]


def read_switches(text: str, *, path: Path, project: Path | None) -> list[Switches]:
    """The lists in a settings file, or in what `~/.claude.json` keeps for a project; none in a file that is no JSON."""
    try:
        root = read_jsonc(text)
    except JsonFault:
        return []
    node = root if project is None else root.member("projects", str(project))
    if node is None:
        return []
    lists = {
        "disabledMcpjsonServers": names_of(node, "disabledMcpjsonServers"),
        "disabledMcpServers": names_of(node, "disabledMcpServers"),
        "deniedMcpServers": _denied(node),
    }
    return [Switches(where=f"{name} in {path}", switched_off=names) for name, names in lists.items() if names]


def _denied(node: JsonNode) -> frozenset[str]:
    """The names in `deniedMcpServers: [{serverName: …}]`; it may also deny by command or address."""
    found = node.member("deniedMcpServers")
    names = (each.member("serverName") for each in (found.items or () if found is not None else ()))
    return frozenset(each.scalar for each in names if each is not None and isinstance(each.scalar, str))


def switched(file: ClientFile, switches: Sequence[Switches]) -> ClientFile:
    """The file, its servers disabled that a list names."""
    servers = file.servers
    for each in switches:
        servers = tuple(without(server, each.switched_off, f"{each.where} names it") for server in servers)
    return attrs.evolve(file, servers=servers)
