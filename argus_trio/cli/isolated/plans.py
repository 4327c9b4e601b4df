"""The plans of stdio backends, by the engine of this machine, if one answers in time."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.health.health import PlanWord
from argus_trio.sandbox.engine.machine import this_machine
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Bare, Refused
from argus_trio.sandbox.plan.plan import plan
from argus_trio.sandbox.plan.shown import shown
from argus_trio.sandbox.rooms import BackendPlan, EngineFinder, EngineRuntime

WORDS: Final[Sequence[PlanWord]] = ("contained", "bare", "refused")
CHECK_SECONDS: Final = 1.5
"""How long `check` waits for an engine: the second of the probe, and half of one for a busy machine."""
MOST_NAMED: Final = 5
"""How many backends that would not run are named in a line."""
OFF: Final = NoEngine(why="isolation: off")
"""What is known of the engine where none is asked for."""


async def plans_of(finder: EngineFinder, specs: Sequence[StdioBackend], seconds: float) -> list[BackendPlan]:
    """The plan of each of these backends, by the engine that answers within so many seconds."""
    engines: dict[EngineRuntime, EngineFound] = {}
    planned = []
    machine = this_machine(os.environ, Path.cwd())
    for spec in specs:
        found: EngineFound = OFF
        if spec.container.setting != "off":
            runtime = spec.container.runtime
            found = engines[runtime] = engines.get(runtime) or await _found(finder, runtime, seconds)
        made = await trio.to_thread.run_sync(partial(plan, spec, found, machine), abandon_on_cancel=True)
        planned.append(BackendPlan(spec=spec, found=found, plan=made))
    return planned


async def _found(finder: EngineFinder, runtime: EngineRuntime, seconds: float) -> EngineFound:
    with trio.move_on_after(seconds):
        return await finder.find(runtime)
    return NoEngine(why=f"the engine did not answer within {seconds:g} s")


def counts_of(planned: Sequence[BackendPlan]) -> dict[PlanWord, int]:
    """How many of these backends have which plan."""
    found = Counter(shown(each.plan).plan for each in planned)
    return {word: found[word] for word in WORDS}


@attrs.frozen(kw_only=True)
class CheckedPlans(Value):
    """What `check` takes from the plans of backends."""

    not_bare: frozenset[str]
    """The names of those that would run in containers, or not at all."""
    line: str
    """How many would be isolated how, and by what; secrets are not hidden yet."""


def planned_for_check(specs: Sequence[StdioBackend], finder: EngineFinder) -> CheckedPlans:
    """How these backends would be isolated. It needs no engine, and does not wait for one."""
    planned = trio.run(plans_of, finder, specs, CHECK_SECONDS)
    refused = [each.spec.name for each in planned if isinstance(each.plan, Refused)]
    names = {"refused": f" ({', '.join(refused[:MOST_NAMED])}{', …' if refused[MOST_NAMED:] else ''})"}
    counts = counts_of(planned).items()
    told = ", ".join(f"{count} {word}{names.get(word, '')}" for word, count in counts if count)
    engines = dict.fromkeys(each.found for each in planned if each.found != OFF)
    by = "; ".join(str(each) if isinstance(each, EngineFacts) else each.why for each in engines)
    return CheckedPlans(
        not_bare=frozenset(each.spec.name for each in planned if not isinstance(each.plan, Bare)),
        line=" ".join(f"isolation: {told} ({by}); argus-trio isolation says more".split()),
    )
