"""What both commands begin with: the backends of the file, their plans, and the engines that these need."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.cli.logged import logging
from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.read.find import find_config
from argus_trio.core.egress.attempts import EgressAttempts
from argus_trio.core.journal import Journal
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.egress.attempts import ToldAttempts
from argus_trio.sandbox.engine.machine import this_machine
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.in_use import UsedEngine, open_engine
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Plan
from argus_trio.sandbox.plan.plan import plan

SIGNALLED_EXIT: Final = 128
"""What is added to the number of a signal, as shells do: 130 for Ctrl-C."""


@attrs.frozen(kw_only=True)
class LoadedBackends(Value):
    """The backends of a file that are commands."""

    specs: Mapping[str, StdioBackend]
    redact: Redactor


@attrs.frozen(kw_only=True)
class BackendHere(Value):
    """One of them, the engine that was found for it, and its plan."""

    spec: StdioBackend
    found: EngineFound
    plan: Plan


def load_backends(given: Path | None) -> LoadedBackends:
    """The backends of the file; raises as `load` does."""
    config = load(find_config(given, environ=os.environ, cwd=Path.cwd()), environ=os.environ)
    specs = {name: spec for name, spec in config.backends.items() if isinstance(spec, StdioBackend)}
    return LoadedBackends(specs=specs, redact=Redactor(config.secrets))


def run(loaded: LoadedBackends, work: Callable[[], Awaitable[int]]) -> int:
    """Run an async function that returns an exit code, with what is logged meanwhile on stderr."""
    with logging("console", CurrentLevel("warning"), loaded.redact):
        return trio.run(_until_signalled, work)


async def _until_signalled(work: Callable[[], Awaitable[int]]) -> int:
    """The exit code of the work, or of the signal that ended it; a second signal ends the process at once."""
    code = 0
    async with ServiceNursery() as nursery:
        with trio.CancelScope() as scope:
            signalled = await nursery.start(_wait_signal, scope)
            code = await work()
    return SIGNALLED_EXIT + signalled[0] if signalled else code


async def _wait_signal(scope: trio.CancelScope, *, task_status: trio.TaskStatus[list[int]]) -> None:
    signalled: list[int] = []
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started(signalled)
        async for number in signals:
            signalled.append(number)
            scope.cancel()
            return


async def plan_all(specs: Collection[StdioBackend], probe: EngineProbe) -> list[BackendHere]:
    """The plan of each backend."""
    planned = []
    machine = this_machine(os.environ, Path.cwd())
    for spec in specs:
        found: EngineFound = NoEngine(why="isolation: off")
        if spec.container.setting != "off":
            found = await probe.find(spec.container.runtime)
        made = await trio.to_thread.run_sync(partial(plan, spec, found, machine), abandon_on_cancel=True)
        planned.append(BackendHere(spec=spec, found=found, plan=made))
    return planned


@asynccontextmanager
async def used_engine(facts: EngineFacts, redact: Redactor) -> AsyncIterator[UsedEngine]:
    """An engine, for the length of the block.

    Raises:
        LinkFailed: it cannot be used.
    """
    attempts = ToldAttempts(attempts=EgressAttempts(), journal=Journal())
    async with open_engine(facts, environ=os.environ, redact=redact, attempts=attempts) as engine:
        yield engine


def engines_of(planned: Collection[BackendHere]) -> tuple[EngineFacts, ...]:
    """The engines that were found, each once."""
    return tuple(dict.fromkeys(each.found for each in planned if isinstance(each.found, EngineFacts)))
