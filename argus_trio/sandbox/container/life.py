"""The life of a container by its engine: created and removed with a block, and how it ended. It has no streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal, Protocol

import attrs
import structlog
import trio

from argus_trio.core.health.health import ContainerLimits, RunningProgram
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import farewell
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.plan.launch import Launch

log = structlog.get_logger()

REMOVE_SECONDS: Final = 10.0
"""How long a container may take to be removed at its end. One that takes longer is the engine's, and ends by itself:
its first process does not outlive its control socket."""
SHOWN_ID: Final = 12
"""As many characters of the id of a container as its engine shows, and takes."""
LEFT_TO_ENGINE: Final = "the time for it was over: the engine goes on, and it ends without the gateway"


class ContainerEngine(Protocol):
    """What is asked of an engine here. Each raises `LinkFailed` alone, and waits no longer than its own deadline."""

    @property
    def facts(self) -> EngineFacts:
        """What is known of it."""

    async def create(self, body: Mapping[str, object], *, name: str) -> str:
        """Create a container, and tell its id. Whoever is cancelled, or gets an error, has none."""

    async def start(self, container: str) -> None:
        """Start it."""

    async def wait(self, container: str, condition: Literal["next-exit"]) -> int:
        """Its exit code, once it has ended: as long as that takes."""

    async def kill(self, container: str, signal: str) -> None:
        """Send it a signal; nothing happens if it does not run."""

    async def remove(self, container: str) -> None:
        """Kill and remove it; nothing happens if it is not there."""


@attrs.define(eq=False, repr=False)
class ContainerExit:
    """The end of a container, as its engine tells it."""

    has_ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    code: int | None = attrs.field(default=None, init=False)

    def ended(self, code: int | None) -> None:
        """Take note of it; None: the code is not known."""
        self.code = code
        self.has_ended.set()


@asynccontextmanager
async def created(
    launch: Launch, engine: ContainerEngine, *, name: str, body: Mapping[str, object]
) -> AsyncIterator[str]:
    """A container that is not started yet, for the length of the block; afterwards it is removed, whatever it does.

    Raises:
        LinkFailed: on entering, if it cannot be created.
    """
    container = await engine.create(body, name=name)
    try:
        yield container
    finally:
        with farewell(REMOVE_SECONDS) as removal:
            try:
                await engine.remove(container)
            except LinkFailed as failed:
                log.warning("container_left", backend=launch.backend, container=name, reason=failed.reason)
        if removal.cancelled_caught:
            log.warning("container_left", backend=launch.backend, container=name, reason=LEFT_TO_ENGINE)


def running(launch: Launch, container: str, since: float) -> RunningProgram:
    """What runs in a container since then, as operators see it."""
    limits = launch.limits
    return RunningProgram(
        name=Path((launch.argv or ("",))[0]).name,
        since=since,
        container=container[:SHOWN_ID],
        limits=ContainerLimits(memory=limits.memory, cpus=limits.cpus, pids=limits.pids),
    )


async def await_exit(
    engine: ContainerEngine,
    container: str,
    ended: ContainerExit,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Take note of the end of a container. To be run before it is started, for as long as it is there."""
    task_status.started()
    try:
        ended.ended(await engine.wait(container, "next-exit"))
    except LinkFailed:  # it was gone before it could be asked for, or the engine is: its sockets tell the rest
        ended.ended(None)
