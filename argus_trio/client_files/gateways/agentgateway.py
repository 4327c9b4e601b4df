"""The targets of agentgateway: each is a program, or an address as host, port and path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from argus_trio.client_files.dialects.context import FileContext
from argus_trio.client_files.dialects.dialect import read_servers, with_problems
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.dialects.variables import VariableScope
from argus_trio.client_files.jsonc import JsonMember, JsonNode, TextLines, node_of_members
from argus_trio.client_files.server import ClientFile

NAME: Final = "agentgateway"
_SPOKEN: Final = {"mcp": "http", "sse": "sse"}
"""What is spoken at an address, by the member that holds it."""
_POLICIES: Final = "says what passes there: see filters, headers and tls of the backend, and middleware"
_SHAPE: Final = EntryShape(
    runs_in_project=False,
    silent=frozenset({"name"}),
    left_out={
        "policies": _POLICIES,
        "clearEnv": "no backend gets the gateway's own variables here, but for those that env_from names",
    },
)


def is_agentgateway(root: JsonNode) -> bool:
    """Whether a file is one of agentgateway: by what holds its targets."""
    backends = root.member("backends")
    has_list = backends is not None and backends.items is not None
    return root.member("binds") is not None or root.member("mcp", "targets") is not None or has_list


def read_agentgateway(root: JsonNode, text: str, *, path: Path) -> ClientFile:
    """The servers of a file of agentgateway, of which `root` is what stands in its text."""
    scope = VariableScope(notation="shell", title="agentgateway")
    context = FileContext(client=NAME, path=str(path), lines=TextLines(text), scope=scope)
    file = ClientFile(client=NAME, path=str(path))
    seen: set[str] = set()
    for target in _targets(root):
        entry = _entry(target)
        name = target.member("name")
        if entry is None or name is None or not isinstance(name.scalar, str):
            what = "a target that is no MCP server (neither stdio, mcp nor sse), or has no name: left out"
            file = with_problems(file, context.problem(target.start, what))
        elif name.scalar not in seen:  # one backend may stand in several routes
            seen.add(name.scalar)
            member = JsonMember(name=name.scalar, start=target.start, node=entry)
            file = read_servers(node_of_members((member,), at=target.start), "targets", file, _SHAPE, context)
    if not file.servers and not file.problems:
        file = with_problems(file, context.problem(root.start, "has no MCP targets"))
    return file


def _targets(root: JsonNode) -> Iterator[JsonNode]:
    yield from _items(root.member("mcp", "targets"))
    backends = [*_items(root.member("backends"))]
    for bind in _items(root.member("binds")):
        for listener in _items(bind.member("listeners")):
            for route in _items(listener.member("routes")):
                backends += _items(route.member("backends"))
    for backend in backends:
        yield from _items(backend.member("mcp", "targets"))


def _items(node: JsonNode | None) -> tuple[JsonNode, ...]:
    return () if node is None else node.items or ()


def _entry(target: JsonNode) -> JsonNode | None:
    """A target as clients write a server."""
    others = [each for each in target.members or () if each.name not in ("stdio", *_SPOKEN)]
    if (program := target.member("stdio")) is not None and program.members is not None:
        members = [_called(each, "command") if each.name == "cmd" else each for each in program.members]
        return node_of_members([*others, *members], at=target.start)
    for key, kind in _SPOKEN.items():
        place = target.member(key)
        if place is not None and (url := _url(place)):
            spoken = [_text("type", kind, place), _text("url", url, place)]
            read = ("host", "port", "path")
            return node_of_members(
                [*others, *spoken, *(each for each in place.members or () if each.name not in read)], at=target.start
            )
    return None


def _called(member: JsonMember, name: str) -> JsonMember:
    return attrs.evolve(member, name=name)


def _text(name: str, text: str, at: JsonNode) -> JsonMember:
    return JsonMember(name=name, start=at.start, node=JsonNode(start=at.start, end=at.end, scalar=text))


def _url(place: JsonNode) -> str:
    """The address: the host may be all of it, else port and path stand beside it."""
    host, port, path = (None if node is None else node.scalar for node in map(place.member, ("host", "port", "path")))
    if not isinstance(host, str) or not host:
        return ""
    if "://" in host:
        return host
    scheme = "https" if str(port) == "443" else "http"
    return f"{scheme}://{host}{'' if port is None else f':{port}'}/{str(path or '').lstrip('/')}"
