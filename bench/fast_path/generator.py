"""The process that puts the load on, as who measures holds it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from bench.fast_path.load import Order
from bench.fast_path.subjects import spent_s
from bench.gateways import ROOT

Seen = dict[str, float]


class LoadFailed(Exception):
    """A gateway did not answer the load as it should."""


@attrs.define(eq=False)
class Generator:
    """A running `bench.fast_path.load`."""

    process: subprocess.Popen[str]

    def _heard(self) -> Seen:
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline() or '{"error": "the load ended"}')
        if "error" in told:
            raise LoadFailed(told["error"])
        return {name: float(value) for name, value in told.items()}

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    @contextmanager
    def opened(self, order: Order) -> Iterator[None]:
        """What an order says is open within. Raises: LoadFailed."""
        self._say(json.dumps(attrs.asdict(order)))
        try:
            self._heard()
            yield
        finally:
            self._say("end")

    def run(self) -> Seen:
        """Put the load on, and return what was seen. Raises: LoadFailed."""
        self._say("go")
        return self._heard()

    def put(self, order: Order, pid: int) -> tuple[Seen, float]:
        """Open and run an order; what was seen, and the seconds of CPU that a process spent. Raises: LoadFailed."""
        with self.opened(order):
            before = spent_s(pid)
            seen = self.run()
            return seen, spent_s(pid) - before


@contextmanager
def generator() -> Iterator[Generator]:
    command = [sys.executable, "-m", "bench.fast_path.load"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Generator(process)
        finally:
            process.kill()
