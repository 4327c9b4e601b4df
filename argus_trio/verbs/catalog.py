"""What can be used: the tools, with those that are hidden and why."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import msgspec

from argus_trio.contract.capabilities import CAPABILITIES
from argus_trio.verbs.failure import DONE
from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.link.pages import all_pages
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.verb import Verb


@attrs.frozen(kw_only=True)
class FoundTool:
    """Of a `ToolEntry` what is read here. The whole cannot be decoded: msgspec takes no `Raw` that may be null."""

    name: str
    backend: str
    title: str | None
    description: str | None
    input_schema: msgspec.Raw
    hidden: str | None
    why: str | None


@attrs.frozen(kw_only=True)
class FoundTools:
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
    if verb.terminal.is_json:
        verb.terminal.raw(raw)
        return DONE
    answer = verb.client.decoded(raw, FoundTools)
    head: tuple[str, ...] = ("NAME", "BACKEND", "WHAT IT DOES")
    rows: list[Sequence[str | Cell]] = [(each.name, each.backend, _about(each)) for each in answer.tools]
    if is_all:
        head = ("NAME", "BACKEND", "HIDDEN", "WHY, OR WHAT IT DOES")
        rows = [_with_hidden(each) for each in answer.tools]
    is_narrowed = verb.option("pattern") or verb.option("backend")
    none = "no such tool" + ("" if is_all else "; --all shows hidden ones as well") if is_narrowed else "no tools"
    write_table(verb.terminal, head, rows, none=none, spare=("BACKEND",))
    return DONE


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
