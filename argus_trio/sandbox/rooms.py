"""What the sandbox asks of the rooms that it joins, so that tests can play them. Light: no engine is loaded here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import StdioBackend
from argus_trio.sandbox.engine.facts import EngineFacts, EngineFound
from argus_trio.sandbox.plan.outcome import Contained, Plan
from argus_trio.sandbox.telling import TellPreparing

EngineRuntime = Literal["auto", "docker", "podman"]
"""Which engine a backend wants."""


@attrs.frozen(kw_only=True)
class BackendPlan(Value):
    """The plan of one backend, and what it was made of."""

    spec: StdioBackend
    found: EngineFound
    plan: Plan


class EngineFinder(Protocol):
    """What looks for engines."""

    async def find(self, runtime: EngineRuntime) -> EngineFound:
        """The engine of that kind, or any for `auto`."""


class EngineInUse(Protocol):
    """An engine whose control is open."""

    async def ready(self, contained: Contained, tell: TellPreparing) -> str:
        """The id of the image of a plan, once it is there. Raises `LinkFailed`."""

    def start(self, contained: Contained) -> AbstractAsyncContextManager[Any]:
        """Its program in a container, for the length of the block. Raises `LinkFailed` on entering."""

    async def reap(self) -> None:
        """Remove what gateways left that are gone. Raises `LinkFailed`."""


class Rooms(EngineFinder, Protocol):
    """The rooms that the sandbox joins."""

    def plan(self, spec: StdioBackend, found: EngineFound) -> Plan:
        """The plan of a backend. It looks at files."""

    async def in_thread(self, work: Callable[[], BackendPlan]) -> BackendPlan:
        """What `work` returns, which looks at files: they may be on a disk that does not answer."""

    def use(self, facts: EngineFacts) -> AbstractAsyncContextManager[EngineInUse]:
        """The engine, for the length of the block. Raises `LinkFailed`."""
