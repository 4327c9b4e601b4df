"""VS Code: `mcp.json`, and the older places: `settings.json`, a workspace file, a dev container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from argus_trio.client_files.dialects.dialect import ClientDialect
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.dialects.variables import variable_name
from argus_trio.client_files.jsonc import JsonNode
from argus_trio.client_files.server import VariableReference

_PLACES: Final = ((), ("mcp",), ("settings", "mcp"), ("customizations", "vscode", "mcp"))
"""Where `servers` and `inputs` stand: in mcp.json, settings.json, a .code-workspace, a devcontainer.json."""


def _inputs(root: JsonNode) -> Mapping[str, VariableReference]:
    found: dict[str, VariableReference] = {}
    taken: set[str] = set()
    for each in _declared(root):
        identity = _text(each, "id")
        if not identity or identity in found:
            continue
        name = variable_name(identity)
        while name in taken:
            name += "_2"
        taken.add(name)
        password = each.member("password")
        found[identity] = VariableReference(
            name=name,
            default=_text(each, "default"),
            is_secret=password is not None and password.scalar is True,
            about=_about(each),
        )
    return found


def _declared(root: JsonNode) -> Iterator[JsonNode]:
    for place in _PLACES:
        node = root.member(*place, "inputs")
        yield from (node.items or ()) if node is not None else ()
    if (flat := root.member("mcp.inputs")) is not None:
        yield from flat.items or ()


def _about(node: JsonNode) -> str:
    """What the user is asked for; of a list also what can be picked, of a command which it is."""
    about = _text(node, "description") or ""
    if (options := node.member("options")) is not None and options.items:
        values = [each.scalar if each.members is None else _text(each, "value") for each in options.items]
        about += f" (one of: {', '.join(str(each) for each in values)})"
    if command := _text(node, "command"):
        about += f" (VS Code asks its command {command} for it)"
    return about.strip()


def _text(node: JsonNode, key: str) -> str | None:
    found = node.member(key)
    return found.scalar if found is not None and isinstance(found.scalar, str) else None


VSCODE: Final = ClientDialect(
    name="vscode",
    title="VS Code",
    members=(*((*place, "servers") for place in _PLACES), ("mcp.servers",)),
    notation="editor",
    inputs=_inputs,
    shape=EntryShape(
        falls_back=True,
        env_file="envFile",
        disabled="disabled",
        enabled="enabled",
        left_out={
            "dev": "is for developing the server: start it by hand, or with its own watcher",
            "sandbox": "is VS Code's own sandbox: say in container: what the server may see and reach",
            "sandboxEnabled": "is VS Code's own sandbox: say in container: what the server may see and reach",
            "version": "says which version VS Code installed: put the version into args to stay with it",
        },
        silent=frozenset({"gallery"}),
    ),
)
