"""What is measured besides calls: starts, memory, idle streams, the longest pause, a hundred backends."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import attrs

from bench.fast_path.generator import Generator, generator
from bench.fast_path.load import Order
from bench.fast_path.rounds import Plan, all_started
from bench.fast_path.rows import ROWS
from bench.fast_path.subjects import BACKEND, Behind, Started, Subject, argus, exchanged, http_backend, started
from bench.processes import memory

STREAMS = 1000
WARM_STREAMS = 100
SESSIONS = 5000
CROWD = 100
PAIRS = 15
"""How often a round compares a call among a crowd with one alone."""
PAUSE_S = 3.0
SETTLE_S = 1.0
"""How long a gateway has until its memory is looked at."""
FEW_ROUNDS = 3
KIBIBYTE = 1024

STDIO = Behind(stdio={"s": BACKEND})
ONE = Behind(stdio={"s000": BACKEND})
MANY = Behind(stdio={f"s{number:03}": BACKEND for number in range(CROWD)}, tools=3 * CROWD)
LINES = {
    "listening": ("listening after, s", 2),
    "start-cpu": ("CPU until then, s", 2),
    "memory": ("memory after some hundred calls, resident, MiB", 1),
    "stream": (f"an idle event stream, its session and connection, of {STREAMS}: KiB", 1),
    "stream-modern": ("the same by subscriptions/listen, KiB", 1),
    "stream-sse": ("the same over HTTP+SSE, KiB", 1),
    "pause": (f"longest answer to a ping, {SESSIONS} sessions and 8 clients that call, ms", 1),
    "stretch": ("longest stretch then, and while the sessions are opened, in which nobody is served: CPU, ms", 1),
    "collection": ("longest garbage collection among it, CPU, ms", 1),
    "collections": ("how many of all objects", 0),
    "hundred": (f"a call with {CROWD} backends, to one with 1", 2),
    "hundred-ready": (f"{CROWD} stdio backends ready after, s", 1),
}
"""What the book calls a figure: how the table does, and its decimals."""


def starts(plan: Plan) -> None:
    """Start each, let it make some calls, end it; the first time does not count."""
    row = next(row for row in ROWS if row.key == "stdio-legacy-8")
    with http_backend() as url:
        before = {"gateway": STDIO, "hub": STDIO, "proxy": Behind(http={"h": url})}
        for each in plan.subjects:
            with plan.book.attempt("listening", each.name), started(each, before[each.kind]):
                pass
        for number in plan.numbers("starts"):
            for each in plan.turns(number):
                with plan.book.attempt("listening", each.name), started(each, before[each.kind]) as running:
                    plan.load.put(row.order(each, running.url, plan.seconds), running.pid)
                    plan.book.add("listening", each.name, number, running.listening_s)
                    plan.book.add("start-cpu", each.name, number, running.cpu_s)
                    plan.book.add("memory", each.name, number, memory(running.pid).rss)


STREAM_ERAS = {"stream": "legacy", "stream-modern": "modern", "stream-sse": "sse"}


def streams(plan: Plan) -> None:
    """How much more a gateway of ours holds with so many streams than with the first ones, which stay open."""
    with generator() as first:
        for number in attrs.evolve(plan, rounds=min(plan.rounds, FEW_ROUNDS)).numbers("streams"):
            for each in plan.of("gateway").turns(number):
                for key, era in STREAM_ERAS.items():
                    with plan.book.attempt(key, each.name), started(each, STDIO) as running:
                        order = Order(url=running.url, kind="streams", era=era, held=STREAMS)
                        with first.opened(attrs.evolve(order, held=WARM_STREAMS)):
                            time.sleep(SETTLE_S)
                            held = memory(running.pid).rss
                            with plan.load.opened(order):
                                time.sleep(SETTLE_S)
                                grown = memory(running.pid).rss - held
                        plan.book.add(key, each.name, number, grown * KIBIBYTE / STREAMS)


@attrs.define(eq=False, kw_only=True)
class Watched:
    """A gateway with many sessions whose pauses are noted, and the load of its own that holds them.

    What is rare is no matter of medians: the longest of all rounds counts, and all collections.
    """

    name: str
    load: Generator
    notes: Path
    before: int = 0
    """How many notes there were before the sessions."""
    longest_ms: float = 0.0

    def run(self, plan: Plan) -> None:
        seen = self.load.run()
        self.longest_ms = max(self.longest_ms, seen["longest_ms"])
        notes = self.noted()[self.before :]
        plan.book.add("pause", self.name, 0, self.longest_ms)
        for key, whats in (("stretch", ("stretch",)), ("collection", ("full", "part"))):
            plan.book.add(key, self.name, 0, max((took for what, took in notes if what in whats), default=0.0))
        plan.book.add("collections", self.name, 0, sum(what == "full" for what, _ in notes))

    def noted(self) -> list[tuple[str, float]]:
        """What `counted` wrote down, and the milliseconds of each."""
        lines = (line.split() for line in self.notes.read_text().splitlines())
        return [(what, float(took)) for what, took in lines]


def pauses(plan: Plan) -> None:
    """What a client that pings all the time waits for at most, while others call and many more have a session."""
    numbers = plan.numbers("pauses")
    with TemporaryDirectory() as folder, ExitStack() as stack:
        watched: list[Watched] = []
        for each in plan.of("gateway").subjects:
            with plan.book.attempt("pause", each.name):
                notes = Path(folder, each.name)
                running = stack.enter_context(started(counted(each, notes), STDIO))
                load = stack.enter_context(generator())
                it = Watched(name=each.name, load=load, notes=notes)
                it.before = len(it.noted())
                stack.enter_context(load.opened(busy(running)))
                watched.append(it)
        for _ in numbers:
            for it in watched:
                with plan.book.attempt("pause", it.name):
                    it.run(plan)


def counted(subject: Subject, notes: Path) -> Subject:
    """The gateway with its pauses written down."""
    program = (str(Path(__file__).with_name("counted.py")), str(notes))
    return attrs.evolve(subject, command=partial(argus, program=program))


def busy(running: Started) -> Order:
    params: dict[str, object] = {"name": "s__echo", "arguments": {"text": "x" * KIBIBYTE}}
    return Order(url=running.url, params=params, held=SESSIONS, pings=True, seconds=PAUSE_S)


def hundred(plan: Plan) -> None:
    """Calls to one backend of many, and to one that is the only one, in turn.

    Two starts of one gateway differ by more than what is measured. So the two that are compared change places,
    without a restart, and what is written down is the mean of before and after: what is of the process is gone.
    """
    gateways = plan.of("gateway")
    numbers = plan.numbers("hundred")
    with (
        all_started(gateways, f"{CROWD} backends", {"gateway": MANY}) as crowded,
        all_started(gateways, "one backend", {"gateway": ONE}) as single,
    ):
        couples = {
            each.name: Couple(subject=each, crowded=crowded[each.name], single=single[each.name])
            for each in gateways.subjects
            if each.name in crowded and each.name in single
        }
        for name in couples:
            plan.book.add("hundred-ready", name, 0, crowded[name].ready_s)
        for number in numbers:
            for name, couple in couples.items():
                if plan.book.has_failed("hundred", name):
                    continue  # who has which backends is not known any more
                with plan.book.attempt("hundred", name):
                    before = couple.ratio(plan)
                    couple.change()
                    plan.book.add("hundred", name, number, sqrt(before * couple.ratio(plan)))


@attrs.define(eq=False, kw_only=True)
class Couple:
    """Two gateways from one tree, the one with many backends and the other with one of them."""

    subject: Subject
    crowded: Started
    single: Started

    def change(self) -> None:
        """Let each have what the other had."""
        exchanged(self.subject, self.crowded, self.single, (ONE, MANY))
        time.sleep(SETTLE_S)
        self.crowded, self.single = self.single, self.crowded

    def ratio(self, plan: Plan) -> float:
        """What a call among many costs, to one alone: the median of short pairs, as the machine changes meanwhile."""
        params: dict[str, object] = {"name": "s000__echo", "arguments": {"text": "x" * KIBIBYTE}}

        def cost(running: Started) -> float:
            seen, cpu = plan.load.put(Order(url=running.url, params=params, seconds=plan.seconds / 3), running.pid)
            return cpu / seen["calls"]

        for running in (self.crowded, self.single):
            cost(running)  # the first calls after a change are no measure
        ratios = []
        for _ in range(PAIRS):
            before, among = cost(self.single), cost(self.crowded)
            ratios.append(2 * among / (before + cost(self.single)))
        return median(ratios)


PARTS: dict[str, Callable[[Plan], None]] = {
    "starts": starts,
    "streams": streams,
    "pauses": pauses,
    "hundred": hundred,
}
KEYS = tuple(PARTS)


def measure(plan: Plan, wanted: list[str]) -> None:
    """Those that are wanted, one after the other."""
    for key, part in PARTS.items():
        if key in wanted:
            with plan.book.attempt(key, "all"):
                part(plan)
