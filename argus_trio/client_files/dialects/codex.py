"""Codex: tables `mcp_servers` in its `config.toml`."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from argus_trio.client_files.dialects.dialect import ClientDialect
from argus_trio.client_files.dialects.shape import APPROVALS, EntryShape
from argus_trio.client_files.jsonc import JsonFault, JsonMember, JsonNode, node_of_list, node_of_members

_LINE_OF_FAULT: Final = re.compile(r" \(at line (\d+), column (\d+)\)$| \(at end of document\)$")


def read_toml(text: str) -> JsonNode:
    """What a TOML text holds; what stands below `mcp_servers` with the place of its table. Raises JsonFault."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE_OF_FAULT.search(str(error))
        line = int(found[1]) if found is not None and found[1] else text.count("\n") + 1
        offset = len("".join(text.splitlines(keepends=True)[: line - 1]))
        raise JsonFault(_LINE_OF_FAULT.sub("", str(error)), text, offset) from None
    except RecursionError:
        raise JsonFault("nested too deep", text, 0) from None
    servers = value.pop("mcp_servers", {})
    found_servers = (
        node_of_members((_table(name, each, text) for name, each in servers.items()), at=0)
        if isinstance(servers, dict)
        else _node(servers, 0)
    )
    others = (JsonMember(name=name, start=0, node=_node(each, 0)) for name, each in value.items())
    return node_of_members((JsonMember(name="mcp_servers", start=0, node=found_servers), *others), at=0)


def _table(name: str, value: object, text: str) -> JsonMember:
    """The table of one server, and where it begins."""
    spelled = rf"(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')"
    header = rf"^[ \t]*\[[ \t]*mcp_servers[ \t]*\.[ \t]*{spelled}[ \t]*[\].]|^[ \t]*{spelled}[ \t]*="
    found = re.search(header, text, re.MULTILINE)
    at = 0 if found is None else found.start()
    return JsonMember(name=name, start=at, node=_node(value, at))


def _node(value: object, at: int) -> JsonNode:
    if isinstance(value, dict):
        return node_of_members(
            (JsonMember(name=name, start=at, node=_node(each, at)) for name, each in value.items()), at=at
        )
    if isinstance(value, list):
        return node_of_list((_node(each, at) for each in value), at=at)
    if isinstance(value, (str, int, float)):
        return JsonNode(start=at, end=at, scalar=value)
    return JsonNode(start=at, end=at, scalar=str(value))  # TOML has dates and times


CODEX: Final = ClientDialect(
    name="codex",
    title="Codex",
    members=(("mcp_servers",),),
    parse=read_toml,
    shape=EntryShape(
        urls={"url": "streamable-http"},
        passed_variables="env_vars",
        headers="http_headers",
        header_variables="env_http_headers",
        bearer_variable="bearer_token_env_var",
        enabled="enabled",
        allow="enabled_tools",
        deny="disabled_tools",
        call_seconds={"tool_timeout_sec": 1.0},
        connect_seconds={"startup_timeout_sec": 1.0, "startup_timeout_ms": 0.001},
        left_out={
            "required": "lets Codex refuse to start without it: the gateway starts without any backend",
            "bearer_token": "is refused by Codex itself: put the token into a variable, bearer_token_env_var",
            "environment_id": "says where Codex starts it: the gateway starts it on its own machine",
            "experimental_environment": "says where Codex starts it: the gateway starts it on its own machine",
            "http_headers_helper": "the gateway runs no program for headers: put the value into headers",
            "tools": APPROVALS,
            "default_tools_approval_mode": APPROVALS,
            "supports_parallel_tool_calls": "the gateway always passes calls on side by side",
        },
    ),
)
