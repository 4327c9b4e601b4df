"""Other gateways whose files are like those of clients: MCP Hub, and MCPProxy with its list of servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs

from argus_trio.client_files.dialects.context import FileContext
from argus_trio.client_files.dialects.dialect import ClientDialect, read_servers, with_problems
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.dialects.values import is_null
from argus_trio.client_files.jsonc import JsonMember, JsonNode, node_of_members
from argus_trio.client_files.server import ClientFile, DeclaredServer, LeftOut, VariableReference, WrittenText

_BARE: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)
_NO_TEXT: Final = "is null, where a text belongs: left out"
"""What is remarked of a null, which MCP Hub means as its own variable of that name."""


def _filled_by_hub(root: JsonNode, file: ClientFile, _context: FileContext) -> ClientFile:
    """MCP Hub takes its own variable for a null, and fills in the variables that an entry sets itself."""
    nodes = {place: root.member(place) for place in ("mcpServers", "servers")}
    entries = {each.name: each.node for node in nodes.values() if node is not None for each in node.members or ()}
    return attrs.evolve(file, servers=tuple(_as_hub_means(each, entries.get(each.name)) for each in file.servers))


def _as_hub_means(server: DeclaredServer, entry: JsonNode | None) -> DeclaredServer:
    env = dict(server.env)
    node = None if entry is None else entry.member("env")
    for each in (node.members or ()) if node is not None else ():
        if is_null(each.node) or each.node.scalar == "":
            env[each.name] = WrittenText((VariableReference(name=each.name),))
    own = {name: value for name, value in env.items() if not _names(value, name)}
    nulls = {f"env.{name}" for name in env}
    return attrs.evolve(
        server,
        env=env,
        args=tuple(_filled(_with_bare(each), own) for each in server.args),
        command=_filled(server.command, own),
        url=_filled(server.url, own),
        headers={name: _filled(value, own) for name, value in server.headers.items()},
        left_out=tuple(each for each in server.left_out if each.key not in nulls or each.why != _NO_TEXT),
    )


def _names(value: WrittenText, name: str) -> bool:
    """Whether a value is made of the variable of that name."""
    return any(isinstance(each, VariableReference) and each.name == name for each in value.parts)


def _with_bare(text: WrittenText) -> WrittenText:
    """An argument that is `$NAME` and nothing else is the variable."""
    found = _BARE.fullmatch(text.literal or "")
    return text if found is None else WrittenText((VariableReference(name=found[1]),))


def _filled(text: WrittenText, own: Mapping[str, WrittenText]) -> WrittenText:
    parts: list[str | VariableReference] = []
    for each in text.parts:
        is_own = isinstance(each, VariableReference) and each.name in own
        parts += own[each.name].parts if is_own and isinstance(each, VariableReference) else (each,)
    return WrittenText(tuple(parts))


def _listed_by_proxy(root: JsonNode, file: ClientFile, context: FileContext) -> ClientFile:
    """MCPProxy writes its servers as a list, each with its name; those in quarantine are not started."""
    node = root.member("mcpServers")
    if node is None or node.items is None:
        what = "mcpServers is no list of servers, as MCPProxy has it"
        return file if file.servers else with_problems(file, context.problem((node or root).start, what))
    members: list[JsonMember] = []
    for each in node.items:
        name = each.member("name")
        if name is None or not isinstance(name.scalar, str) or not name.scalar:
            file = with_problems(file, context.problem(each.start, "a server without a name: left out"))
            continue
        members.append(JsonMember(name=name.scalar, start=each.start, node=each))
    servers = node_of_members(members, at=node.start)
    file = read_servers(servers, "mcpServers", file, MCPPROXY.shape, context)
    waiting = {each.name for each in members if _is_quarantined(each.node)}
    why = "it waits for a review there (quarantined): it is switched off here too; look at it, and write enabled: true"
    return attrs.evolve(
        file,
        servers=tuple(
            attrs.evolve(each, is_enabled=False, left_out=(*each.left_out, LeftOut(key="quarantined", why=why)))
            if each.name in waiting
            else each
            for each in file.servers
        ),
    )


def _is_quarantined(node: JsonNode) -> bool:
    found = node.member("quarantined")
    return found is not None and found.scalar is True


_DOCKER: Final = "says how it is isolated there; here `container` does, and without it a container is the default"
_TIMES: Final = "is watched by the gateway itself: health and timeouts of the backend"

MCP_HUB: Final = ClientDialect(
    name="mcp-hub",
    title="MCP Hub",
    members=(("mcpServers",), ("servers",)),
    notation="any",
    shape=EntryShape(
        disabled="disabled",
        deny="disabled_tools",
        runs_in_project=False,
        left_out={
            "dev": "restarts the server when files change: restart it with `argus-trio restart`",
            "custom_instructions": "is for the client that reads it",
            "disabled_prompts": "hides prompts: write filters: {prompts: {deny: [...]}}",
            "disabled_resources": "hides resources: write filters: {resources: {deny: [...]}}",
            "disabled_resourceTemplates": "hides resources: write filters: {resources: {deny: [...]}}",
        },
    ),
    amend=_filled_by_hub,
)
MCPPROXY: Final = ClientDialect(
    name="mcpproxy",
    title="MCPProxy",
    members=(),
    notation="editor",
    shape=EntryShape(
        types=("protocol", "type"),
        cwd="working_dir",
        enabled="enabled",
        deny="disabled_tools",
        runs_in_project=False,
        silent=frozenset({"name", "created", "updated", "quarantined"}),
        left_out={
            "isolation": _DOCKER,
            "health_check_interval": _TIMES,
            "tool_discovery_interval": _TIMES,
            "annotation_overrides": "changes what is told of tools: only names and descriptions are changed here",
            "auth_broker": "keeps tokens of its users: the gateway does not sign in at servers by itself",
        },
    ),
    amend=_listed_by_proxy,
)
