"""Names that clients refuse, names that no client sees, and how many tools there are: with the lines that mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from argus_trio.contract.capabilities import ToolEntry
from argus_trio.core.catalog.names import LONGEST_NAME, PORTABLE
from argus_trio.doctor.backends.seen import GatewaySeen
from argus_trio.doctor.finding import DoctorFinding

NAMES_SHOWN: Final = 5
"""How many names one finding holds, each with the line that mends it."""
CURSOR_NAME: Final = 60
"""Cursor leaves out a tool whose name is longer than this together with the name of its server, such as `argus`."""
CURSOR_TOOLS: Final = 40
"""How many tools of all servers Cursor takes, in the versions that bound them."""
VSCODE_TOOLS: Final = 128
"""How many tools VS Code takes for one request."""


def findings_of_names(seen: GatewaySeen) -> list[DoctorFinding]:
    """What is to be told of the names of tools."""
    shown = [each for each in seen.tools if each.hidden is None and not each.filtered]
    refused = [each for each in shown if len(each.name) > LONGEST_NAME or not PORTABLE.fullmatch(each.name)]
    found = [_refused(name, each) for name, each in _by_backend(refused)]
    conflicts = [each for each in seen.tools if each.hidden == "conflict"]
    found += [_hidden(name, each) for name, each in _by_backend(conflicts)]
    return found + _too_many(seen.visible)


def shorter(tool: ToolEntry) -> str:
    """A name of its own for a tool that clients accept with its prefix."""
    prefix = tool.name.removesuffix(tool.original_name) if tool.name.endswith(tool.original_name) else ""
    room = max(8, LONGEST_NAME - len(prefix))
    portable = "".join(each if PORTABLE.fullmatch(each) else "_" for each in tool.original_name)
    if len(portable) <= room:
        return portable
    kept = portable[:room].rpartition("_")[0].rstrip("_-")
    return kept if len(kept) >= room // 2 else portable[:room].rstrip("_-")


def _refused(name: str, tools: Sequence[ToolEntry]) -> DoctorFinding:
    too_long = [each for each in tools if len(each.name) > LONGEST_NAME]
    listed = ", ".join(f"{each.name} ({len(each.name)})" for each in tools[:NAMES_SHOWN])
    more = f" and {len(tools) - NAMES_SHOWN} more" if len(tools) > NAMES_SHOWN else ""
    why = (
        f"longer than {LONGEST_NAME} characters"
        if len(too_long) == len(tools)
        else f"longer than {LONGEST_NAME} characters, or with others than letters, digits, _ and -"
    )
    taken: set[str] = set()
    lines = "; ".join(
        f'"{each.original_name}": {{name: {_distinct(shorter(each), taken)}}}' for each in tools[:NAMES_SHOWN]
    )
    prefix = f", or a shorter backends.{name}.prefix" if too_long else ""
    return DoctorFinding(
        severity="problem",
        about=name,
        what=f"clients refuse names that are {why}, some with all that is listed beside them: {listed}{more}",
        advice=f"write backends.{name}.tool_overrides: {{{lines.replace('; ', ', ')}}}{prefix}",
    )


def _distinct(name: str, taken: set[str]) -> str:
    number, each = 2, name
    while each in taken:
        each = f"{name[: LONGEST_NAME - 3]}_{number}"
        number += 1
    taken.add(each)
    return each


def _hidden(name: str, tools: Sequence[ToolEntry]) -> DoctorFinding:
    listed = ", ".join(each.original_name for each in tools[:NAMES_SHOWN])
    more = f" and {len(tools) - NAMES_SHOWN} more" if len(tools) > NAMES_SHOWN else ""
    return DoctorFinding(
        severity="warning",
        about=name,
        what=f"no client sees its tools {listed}{more}: another backend has the same names",
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
