"""Rooms of a sandbox that are played: an engine that comes and goes, plans by name, images that take their time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.container import Container
from argus_trio.core.journal import Journal
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.network import NetworkPolicy
from argus_trio.sandbox.plan.outcome import Bare, Contained, InstalledImage, Plan, Refused, ResourceLimits
from argus_trio.sandbox.rooms import BackendPlan, EngineRuntime
from argus_trio.sandbox.sandbox import Sandbox
from argus_trio.sandbox.telling import TellPreparing

DOCKER = EngineFacts(kind="docker", version="28.0.0", api_version="1.48", socket=Path("/run/docker.sock"))
NOBODY = NoEngine(why="neither Docker nor Podman answers")


def stdio(name: str, command: str = "uvx", **container: object) -> StdioBackend:
    return StdioBackend(name=name, command=command, args=(name,), container=Container(**container))  # type: ignore[arg-type]


def contained(spec: StdioBackend) -> Contained:
    return Contained(
        backend=spec.name,
        image=InstalledImage(base="python:3.13-slim", kind="python", packages=(spec.args[0],)),
        argv=(spec.command,),
        network=NetworkPolicy(),
        notes=("args[0] names /srv/data, which it sees read-only",) if spec.name == "noted" else (),
        limits=ResourceLimits(memory=2**30, cpus=1, pids=100),
    )


@attrs.define(eq=False)
class PlayedEngine:
    """An engine in use. What is in `failures` is raised, one at each thing that is asked."""

    seconds: float = 0.0
    """How long an image takes."""
    lines: tuple[str, ...] = ()
    """What is said of that, all at once."""
    failures: list[LinkFailed] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)

    async def ready(self, wanted: Contained, tell: TellPreparing) -> str:
        self._ask(f"image {wanted.backend}")
        for line in self.lines:
            tell("building", line)
        await trio.sleep(self.seconds)
        return f"sha256:{wanted.backend}"

    @asynccontextmanager
    async def start(self, wanted: Contained) -> AsyncIterator[object]:
        self._ask(f"start {wanted.backend}")
        yield wanted.backend
        self.asked.append(f"end {wanted.backend}")

    async def reap(self) -> None:
        self._ask("reap")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failures:
            raise self.failures.pop(0)


@attrs.define(eq=False)
class PlayedRooms:
    """The rooms. Programs called `own` are bare, `bad` ones refused, all others contained where there is an engine."""

    found: EngineFound = DOCKER
    find_seconds: float = 0.0
    engine: PlayedEngine = attrs.field(factory=PlayedEngine)
    looks: int = 0
    used: list[EngineFacts] = attrs.field(factory=list)
    open_now: int = 0
    use_failures: list[Exception] = attrs.field(factory=list)
    planned_in_loop: list[str] = attrs.field(factory=list)
    """The backends that were planned elsewhere than in a thread."""
    _is_in_thread: bool = False

    async def find(self, runtime: EngineRuntime) -> EngineFound:
        self.looks += 1
        await trio.sleep(self.find_seconds)
        return self.found

    def plan(self, spec: StdioBackend, found: EngineFound) -> Plan:
        if not self._is_in_thread:
            self.planned_in_loop.append(spec.name)
        if spec.container.setting == "off":
            return Bare(why="isolation: off")
        if isinstance(found, NoEngine):
            return Bare(why=found.why) if spec.container.setting == "auto" else Refused(why=found.why)
        match spec.command:
            case "own":
                return Bare(why="a program of the user's own")
            case "bad":
                return Refused(why="write something else")
            case "odd":
                raise ValueError("a fault")
        return contained(spec)

    async def in_thread(self, work: Callable[[], BackendPlan]) -> BackendPlan:
        await trio.lowlevel.checkpoint()
        self._is_in_thread = True
        try:
            return work()
        finally:
            self._is_in_thread = False

    @asynccontextmanager
    async def use(self, facts: EngineFacts) -> AsyncIterator[PlayedEngine]:
        if self.use_failures:
            raise self.use_failures.pop(0)
        self.used.append(facts)
        self.open_now += 1
        try:
            yield self.engine
        finally:
            self.open_now -= 1


@asynccontextmanager
async def sandbox_of(
    rooms: PlayedRooms, backends: Callable[[], Mapping[str, BackendSpec]] = dict, journal: Journal | None = None
) -> AsyncIterator[Sandbox]:
    """A sandbox that runs."""
    sandbox = Sandbox(rooms=rooms, backends=backends, journal=journal or Journal())
    async with trio.open_nursery() as nursery:
        await nursery.start(sandbox.run)
        try:
            yield sandbox
        finally:
            sandbox.end()
