"""Names that clients refuse, names that no client sees, and how many tools there are: with the lines that mend it."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from typing import Final

from argus_trio.contract.capabilities import ToolEntry
from argus_trio.core.catalog.names import LONGEST_NAME, PORTABLE
from argus_trio.doctor.backends.seen import GatewaySeen
from argus_trio.doctor.finding import DoctorFinding

NAMES_SHOWN: Final = 5
"""How many names one finding holds, each with the line that mends it."""
CURSOR_TOOLS: Final = 40
"""How many tools of all servers Cursor takes, in the versions that bound them."""
VSCODE_TOOLS: Final = 128
"""How many tools VS Code takes for one request."""


_SHORTEST: Final = 8
"""How short a name of a tool is made at most."""
_ROOM: Final = 20
"""How much room a prefix has to leave: else it is the prefix that is too long."""
_LONG_PREFIX: Final = f"more than {LONGEST_NAME - _ROOM} of the {LONGEST_NAME} characters that clients take"


def findings_of_names(seen: GatewaySeen) -> list[DoctorFinding]:
    """What is to be told of the names of tools."""
    shown = [each for each in seen.tools if each.hidden is None and not each.filtered]
    refused = [each for each in shown if len(each.name) > LONGEST_NAME or not PORTABLE.fullmatch(each.name)]
    found = [_refused(name, each) for name, each in _by_backend(refused)]
    conflicts = [each for each in seen.tools if each.hidden == "conflict"]
    found += [_hidden(name, each) for name, each in _by_backend(conflicts)]
    return found + _too_many(seen.visible)


def shorter(tool: ToolEntry, taken: Container[str] = ()) -> str:
    """A name of its own for a tool that clients accept behind its prefix, and that is none of those `taken`."""
    room = max(_SHORTEST, LONGEST_NAME - len(_prefix_of(tool)))
    portable = "".join(each if PORTABLE.fullmatch(each) else "_" for each in tool.original_name)
    name = portable
    if len(portable) > room:
        whole_words = portable[: room + 1].rpartition("_")[0].rstrip("_-")
        name = whole_words if len(whole_words) >= room // 2 else portable[:room]
    number = 2
    each = name
    while each in taken:
        each = f"{name[: room - 3]}_{number}"
        number += 1
    return each


def _prefix_of(tool: ToolEntry) -> str:
    return tool.name.removesuffix(tool.original_name) if tool.name.endswith(tool.original_name) else ""


def _refused(name: str, tools: Sequence[ToolEntry]) -> DoctorFinding:
    too_long = [each for each in tools if len(each.name) > LONGEST_NAME]
    listed = ", ".join(f"{each.name} ({len(each.name)})" for each in tools[:NAMES_SHOWN])
    why = f"longer than {LONGEST_NAME} characters"
    if len(too_long) < len(tools):
        why += ", or with others than letters, digits, _ and -"
    return DoctorFinding(
        severity="problem",
        about=name,
        what=f"clients refuse names that are {why}, some with all that is listed beside them: {listed}{_more(tools)}",
        advice=_overrides(name, tools),
    )


def _overrides(name: str, tools: Sequence[ToolEntry]) -> str:
    """What to write, so that it can be pasted."""
    if any(len(_prefix_of(each)) > LONGEST_NAME - _ROOM for each in tools):
        return f"write a shorter backends.{name}.prefix: what stands before its names takes {_LONG_PREFIX}"
    new: dict[str, str] = {}
    for each in tools[:NAMES_SHOWN]:
        new[each.original_name] = shorter(each, new.values())
    lines = ", ".join(f"{json.dumps(old)}: {{name: {json.dumps(each)}}}" for old, each in new.items())
    prefix = f", or a shorter backends.{name}.prefix" if any(len(each.name) > LONGEST_NAME for each in tools) else ""
    rest = "; the same for the others" if len(tools) > NAMES_SHOWN else ""
    return f"write backends.{name}.tool_overrides: {{{lines}}}{prefix}{rest}"


def _more(tools: Sequence[ToolEntry]) -> str:
    return f" and {len(tools) - NAMES_SHOWN} more" if len(tools) > NAMES_SHOWN else ""


def _hidden(name: str, tools: Sequence[ToolEntry]) -> DoctorFinding:
    listed = ", ".join(each.original_name for each in tools[:NAMES_SHOWN])
    return DoctorFinding(
        severity="warning",
        about=name,
        what=f"no client sees its tools {listed}{_more(tools)}: another backend has the same names",
        advice=f"write backends.{name}.prefix: {name}, or conflict_resolution: {{strategy: prefix}}",
    )


def _too_many(visible: int) -> list[DoctorFinding]:
    if visible <= CURSOR_TOOLS:
        return []
    clients = f"Cursor takes {CURSOR_TOOLS} in versions that bound them"
    if visible > VSCODE_TOOLS:
        clients += f", VS Code {VSCODE_TOOLS} for a request"
    return [
        DoctorFinding(
            severity="warning",
            about="tools",
            what=f"clients are shown {visible} tools, more than some take: {clients}",
            advice='show each client what it needs: backends.NAME.filters.tools.allow: ["GLOB"], or a view of its own '
            "(views) with `argus-trio client NAME --view VIEW`",
        )
    ]


def _by_backend(tools: Iterable[ToolEntry]) -> list[tuple[str, list[ToolEntry]]]:
    found: dict[str, list[ToolEntry]] = {}
    for each in tools:
        found.setdefault(each.backend, []).append(each)
    return list(found.items())
