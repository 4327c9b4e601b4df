"""A container for the length of a block: its folder, its start by an engine, its program, and its end in every case."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.pipe_reader import PipeReader
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.container.attached import AttachedProgram, start_attached
from argus_trio.sandbox.container.folder import ContainerFolder, make_folder
from argus_trio.sandbox.container.life import ContainerEngine, ContainerExit, await_exit, created
from argus_trio.sandbox.container.program import ContainedProgram, order_of
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.outcome import ShimKind
from argus_trio.sandbox.plan.user import user_files
from argus_trio.sandbox.shim.order import lost

log = structlog.get_logger()

CONNECT_SECONDS: Final = 20.0
"""How long the shim of a container that was started may take until it has connected: what a busy machine needs to start
an interpreter, many times over."""
UNKNOWN_SECONDS: Final = 3.0
"""How long a shim may still take to connect when the engine could not say whether its container has ended."""

ServeEgress = Callable[[trio.SocketListener], Awaitable[None]]
"""Serves a container's `egress.sock` until it is cancelled."""
StartedProgram = ContainedProgram | AttachedProgram
"""By its shim, or where it has none by its engine."""


@attrs.frozen(kw_only=True)
class Placing:
    """What a launch needs of this machine to become a container."""

    name: str
    """The container's own, which no other one has."""
    runtime: Path
    """Where its folder is made."""
    body: Callable[[Path | None], Mapping[str, object]]
    """Returns what the engine is asked to create, with that folder, where there is one, mounted at /run/argus."""
    serve_egress: ServeEgress | None = None
    """None: nobody can connect there."""
    connect_seconds: float = CONNECT_SECONDS


@asynccontextmanager
async def start_container(launch: Launch, engine: ContainerEngine, placing: Placing) -> AsyncIterator[StartedProgram]:
    """Run a launch, for the length of the block; the container is gone when the block is left.

    That takes `END_SECONDS` and `REMOVE_SECONDS` at most, cancelled or not. A container that is to be committed has to
    be within the block.

    Raises:
        LinkFailed: on entering, if it cannot be started; what it said is in the details.
    """
    if launch.shim is None:
        async with start_attached(launch, engine, name=placing.name, body=placing.body(None)) as attached:
            yield attached
    else:
        async with _start_with_shim(launch, launch.shim, engine, placing) as contained:
            yield contained


@asynccontextmanager
async def _start_with_shim(
    launch: Launch, shim: ShimKind, engine: ContainerEngine, placing: Placing
) -> AsyncIterator[ContainedProgram]:
    order = order_of(launch)
    async with AsyncExitStack() as stack:
        folder = await trio.to_thread.run_sync(make_folder, placing.runtime, shim, user_files(launch))
        stack.push_async_callback(_removed, folder)
        container = await stack.enter_async_context(
            created(launch, engine, name=placing.name, body=placing.body(folder.path))
        )
        nursery = await stack.enter_async_context(ServiceNursery())
        ended = ContainerExit()
        await nursery.start(await_exit, engine, container, ended)
        await engine.start(container)
        streams = await _connections(folder, ended, launch, seconds=placing.connect_seconds, stack=stack)
        program = _program(launch, container, ended, streams)
        stack.callback(program.close)
        stack.push_async_callback(program.end, 0)
        egress = folder.listeners.pop("egress")
        if placing.serve_egress is None:
            egress.close()
        else:
            nursery.start_soon(_serve, placing.serve_egress, egress)
        await program.order(order)
        yield program


async def _removed(folder: ContainerFolder) -> None:
    with trio.CancelScope(shield=True):  # a few files of ours
        await trio.to_thread.run_sync(folder.close)


async def _serve(serve: ServeEgress, listening: socket.socket) -> None:
    async with trio.SocketListener(trio.socket.from_stdlib_socket(listening)) as listener:
        await serve(listener)


@attrs.frozen(kw_only=True)
class _ShimStreams:
    control: socket.socket
    stderr: socket.socket
    stdio: socket.socket


async def _connections(
    folder: ContainerFolder, ended: ContainerExit, launch: Launch, *, seconds: float, stack: AsyncExitStack
) -> _ShimStreams:
    """The three connections of the shim; nobody can open another one afterwards.

    Raises:
        LinkFailed: they did not come.
    """
    found: dict[str, socket.socket] = {}
    with trio.move_on_after(seconds) as limit:
        async with trio.open_nursery() as nursery:

            async def give_up() -> None:
                await ended.has_ended.wait()
                if ended.code is None:
                    await trio.sleep(UNKNOWN_SECONDS)
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
            f"the first process of its container did not connect within {seconds:g} s: "
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
        errors=trio.lowlevel.FdStream(streams.stderr.detach()),
        stdio=streams.stdio,
        control=trio.SocketStream(trio.socket.from_stdlib_socket(streams.control)),
        exit=ended,
        launch=launch,
    )
