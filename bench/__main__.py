"""`python -m bench`: what a call costs the gateway, in one run with a commit, mcp-hub, Caddy and nginx where they are.

    python -m bench [--against COMMIT] [--mcp-hub PROGRAM] [--caddy PROGRAM] [--nginx PROGRAM] [--only PART]...
                    [--rounds N] [--seconds S] [--minutes M] [--alone] [--update]

Prints a table; `--update` writes it, and the plot, into docs/performance.md. What mcp-proxy and fastmcp cost is
measured by `python -m bench.peers`.
"""

from __future__ import annotations

import argparse
import signal
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
    told = "how long the rounds may take, about: there are fewer then; default 8"
    parser.add_argument("--minutes", type=float, default=8.0, help=told)
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
            minutes=options.minutes,
            seconds=options.seconds,
            load=stack.enter_context(generator()),
            book=Book(),
        )
        whole = measured(plan, wanted)
    names = [each.name for each in plan.subjects]
    print(table(plan.book, names))
    if options.update and whole:
        page.update(plan.book, names)


def measured(plan: Plan, wanted: list[str]) -> bool:
    """Measure what is wanted; whether nobody stopped it meanwhile (what there is then is shown all the same)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for setup in TOOLS:
            if rows := [row for row in ROWS if row.setup == setup and row.key in wanted]:
                with plan.book.attempt(setup, "all"):
                    measure(plan, setup, rows)
        others.measure(plan, wanted)
    except KeyboardInterrupt:
        return False
    return True


def _is_wanted(key: str, parts: list[str]) -> bool:
    return not parts or any(part in key for part in parts)


if __name__ == "__main__":
    main()
