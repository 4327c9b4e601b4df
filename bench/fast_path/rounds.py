"""The rounds of calls: all subjects stand before the same backends, and each row is put on them in turn."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import attrs

from bench.fast_path.book import Book
from bench.fast_path.generator import Generator
from bench.fast_path.rows import Row, behind
from bench.fast_path.subjects import Behind, Started, Subject, started

WARM_S = {"gateway": 1.0, "hub": 6.0, "proxy": 1.0}
"""How long each is under load before its rounds, in all."""


@attrs.frozen(kw_only=True)
class Plan:
    """How much is measured, and of whom."""

    subjects: Sequence[Subject]
    rounds: int
    seconds: float
    """How long each load is put on."""
    load: Generator
    book: Book

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
    with behind(setup) as before, all_started(plan, setup, before) as running:
        warmed(plan, rows, running)
        for number in range(plan.rounds):
            print(f"{setup}: round {number + 1} of {plan.rounds}", file=sys.stderr, flush=True)
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
    """Put each row on whoever compiles what it runs often, uncounted, until that is done; a part of it on the others."""
    for each in plan.subjects:
        there = [row for row in rows if row.is_for(each)]
        if each.name in running and there:
            seconds = WARM_S[each.kind] / len(there)
            with plan.book.attempt("the warm-up", each.name):
                for row in there:
                    plan.load.put(row.order(each, running[each.name].url, seconds), running[each.name].pid)


def taken(plan: Plan, row: Row, subject: Subject, running: Started) -> float:
    """Milliseconds of CPU of a call, or of a whole session."""
    seen, cpu = plan.load.put(row.order(subject, running.url, plan.seconds), running.pid)
    return cpu / seen["calls"] * 1000
