"""`python -m bench.peers [--calls N] [--peer NAME=PYTHON]...`: gateways against the same backend.

Prints a table. A peer is measured with the Python that has it, such as `--peer mcp-proxy=/somewhere/bin/python`;
without the option, with this Python if it is installed there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bench.gateways import KINDS, is_there
from bench.measure import BACKENDS, CONCURRENCY, MANY_TOOLS, Report, directly, measured

CALLS = 2000
MOST_CALLS = 100_000

Direct = dict[str, float]
ROWS: list[tuple[str, Callable[[Report, Direct], str]]] = [
    ("CPU of the gateway per call, 1 at a time, ms", lambda report, _: f"{report.one.gateway_cpu_ms:.2f}"),
    ("CPU of its children per call, 1 at a time, ms", lambda report, _: f"{report.one.children_cpu_ms:.2f}"),
    (
        f"CPU of the gateway per call, {CONCURRENCY} at a time, ms",
        lambda report, _: f"{report.many.gateway_cpu_ms:.2f}",
    ),
    (
        f"CPU of its children per call, {CONCURRENCY} at a time, ms",
        lambda report, _: f"{report.many.children_cpu_ms:.2f}",
    ),
    (f"calls per second, {CONCURRENCY} at a time", lambda report, _: f"{report.many.per_second:.0f}"),
    ("added latency, median, ms", lambda report, direct: f"{report.one.p50_ms - direct['p50_ms']:.2f}"),
    ("added latency, 99th percentile, ms", lambda report, direct: f"{report.one.p99_ms - direct['p99_ms']:.2f}"),
    (f"tools/list of {MANY_TOOLS} tools, median, ms", lambda report, _: f"{report.lists.p50_ms:.1f}"),
    (
        f"tools/list of {MANY_TOOLS} tools, CPU of the gateway, ms",
        lambda report, _: f"{report.lists.gateway_cpu_ms:.1f}",
    ),
    ("memory of the gateway, resident, MiB", lambda report, _: f"{report.memory.rss:.0f}"),
    ("memory of the gateway, proportional, MiB", lambda report, _: f"{report.memory.pss:.0f}"),
    ("listening after, s", lambda report, _: f"{report.listening_s:.2f}"),
    ("1 backend ready after, s", lambda report, _: f"{report.ready_s:.2f}"),
    (f"{BACKENDS} backends ready after, s", lambda report, _: f"{report.ready_with_many_s:.2f}"),
]


def table(reports: list[Report], direct: Direct) -> str:
    """Markdown, a column for each gateway."""
    lines = [
        " | ".join(["", "1 KB calls to a stdio backend", *(report.name for report in reports), ""]).strip(),
        "|".join(["", "---", *("---:" for _ in reports), ""]),
        *(" | ".join(["", what, *(cell(report, direct) for report in reports), ""]).strip() for what, cell in ROWS),
    ]
    return "\n".join(lines)


def pythons(peers: list[str]) -> dict[str, str]:
    """Which gateways to measure, and with which Python."""
    given = dict(peer.split("=", 1) for peer in peers)
    if unknown := given.keys() - KINDS.keys():
        raise SystemExit(f"no such gateway: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    found = {name: given.get(name, sys.executable) for name in KINDS}
    missing = [name for name, python in found.items() if not is_there(name, python)]
    for name in missing:
        print(f"not measured: {name} (not installed for {found.pop(name)})", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Measure gateways; print a table.")
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls of each load; default {CALLS}")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="a Python that has NAME")
    options = parser.parse_args()
    calls = max(CONCURRENCY, min(options.calls, MOST_CALLS))
    direct = directly(calls)
    reports: list[Report] = []
    for name, python in pythons(options.peer).items():
        print(f"measuring {name}", file=sys.stderr)
        reports.append(measured(name, python, calls))
    print(table(reports, direct))
    print(f"\nThe backend itself, over its pipes: p50 {direct['p50_ms']:.2f} ms, p99 {direct['p99_ms']:.2f} ms.")


if __name__ == "__main__":
    main()
