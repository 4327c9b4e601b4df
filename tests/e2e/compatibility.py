"""docs/compatibility.md as text: the outcomes of the matrix' cells, in one table for each group of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e import contained, strays
from tests.e2e.cells import DOORS, KINDS, Door, Feature, Key, Kind, Outcomes
from tests.e2e.child import ROOT

PATH: Path = ROOT / "docs" / "compatibility.md"

INTRODUCTION = """\
# Compatibility

Every client works with every server through the gateway, whatever era of the protocol and whatever transport the two
speak. *Legacy* is the protocol with a handshake, up to revision 2025-11-25; *modern* is revision 2026-07-28.

This page is written by a test, `tests/e2e/test_matrix.py`: one gateway runs in front of a server of each kind, the
clients of each kind use each feature through it, and what came of it stands here. Clients and servers are those of
the MCP Python SDK, except for tasks, which it does not know: there, it only carries the messages. After a change,
`pytest tests/e2e/test_matrix.py --update` writes the page anew. What is done about peers that stray from the
specification stands at its end.

In the tables, a column is a way in and holds a mark for each kind of server, in this order:
"""

DOOR_TITLES = {
    "mcp-legacy": "`/mcp` legacy",
    "mcp-modern": "`/mcp` modern",
    "sse-legacy": "`/sse` legacy",
    "bridge-legacy": "`argus-trio stdio` legacy",
    "bridge-modern": "`argus-trio stdio` modern",
}
KIND_TITLES = {
    "stdio-legacy": "stdio, legacy",
    "sse-legacy": "HTTP+SSE, legacy",
    "http-legacy": "Streamable HTTP, legacy",
    "stdio-modern": "stdio, modern",
    "http-modern": "Streamable HTTP, modern",
}
WORKS, FAILS, MISSING = "✓", "✗", "?"


def page(features: Sequence[Feature], outcomes: Outcomes, reasons: Mapping[str, str]) -> str:
    """The whole page. A cell without an outcome is a question mark."""
    numbers = {key: number for number, key in enumerate(reasons, 1)}
    order = "\n".join(f"{number}. {KIND_TITLES[kind.name]}" for number, kind in enumerate(KINDS, 1))
    parts = [f"{INTRODUCTION}\n{order}"]
    for group in dict.fromkeys(feature.group for feature in features):
        rows = [feature for feature in features if feature.group == group]
        parts.append(f"## {group}\n\n{_table(rows, outcomes, numbers)}")
    legend = [f"- {WORKS} works", f"- {FAILS} does not work"]
    legend += [f"- ({number}) {reasons[key]}" for key, number in numbers.items()]
    parts.append("## Legend\n\n" + "\n".join(legend))
    parts += [strays.section(), contained.section()]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Feature], outcomes: Outcomes, numbers: Mapping[str, int]) -> str:
    lines = ["| | " + " | ".join(DOOR_TITLES[door.name] for door in DOORS) + " |", "|---" * (1 + len(DOORS)) + "|"]
    for feature in rows:
        cells = [" ".join(_mark(feature, door, kind, outcomes, numbers) for kind in KINDS) for door in DOORS]
        lines.append(f"| {feature.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mark(feature: Feature, door: Door, kind: Kind, outcomes: Outcomes, numbers: Mapping[str, int]) -> str:
    if (reason := feature.absent(door, kind)) is not None:
        return f"({numbers[reason]})"
    key: Key = (feature.name, door.name, kind.name)
    if key not in outcomes:
        return MISSING
    return WORKS if outcomes[key] is None else FAILS
