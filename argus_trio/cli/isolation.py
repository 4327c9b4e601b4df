"""`argus-trio isolation`: how each stdio backend would be isolated, by the file and the engine of this machine.

Nothing is started and nothing is built; the engine is asked who it is, and which images it has.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio.cli.report import complain, reported
from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.find import find_config
from argus_trio.core.health.health import Isolation, PlanWord
from argus_trio.core.redaction import Redactor
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Contained, Plan
from argus_trio.sandbox.plan.shown import shown
from argus_trio.sandbox.sandbox import OFF, RealRooms, Rooms
from argus_trio.verbs.show.clean import clean, one_line
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.show.terminal import Terminal, this_terminal
from argus_trio.verbs.show.tree import tree_lines

LOOK_SECONDS: Final = 6.0
"""How long the engine may take: somebody waits for the answer, and one that hangs is told as such."""
CHECK_SECONDS: Final = 1.5
"""The same for `check`, which says more than this: the second of the probe, and half of one for a busy machine."""
_COLOURS: Final[Mapping[PlanWord, str]] = {"contained": "green", "bare": "yellow", "refused": "red"}


@attrs.frozen(kw_only=True)
class PlannedBackend:
    """A backend, the engine that it would have, and its plan."""

    spec: StdioBackend
    found: EngineFound
    plan: Plan

    @property
    def isolation(self) -> Isolation:
        """The same as it is shown everywhere."""
        return shown(self.plan, self.found)


def isolation(options: argparse.Namespace) -> int:
    """Show how the backends of a configuration would be isolated; the exit code: 1 if one of them is refused."""
    return reported(partial(_isolation, options))


def _isolation(options: argparse.Namespace) -> int:
    config = load(find_config(options.config, environ=os.environ, cwd=Path.cwd()), environ=os.environ)
    chosen = _chosen(config, options.backend)
    if chosen is None:
        return 2
    redact = Redactor(config.secrets)
    rooms = RealRooms(environ=os.environ, redact=redact)
    planned = trio.run(plans_of, rooms, chosen, LOOK_SECONDS)
    if options.json:
        sys.stdout.write(redact(json.dumps(_answer(config, planned), indent=2)) + "\n")
    else:
        _Shown(terminal=this_terminal(), redact=redact).write(config, planned, options.backend)
    return 1 if any(each.isolation.plan == "refused" for each in planned) else 0


def _chosen(config: Config, name: str | None) -> Sequence[StdioBackend] | None:
    """The stdio backends that are meant; None if there are none of that name, which is told then."""
    all_of_them = {key: each for key, each in config.backends.items() if isinstance(each, StdioBackend)}
    if name is None:
        return [each for each in all_of_them.values() if each.enabled]
    if name in all_of_them:
        return [all_of_them[name]]
    if name in config.backends:
        complain(f"argus-trio: {name} is no stdio backend: a server elsewhere is isolated where it runs")
    else:
        there = f"; there are: {', '.join(all_of_them)}" if all_of_them else ""
        complain(f"argus-trio: there is no backend {name!r}{there}")
    return None


async def plans_of(rooms: Rooms, specs: Sequence[StdioBackend], seconds: float) -> list[PlannedBackend]:
    """The plan of each of these backends, by the engine that answers within so many seconds."""
    found: dict[str, EngineFound] = {}
    planned = []
    for spec in specs:
        runtime = spec.container.runtime
        engine: EngineFound = OFF
        if spec.container.setting != "off":
            if runtime not in found:
                found[runtime] = await _found(rooms, runtime, seconds)
            engine = found[runtime]
        plan = await trio.to_thread.run_sync(rooms.plan, spec, engine)
        planned.append(PlannedBackend(spec=spec, found=engine, plan=plan))
    return planned


async def _found(rooms: Rooms, runtime: str, seconds: float) -> EngineFound:
    with trio.move_on_after(seconds):
        return await rooms.find(runtime)
    return NoEngine(why=f"the engine did not answer within {seconds:g} s")


def told_in_a_line(config: Config, specs: Sequence[StdioBackend]) -> str:
    """How many of these backends would be isolated how, and by what, for `check`: it needs no engine."""
    redact = Redactor(config.secrets)
    planned = trio.run(plans_of, RealRooms(environ=os.environ, redact=redact), specs, CHECK_SECONDS)
    return one_line(redact(_in_a_line(planned)))


def _in_a_line(planned: Sequence[PlannedBackend]) -> str:
    counts = Counter(each.isolation.plan for each in planned)
    told = ", ".join(f"{counts[word]} {word}" for word in _COLOURS if counts[word])
    return f"isolation: {told} ({_engines(planned)}); argus-trio isolation says more"


def _engines(planned: Sequence[PlannedBackend]) -> str:
    found = dict.fromkeys(each.found for each in planned if each.found is not OFF)
    names = [str(each) if isinstance(each, EngineFacts) else each.why for each in found]
    return "; ".join(names) or OFF.why


@attrs.frozen(kw_only=True)
class _Shown:
    """What people are shown, without secrets."""

    terminal: Terminal
    redact: Redactor

    def write(self, config: Config, planned: Sequence[PlannedBackend], name: str | None) -> None:
        for each in dict.fromkeys(each.found for each in planned):
            self._line("engine", _engine_line(each))
        self._line("isolation", config.isolation)
        self.terminal.line("")
        if name is not None:
            for line in tree_lines(_entry(planned[0])):
                self.terminal.line(clean(self.redact(line)))
            return
        rows = [self._row(each) for each in planned]
        head = ("NAME", "PLAN", "IMAGE", "NETWORK", "WHY")
        none = "the configuration has no stdio backends that are enabled"
        write_table(self.terminal, head, rows, none=none, spare=("NETWORK", "IMAGE"), is_whole=True)

    def _row(self, planned: PlannedBackend) -> tuple[str | Cell, ...]:
        found = planned.isolation
        told = (found.image or "", found.network or "", found.why)
        return planned.spec.name, Cell(found.plan, _COLOURS[found.plan]), *map(self.redact, told)

    def _line(self, name: str, text: str) -> None:
        self.terminal.line(f"{name:<9} {one_line(self.redact(text))}")


def _engine_line(found: EngineFound) -> str:
    if isinstance(found, NoEngine):
        return f"none: {found.why}"
    return f"{found}, API {found.api_version}, at {found.socket}"


def _answer(config: Config, planned: Sequence[PlannedBackend]) -> Mapping[str, object]:
    counts = Counter(each.isolation.plan for each in planned)
    engines = list(dict.fromkeys(each.found for each in planned))
    return {
        "setting": config.isolation,
        "engines": [_engine(each) for each in engines if isinstance(each, EngineFacts)],
        "why": [each.why for each in engines if isinstance(each, NoEngine)],
        "plans": {word: counts[word] for word in _COLOURS},
        "backends": [_entry(each) for each in planned],
    }


def _engine(facts: EngineFacts) -> Mapping[str, object]:
    return {
        "kind": facts.kind,
        "version": facts.version,
        "api_version": facts.api_version,
        "socket": str(facts.socket),
        "rootless": facts.rootless,
    }


def _entry(planned: PlannedBackend) -> dict[str, object]:
    """All that is decided of one backend. Of its variables the names alone are told."""
    entry: dict[str, object] = {"name": planned.spec.name, **attrs.asdict(planned.isolation)}
    plan = planned.plan
    if not isinstance(plan, Contained):
        return entry
    return entry | {
        "runs": list(plan.argv),
        "cwd": plan.cwd,
        "variables": sorted(plan.env),
        "home": "empty, in memory" if plan.home is None else str(plan.home),
        "user": plan.user,
        "groups": list(plan.groups),
        "limits": attrs.asdict(plan.limits),
        "ports": list(plan.network.ports),
        "notes": list(plan.notes),
    }
