"""What can be used: the tools, with those that are hidden and why."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.capabilities import CAPABILITIES
from argus_trio.contract.health import HEALTH, HealthAnswer
from argus_trio.manage_client.clean import clean, one_line
from argus_trio.manage_client.failure import DONE, CommandFailed
from argus_trio.verbs.arguments import items_of, resolved, types_of
from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.link.pages import all_pages
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.show.terminal import Terminal
from argus_trio.verbs.verb import Verb


@attrs.frozen(kw_only=True)
class FoundTool(Value):
    """Of a `ToolEntry` what is read here. The whole cannot be decoded: msgspec takes no `Raw` that may be null."""

    name: str
    backend: str
    title: str | None
    description: str | None
    input_schema: msgspec.Raw
    hidden: str | None
    why: str | None


@attrs.frozen(kw_only=True)
class FoundTools(Value):
    """The same of a `CapabilitiesAnswer`."""

    tools: tuple[FoundTool, ...]


def tools(verb: Verb) -> int:
    """The tools that a pattern finds."""
    is_all = bool(getattr(verb.options, "all", False))
    raw = found_tools(
        verb.client,
        search=verb.option("pattern"),
        backend=verb.option("backend"),
        principal=verb.option("principal"),
        endpoint=verb.option("view") or verb.client.place.view,
        hidden=is_all,
    )
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, FoundTools)
    if named := [each for each in answer.tools if each.name == verb.option("pattern")]:
        for each in named:
            _detail(verb.terminal, each)
        return DONE
    head: tuple[str, ...] = ("NAME", "BACKEND", "WHAT IT DOES")
    rows: list[Sequence[str | Cell]] = [(each.name, each.backend, _about(each)) for each in answer.tools]
    if is_all:
        head = ("NAME", "BACKEND", "HIDDEN", "WHY, OR WHAT IT DOES")
        rows = [_with_hidden(each) for each in answer.tools]
    is_narrowed = verb.option("pattern") or verb.option("backend")
    none = "no such tool" + ("" if is_all else "; --all shows hidden ones as well") if is_narrowed else "no tools"
    none += "" if answer.tools else not_connected(verb.client)
    write_table(verb.terminal, head, rows, none=none, spare=("BACKEND",))
    return DONE


def not_connected(client: ManageClient) -> str:
    """What may be why a tool is not there: backends that are not connected; empty if all are."""
    try:
        counts = client.decoded(client.fetch(HEALTH), HealthAnswer).backends
    except CommandFailed:
        return ""
    if counts.connected == counts.total:
        return ""
    preparing = f", {counts.preparing} preparing" if counts.preparing else ""
    return f"; {counts.connected} of {counts.total} backends are connected{preparing}: `argus-trio backends` says why"


def _detail(terminal: Terminal, tool: FoundTool) -> None:
    """One tool with its arguments, and how it is called."""
    hidden = f", hidden ({one_line(tool.hidden)}): {one_line(tool.why or '')}" if tool.hidden else ""
    terminal.line(f"{terminal.painted(one_line(tool.name), 'bold')} of {one_line(tool.backend)}{hidden}")
    if about := _about(tool).strip():
        terminal.line(textwrap.indent(clean(about), "  "))
    decoded = msgspec.json.decode(tool.input_schema)
    schema: Mapping[str, object] = decoded if isinstance(decoded, dict) else {}
    properties, required = schema.get("properties"), schema.get("required")
    known: Mapping[str, object] = properties if isinstance(properties, dict) else {}
    needed = [str(name) for name in required] if isinstance(required, list) else []
    terminal.line()
    rows = [(name, _kind(each, schema), "yes" if name in needed else "", _said(each)) for name, each in known.items()]
    write_table(
        terminal, ("ARGUMENT", "TYPE", "REQUIRED", "WHAT IT IS"), rows, none="it has no arguments", is_whole=True
    )
    terminal.line()
    words = "".join(f" {shlex.quote(name)}=…" for name in needed)
    terminal.line(one_line(f"argus-trio call {shlex.quote(tool.name)}{words}"))


def _kind(schema: object, root: Mapping[str, object]) -> str:
    """What a value may be, in a few words."""
    own = resolved(schema, root)
    if isinstance(values := own.get("enum"), list) and values:
        return "one of " + ", ".join(map(str, values))
    items = items_of(own, root)
    of_items = "array" if items is None else f"array of {' or '.join(types_of(items, root))}"
    return " or ".join(of_items if kind == "array" else kind for kind in types_of(own, root))


def _said(schema: object) -> str:
    own = schema if isinstance(schema, dict) else {}
    default = f"default: {msgspec.json.encode(own['default']).decode()}" if "default" in own else ""
    return "; ".join(part for part in (str(own.get("description") or own.get("title") or ""), default) if part)


def _about(tool: FoundTool) -> str:
    return tool.description or tool.title or ""


def _with_hidden(tool: FoundTool) -> tuple[str | Cell, ...]:
    if tool.hidden is None:
        return tool.name, tool.backend, "", _about(tool)
    return Cell(tool.name, "dim"), tool.backend, Cell(tool.hidden, "yellow"), tool.why or ""


def found_tools(
    client: ManageClient,
    *,
    search: str,
    backend: str = "",
    principal: str = "",
    endpoint: str = "",
    hidden: bool = False,
) -> bytes:
    """The answer that lists the tools found, all pages of it."""
    query = {
        "type": "tools",
        "search": search,
        "backend": backend,
        "principal": principal,
        "endpoint": endpoint,
        "hidden": "true" if hidden else "false",
        "limit": 1000,
    }
    return all_pages(client, CAPABILITIES, query)
