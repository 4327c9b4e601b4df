"""`python -m bench`: what a call costs the gateway, in one run with a commit, mcp-hub, Caddy and nginx where they are.

    python -m bench [--against COMMIT] [--mcp-hub PROGRAM] [--caddy PROGRAM] [--nginx PROGRAM] [--only PART]...
                    [--rounds N] [--seconds S] [--update]

Prints a table; `--update` writes it, and the plot, into docs/performance.md. What mcp-proxy and fastmcp cost is
measured by `python -m bench.peers`.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from bench.fast_path import others, page, subjects
from bench.fast_path.book import Book
from bench.fast_path.generator import generator
from bench.fast_path.rounds import Plan, measure
from bench.fast_path.rows import ROWS, TOOLS
from bench.fast_path.table import table

PEERS = {"mcp-hub": subjects.mcp_hub, "caddy": subjects.caddy, "nginx": subjects.nginx}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what a call costs the gateway.")
    parser.add_argument("--against", metavar="COMMIT", help="measure the gateway of this commit too")
    for name in PEERS:
        parser.add_argument(f"--{name}", metavar="PROGRAM", help="where it is, if not in PATH")
    keys = ", ".join([*(row.key for row in ROWS), *others.KEYS])
    told = f"only rows with this in their key; may be given several times. There are {keys}"
    parser.add_argument("--only", action="append", default=[], metavar="PART", help=told)
    parser.add_argument("--alone", action="store_true", help="no peers, this tree and the commit alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="how long each load is put on; default 0.4")
    parser.add_argument("--update", action="store_true", help="write docs/performance.md and its plot anew")
    return parser.parse_args()


def chosen(options: argparse.Namespace, stack: ExitStack) -> list[subjects.Subject]:
    """Who is measured."""
    found = [subjects.ours()]
    if options.against:
        found.append(stack.enter_context(subjects.at_commit(options.against)))
    for name, make in {} if options.alone else PEERS.items():
        if program := getattr(options, name.replace("-", "_")) or subjects.found(name):
            found.append(make(program))
    return found


def main() -> None:
    options = arguments()
    wanted = [each for each in [row.key for row in ROWS] + [*others.KEYS] if _is_wanted(each, options.only)]
    with ExitStack() as stack:
        plan = Plan(
            subjects=chosen(options, stack),
            rounds=max(1, options.rounds),
            seconds=options.seconds,
            load=stack.enter_context(generator()),
            book=Book(),
        )
        for setup in TOOLS:
            if rows := [row for row in ROWS if row.setup == setup and row.key in wanted]:
                measure(plan, setup, rows)
        others.measure(plan, wanted)
    print(table(plan.book, [each.name for each in plan.subjects]))
    if options.update:
        page.update(plan.book, [each.name for each in plan.subjects])


def _is_wanted(key: str, parts: list[str]) -> bool:
    return not parts or any(part in key for part in parts)


if __name__ == "__main__":
    main()
