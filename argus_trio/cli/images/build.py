"""`argus-trio build`: the images of backends, made ahead of time or anew."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial

import attrs

from argus_trio.cli.images.opened import (
    BackendHere,
    LoadedBackends,
    engines_of,
    load_backends,
    plan_all,
    run,
    used_engine,
)
from argus_trio.cli.images.progress import Bar, PlainLines, write_stderr
from argus_trio.cli.report import STDERR, complain, reported
from argus_trio.core.health.health import PreparingWord
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.image.building import BuildOrder, BuildOutcome, build_all, orders_of
from argus_trio.sandbox.image.images import Images
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.outcome import Bare, Contained, Refused
from argus_trio.sandbox.plan.shown import shown

USAGE_EXIT = 2


def build(options: argparse.Namespace) -> int:
    """Make the images; the exit code: 0 if all are there, 1 if one is not, 2 if a backend is not in the file."""
    return reported(partial(_build, options))


def _build(options: argparse.Namespace) -> int:
    loaded = load_backends(options.config)
    unknown = [name for name in options.names if name not in loaded.specs]
    if unknown:
        known = ", ".join(loaded.specs) or "none"
        complain(f"argus-trio: no backend that is a command is called {', '.join(unknown)}; there is: {known}")
        return USAGE_EXIT
    names = options.names or [name for name, spec in loaded.specs.items() if spec.enabled]
    wanted = attrs.evolve(loaded, specs={name: loaded.specs[name] for name in names})
    return run(loaded, partial(_run, wanted, is_named=bool(options.names), updates=options.update))


async def _run(loaded: LoadedBackends, *, is_named: bool, updates: bool) -> int:
    planned = await plan_all(list(loaded.specs.values()), EngineProbe(environ=os.environ))
    failed = sum([_tell_uncontained(names, each, is_named=is_named) for names, each in _alike(planned)])
    for facts in engines_of(planned):
        here = {each.spec.name: each for each in planned if each.found == facts and isinstance(each.plan, Contained)}
        orders = orders_of(
            {name: each.plan for name, each in here.items()},
            {name: each.spec.timeouts.prepare for name, each in here.items()},
        )
        if orders:
            async with used_engine(facts, loaded.redact) as engine:
                outcomes = await _built(engine.images, orders, updates=updates)
            failed += sum(outcome.failure is not None for outcome in outcomes)
    return 1 if failed else 0


def _alike(planned: Sequence[BackendHere]) -> list[tuple[str, BackendHere]]:
    """One of each that have the same plan for the same reason, with the names of all."""
    groups: dict[tuple[str, str, str], list[BackendHere]] = {}
    for each in planned:
        told = shown(each.plan)
        is_off = each.spec.container.setting == "off"
        alone = each.spec.name if told.plan == "contained" else ""
        groups.setdefault((f"{told.plan} {is_off}", told.why, alone), []).append(each)
    return [(", ".join(each.spec.name for each in group), group[0]) for group in groups.values()]


def _tell_uncontained(names: str, planned: BackendHere, *, is_named: bool) -> bool:
    """Say which backends have no image, and why; whether that is a failure."""
    has_engine = isinstance(planned.found, EngineFacts)
    none = "has no image, for it runs bare" if names == planned.spec.name else "have no image, for they run bare"
    match planned.plan:
        case Refused(why=why):
            complain(f"{names}: refused: {why}")
            return True
        case Bare(why=why) if is_named or (planned.spec.container.setting != "off" and not has_engine):
            complain(f"{names}: {none}: {why}")
            return True
        case Bare(why=why):
            _say(f"{names}: {none}: {why}")
    return False


@attrs.define(eq=False, repr=False)
class _BuildProgress:
    """The progress, and the outcome of each as it comes."""

    shown: Bar | PlainLines

    def hears(self, order: BuildOrder, what: PreparingWord, line: str) -> None:
        self.shown.hears(order, what, line)

    def ended(self, outcome: BuildOutcome) -> None:
        self.shown.clear()
        _report(outcome)
        self.shown.ended(outcome)


async def _built(images: Images, orders: Sequence[BuildOrder], *, updates: bool) -> Sequence[BuildOutcome]:
    shown = Bar(say=write_stderr, total=len(orders)) if os.isatty(STDERR) else PlainLines(say=write_stderr)
    outcomes = await build_all(images, orders, _BuildProgress(shown), updates=updates)
    shown.clear()
    return outcomes


def _report(outcome: BuildOutcome) -> None:
    names = ", ".join(outcome.order.backends)
    if outcome.failure is not None:
        tail = (f"    {line}" for line in outcome.failure.details)
        complain("\n".join((f"{names}: {outcome.failure.reason}", *tail)))
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
