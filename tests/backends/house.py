"""A running supervisor over fake backends, with its router: what tests of routing share."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.backends.link import Inbox, Link
from argus_trio.backends.routes import Routes
from argus_trio.backends.stderr import StderrRing
from argus_trio.backends.supervisor import Supervisor
from argus_trio.backends.tasks import Tasks
from argus_trio.config.model import BackendSpec, Config, ConflictResolution, Server, StdioBackend, Timeouts
from argus_trio.errors import LinkFailed
from tests.backends.fakes import FakeBackend, FakeExchange, Json


@attrs.define(eq=False)
class House:
    """A running supervisor, its router, and what clients were told."""

    supervisor: Supervisor
    tasks: Tasks
    told: list[str]

    async def ask(self, method: str, **params: object) -> Json:
        answer: Json = json.loads(await self.supervisor.serve(FakeExchange(method, params)))
        return answer

    async def names(self, kind: str = "tools") -> list[object]:
        entries = (await self.ask(f"{kind}/list"))[kind]
        assert isinstance(entries, list)
        return [entry["uri" if kind == "resources" else "name"] for entry in entries]


def spec(name: str, **fields: object) -> StdioBackend:
    timeouts = Timeouts(connect=30, call=10)
    return StdioBackend(name=name, command="unused", timeouts=timeouts, **fields)  # type: ignore[arg-type]


@asynccontextmanager
async def house(
    backends: dict[str, FakeBackend], specs: Iterable[StdioBackend] = (), **naming: object
) -> AsyncIterator[House]:
    by_name = {name: spec(name) for name in backends} | {s.name: s for s in specs}
    config = Config(
        backends=by_name,
        server=Server(startup_grace=5),
        conflict_resolution=ConflictResolution(**naming),  # type: ignore[arg-type]  # fields by name
    )

    @asynccontextmanager
    async def open_link(declared: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AsyncIterator[Link]:
        async with backends[declared.name].open(declared, inbox, stderr) as link:
            yield link

    told: list[str] = []
    supervisor = Supervisor(config, open_link, lambda methods, _concerns: told.extend(methods), lambda g: routes(g))
    routes = Routes(supervisor)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        yield House(supervisor, routes.tasks, told)
        nursery.cancel_scope.cancel()


def named(*names: str) -> list[Json]:
    return [{"name": name} for name in names]


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
