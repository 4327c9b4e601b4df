"""`argus-trio build`: the images of backends, made ahead of time or anew."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial

import trio

from argus_trio.cli.images.opened import OpenedImages, Planned, load_plans, opened_images
from argus_trio.cli.images.progress import Bar, PlainLines, write_stderr
from argus_trio.cli.report import STDERR, complain, reported
from argus_trio.sandbox.image.building import BuildOrder, BuildOutcome, build_all, orders_of
from argus_trio.sandbox.plan.outcome import Bare, Refused

USAGE_EXIT = 2


def build(options: argparse.Namespace) -> int:
    """Make the images; the exit code: 0 if all are there, 1 if one is not, 2 if a backend is not in the file."""
    return reported(partial(_build, options))


def _build(options: argparse.Namespace) -> int:
    planned = load_plans(options.config)
    unknown = [name for name in options.names if name not in planned.specs]
    if unknown:
        known = ", ".join(planned.specs) or "none"
        complain(f"argus-trio: no backend that is a command is called {', '.join(unknown)}; there is: {known}")
        return USAGE_EXIT
    wanted = planned.only(options.names) if options.names else planned
    return trio.run(partial(_run, wanted, is_named=bool(options.names), updates=options.update))


async def _run(planned: Planned, *, is_named: bool, updates: bool) -> int:
    async with opened_images(planned) as opened:
        code = 0
        for name, plan in opened.plans.items():
            if isinstance(plan, Refused | Bare):
                is_failure = isinstance(plan, Refused) or is_named
                code = 1 if is_failure else code
                word = "refused" if isinstance(plan, Refused) else "runs without a container"
                (complain if is_failure else _say)(f"{name}: {word}: {plan.why}")
        seconds = {name: spec.timeouts.prepare for name, spec in planned.specs.items()}
        orders = orders_of(opened.plans, seconds)
        outcomes = await _built(opened, orders, updates=updates)
        return 1 if any(outcome.failure for outcome in outcomes) else code


async def _built(opened: OpenedImages, orders: Sequence[BuildOrder], *, updates: bool) -> Sequence[BuildOutcome]:
    is_terminal = os.isatty(STDERR)
    shown = Bar(say=write_stderr, total=len(orders)) if is_terminal else PlainLines(say=write_stderr)

    class Told:
        """The progress, and the outcome of each as it comes."""

        hears = shown.hears

        def ended(self, outcome: BuildOutcome) -> None:
            shown.clear()
            _report(outcome)
            shown.ended(outcome)

    outcomes = await build_all(opened.images, orders, Told(), updates=updates)
    shown.clear()
    return outcomes


def _report(outcome: BuildOutcome) -> None:
    names = ", ".join(outcome.order.backends)
    if outcome.failure is not None:
        complain(
            "\n".join((f"{names}: {outcome.failure.reason}", *(f"    {line}" for line in outcome.failure.details)))
        )
        return
    words = {
        "there": f"{outcome.name} is there",
        "same": f"{outcome.name} was made anew in {outcome.seconds:.0f} s: no other versions",
        "made": f"{outcome.name} was made in {outcome.seconds:.0f} s",
        "failed": "",
    }
    _say("\n".join((f"{names}: {words[outcome.word]}", *(f"    {line}" for line in outcome.changes))))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
