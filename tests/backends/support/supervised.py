"""A running supervisor over fake backends, with its router: what tests of routing share."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import attrs
import trio

from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.backends.routing.tasks import Tasks
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.naming import ConflictResolution
from argus_trio.config.model.operation import Timeouts
from argus_trio.config.model.server import Server
from argus_trio.core.call.abilities import Audience
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.sandbox import Sandbox
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json
from tests.backends.support.scopes import supervisor_of


@attrs.define(eq=False)
class Supervised:
    """A running supervisor, its router, and what clients were told."""

    supervisor: Supervisor
    tasks: Tasks
    told: list[str]
    concerned: list[Callable[[Audience], bool]]
    """Whom each of `told` concerned."""

    async def ask(self, method: str, **params: object) -> Json:
        answer: Json = json.loads(await self.supervisor.generations.serve(FakeExchange(method, params)))
        return answer

    async def names(self, kind: str = "tools") -> list[object]:
        entries = (await self.ask(f"{kind}/list"))[kind]
        assert isinstance(entries, list)
        return [entry["uri" if kind == "resources" else "name"] for entry in entries]


def spec(name: str, **fields: object) -> StdioBackend:
    timeouts = Timeouts(connect=30, call=10)
    return StdioBackend(name=name, command="unused", args=(name,), timeouts=timeouts, **fields)  # type: ignore[arg-type]


@asynccontextmanager
async def supervised(
    backends: dict[str, FakeBackend],
    specs: Iterable[StdioBackend] = (),
    *,
    spare: Mapping[str, FakeBackend] = MappingProxyType({}),
    sandbox: Sandbox | None = None,
    **naming: object,
) -> AsyncIterator[Supervised]:
    """`spare` are fakes that no backend leads to yet: those whose `command` is their name do. With a `sandbox` their
    images are prepared by it."""
    by_name = {name: spec(name) for name in backends} | {s.name: s for s in specs}
    config = Config(
        backends=by_name,
        server=Server(startup_grace=5),
        conflict_resolution=ConflictResolution(**naming),  # type: ignore[arg-type]  # fields by name
    )

    @asynccontextmanager
    async def open_link(declared: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AsyncIterator[Link]:
        assert isinstance(declared, StdioBackend)
        backend = spare.get(declared.command) or backends[declared.name]
        async with backend.open(declared, inbox, stderr) as link:
            yield link

    told: list[str] = []
    concerned: list[Callable[[Audience], bool]] = []

    def announce(methods: Iterable[str], concerns: Callable[[Audience], bool]) -> None:
        told.extend(methods)
        concerned.append(concerns)

    supervisor, routers = supervisor_of(config, open_link, announce, sandbox=sandbox)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        yield Supervised(supervisor, routers.tasks, told, concerned)
        nursery.cancel_scope.cancel()


def named(*names: str) -> list[Json]:
    return [{"name": name, "inputSchema": {"type": "object"}} for name in names]


def slow_to_greet(seconds: float, tools: list[Json]) -> FakeBackend:
    async def greet(_params: Json) -> Json:
        await trio.sleep(seconds)
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    return FakeBackend(answers={"initialize": greet}, tools=tools)


async def bring_down(backend: FakeBackend) -> None:
    """Have a backend's link die, for good; returns when that is known."""
    backend.open_failures = [LinkFailed("gone")] * 99
    backend.links[0].die("exited with code 9")
    await trio.sleep(0.01)
