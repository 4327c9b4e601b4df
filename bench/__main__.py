"""`python -m bench [--against COMMIT] [--rounds N] [--seconds S]`: CPU of the gateway per call."""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack

from bench.fast_path.generator import generator
from bench.fast_path.load import Order
from bench.fast_path.subjects import BACKEND, Behind, at_commit, ours, started


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what a call costs the gateway.")
    parser.add_argument("--against", metavar="COMMIT", help="measure this commit too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each load")
    options = parser.parse_args()
    with ExitStack() as stack:
        subjects = [ours(), *([stack.enter_context(at_commit(options.against))] if options.against else [])]
        load = stack.enter_context(generator())
        running = {each.name: stack.enter_context(started(each, Behind(stdio={"s": BACKEND}))) for each in subjects}
        taken: dict[str, list[float]] = {name: [] for name in running}
        params: dict[str, object] = {"name": "s__echo", "arguments": {"text": "x" * 1024}}
        for number in range(options.rounds + 1):
            for name, each in running.items():
                order = Order(url=each.url, params=params, seconds=options.seconds)
                seen, cpu = load.put(order, each.pid)
                if number:
                    taken[name].append(cpu / seen["calls"] * 1000)
    for name, values in taken.items():
        print(f"stdio, 8 clients: {name} {statistics.median(values):.3f} ms")


if __name__ == "__main__":
    main()
