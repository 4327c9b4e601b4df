"""A container for the length of a block: its folder, its start by an engine, its program, and its end in every case."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Literal, Protocol

import attrs
import structlog
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import farewell
from argus_trio.net.pipe_reader import PipeReader
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.container.folder import ContainerFolder, make_folder
from argus_trio.sandbox.container.program import ContainedProgram, ContainerExit
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.shim.order import lost

log = structlog.get_logger()

CONNECT_SECONDS: Final = 20.0
"""How long the shim of a container that was started may take until it has connected: what a busy machine needs to start
an interpreter, many times over."""
REMOVE_SECONDS: Final = 10.0
"""How long a container may take to be removed at its end. One that takes longer is the engine's, and ends by itself:
its first process does not outlive its control socket."""

ServeEgress = Callable[[trio.SocketListener], Awaitable[None]]
"""Serves a container's `egress.sock` until it is cancelled."""


class ContainerEngine(Protocol):
    """What is asked of an engine here. Each raises `LinkFailed` alone, and waits no longer than its own deadline."""

    async def create(self, body: Mapping[str, object], *, name: str) -> str:
        """Create a container, and tell its id. Whoever is cancelled, or gets an error, has none."""

    async def start(self, container: str) -> None:
        """Start it."""

    async def wait(self, container: str, condition: Literal["next-exit"]) -> int:
        """Its exit code, once it has ended."""

    async def remove(self, container: str) -> None:
        """Kill and remove it; nothing happens if it is not there."""


@attrs.frozen(kw_only=True)
class Placing:
    """What a launch needs of this machine to become a container."""

    name: str
    """The container's own, which no other one has."""
    runtime: Path
    """Where its folder is made."""
    body: Callable[[Path], Mapping[str, object]]
    """Returns what the engine is asked to create, with that folder mounted at /run/argus."""
    serve_egress: ServeEgress | None = None
    """None: whoever connects there is refused."""


@asynccontextmanager
async def start_container(launch: Launch, engine: ContainerEngine, placing: Placing) -> AsyncIterator[ContainedProgram]:
    """Run a launch that has a shim, for the length of the block; the container is gone when the block is left.

    That takes `END_SECONDS` and `REMOVE_SECONDS` at most, cancelled or not. A container that is to be committed has to
    be within the block.

    Raises:
        LinkFailed: on entering, if it cannot be started; what it said is in the details.
    """
    if launch.shim is None:
        raise AssertionError("without a shim the engine carries the streams: see attached.py")
    async with AsyncExitStack() as stack:
        folder = await trio.to_thread.run_sync(make_folder, placing.runtime, launch.shim)
        stack.push_async_callback(_removed, folder)
        container = await stack.enter_async_context(_created(launch, engine, placing, folder.path))
        nursery = await stack.enter_async_context(ServiceNursery())
        ended = ContainerExit()
        await nursery.start(_await_exit, engine, container, ended)
        await engine.start(container)
        streams = await _connections(folder, ended, launch, stack)
        program = _program(launch, container, ended, streams)
        stack.callback(program.close)
        stack.push_async_callback(program.end, 0)
        egress = folder.listeners.pop("egress")
        if placing.serve_egress is None:
            egress.close()
        else:
            listener = trio.SocketListener(trio.socket.from_stdlib_socket(egress))
            nursery.start_soon(_serve, placing.serve_egress, listener)
        await program.order()
        yield program


@asynccontextmanager
async def _created(launch: Launch, engine: ContainerEngine, placing: Placing, folder: Path) -> AsyncIterator[str]:
    container = await engine.create(placing.body(folder), name=placing.name)
    try:
        yield container
    finally:
        with farewell(REMOVE_SECONDS) as removal:
            try:
                await engine.remove(container)
            except LinkFailed as failed:
                log.warning("container_left", backend=launch.backend, container=placing.name, reason=failed.reason)
        if removal.cancelled_caught:
            log.warning("container_left", backend=launch.backend, container=placing.name, reason=LEFT_TO_ENGINE)


LEFT_TO_ENGINE: Final = "the time for it was over: the engine goes on, and it ends without the gateway"


async def _removed(folder: ContainerFolder) -> None:
    with trio.CancelScope(shield=True):  # a few files of ours
        await trio.to_thread.run_sync(folder.close)


async def _await_exit(
    engine: ContainerEngine,
    container: str,
    ended: ContainerExit,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    task_status.started()
    try:
        ended.ended(await engine.wait(container, "next-exit"))
    except LinkFailed:  # it was gone before it could be asked for, or the engine is: its sockets tell the rest
        ended.ended(None)


async def _serve(serve: ServeEgress, listener: trio.SocketListener) -> None:
    async with listener:
        await serve(listener)


@attrs.frozen(kw_only=True)
class _ShimStreams:
    control: socket.socket
    stderr: socket.socket
    stdio: socket.socket


async def _connections(
    folder: ContainerFolder, ended: ContainerExit, launch: Launch, stack: AsyncExitStack
) -> _ShimStreams:
    """The three connections of the shim; nobody can open another one afterwards.

    Raises:
        LinkFailed: they did not come.
    """
    found: dict[str, socket.socket] = {}
    with trio.move_on_after(CONNECT_SECONDS) as limit:
        async with trio.open_nursery() as nursery:

            async def give_up() -> None:
                await ended.has_ended.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(give_up)
            for name in ("control", "stderr", "stdio"):
                with folder.listeners.pop(name) as listener:
                    await trio.lowlevel.wait_readable(listener)
                    found[name], _ = listener.accept()
                stack.callback(found[name].close)
            nursery.cancel_scope.cancel()
    if len(found) == 3:
        return _ShimStreams(**found)
    if limit.cancelled_caught:
        raise LinkFailed(
            f"the first process of its container did not connect within {CONNECT_SECONDS:g} s: "
            f"is the gateway's folder shared with the engine's machine?"
        )
    raise LinkFailed(
        f"{lost(ended.code, memory=launch.limits.memory)} before its first process could connect: "
        f"does image {launch.image} have a working {'python3' if launch.shim == 'python' else 'node'}?"
    )


def _program(launch: Launch, container: str, ended: ContainerExit, streams: _ShimStreams) -> ContainedProgram:
    streams.control.setblocking(False)
    return ContainedProgram(
        backend=launch.backend,
        container=container,
        stdin=trio.lowlevel.FdStream(os.dup(streams.stdio.fileno())),
        stdout=PipeReader(trio.lowlevel.FdStream(os.dup(streams.stdio.fileno()))),
        errors=trio.lowlevel.FdStream(os.dup(streams.stderr.fileno())),
        stdio=streams.stdio,
        control=trio.SocketStream(trio.socket.from_stdlib_socket(streams.control)),
        exit=ended,
        launch=launch,
    )
