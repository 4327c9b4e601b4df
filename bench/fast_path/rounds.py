"""The rounds of calls: all subjects stand before the same backends, and each row is put on them in turn."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import attrs

from bench.fast_path.book import Book
from bench.fast_path.generator import Generator, LoadFailed
from bench.fast_path.load import Order
from bench.fast_path.rows import CALLS, LIST_500, LIST_5000, Row, behind
from bench.fast_path.subjects import Behind, Started, Subject, started

TRIES = 3
LEAST = 3
"""Rounds of each part, however long they take."""
SHARES = {
    CALLS: 0.45,
    LIST_500: 0.06,
    LIST_5000: 0.08,
    "starts": 0.08,
    "streams": 0.1,
    "pauses": 0.1,
    "hundred": 0.13,
}
"""What part of the time each part of a run has."""
WARM_S = {"gateway": 1.0, "hub": 6.0, "proxy": 0.5}
"""How long each is under load before its rounds, in all."""


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured, and of whom."""

    subjects: Sequence[Subject]
    rounds: int
    minutes: float
    """How long all may take; each part has some rounds all the same."""
    seconds: float
    """How long each load is put on."""
    load: Generator
    book: Book

    def numbers(self, part: str) -> Iterator[int]:
        """The rounds of a part, while there is time for them; it is counted from this call."""
        end = time.monotonic() + self.minutes * 60 * SHARES[part]

        def numbered() -> Iterator[int]:
            for number in range(self.rounds):
                if number >= LEAST and time.monotonic() > end:
                    print(f"{part}: {number} rounds of {self.rounds}, there is no more time", file=sys.stderr)
                    return
                print(f"{time.strftime('%H:%M:%S')} {part}: round {number + 1} of {self.rounds}", file=sys.stderr)
                yield number

        return numbered()

    def turns(self, number: int) -> list[Subject]:
        """The order of a round: each is the first as often as another."""
        first = number % len(self.subjects)
        return [*self.subjects[first:], *self.subjects[:first]]

    def of(self, *kinds: str) -> Plan:
        """The same for these kinds alone."""
        return attrs.evolve(self, subjects=[each for each in self.subjects if each.kind in kinds])


@contextmanager
def all_started(plan: Plan, what: str, before: dict[str, Behind]) -> Iterator[dict[str, Started]]:
    """Those of a plan that start, by name."""
    with ExitStack() as stack:
        running = {}
        for each in plan.subjects:
            with plan.book.attempt(f"the start before {what}", each.name):
                running[each.name] = stack.enter_context(started(each, before[each.kind]))
        yield running


def measure(plan: Plan, setup: str, rows: Sequence[Row]) -> None:
    """The rows of one setup, round after round."""
    numbers = plan.numbers(setup)
    with behind(setup) as before, all_started(plan, setup, before) as running:
        warmed(plan, rows, running)
        for number in numbers:
            proxied: dict[tuple[str, str], float] = {}
            for row in rows:
                for each in plan.turns(number):
                    if each.name not in running or not row.is_for(each) or plan.book.has_failed(row.key, each.name):
                        continue
                    shape = (each.name, row.shape)
                    if shape not in proxied:
                        with plan.book.attempt(row.key, each.name):
                            proxied[shape] = taken(plan, row, each, running[each.name])
                    if shape in proxied:
                        plan.book.add(row.key, each.name, number, proxied[shape])
                    if each.kind != "proxy":
                        proxied.pop(shape, None)


def warmed(plan: Plan, rows: Sequence[Row], running: dict[str, Started]) -> None:
    """Put an uncounted load on all; each row on mcp-hub, which compiles what it runs often."""
    for each in plan.subjects:
        there = [row for row in rows if row.is_for(each)][: None if each.kind == "hub" else 1]
        if each.name in running and there:
            seconds = WARM_S[each.kind] / len(there)
            with plan.book.attempt("the warm-up", each.name):
                for row in there:
                    plan.load.put(row.order(each, running[each.name].url, seconds), running[each.name].pid)


def taken(plan: Plan, row: Row, subject: Subject, running: Started) -> float:
    """Milliseconds of CPU of a call, or of a whole session."""
    order = row.order(subject, running.url, plan.seconds)
    for _ in range(TRIES - 1):
        with suppress(LoadFailed):
            return per_call(plan, order, running)
    return per_call(plan, order, running)


def per_call(plan: Plan, order: Order, running: Started) -> float:
    seen, cpu = plan.load.put(order, running.pid)
    return cpu / seen["calls"] * 1000
