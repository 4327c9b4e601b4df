"""A container for the length of a block: its folder, its start by an engine, its program, and its end in every case."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.net.pipe_reader import PipeReader
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.container.attached import AttachedProgram, start_attached
from argus_trio.sandbox.container.folder import ContainerFolder, make_folder
from argus_trio.sandbox.container.life import ContainerEngine, ContainerExit, await_exit, created
from argus_trio.sandbox.container.program import EXIT_CODE_SECONDS, ContainedProgram, order_of, unread_tail
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
class Placing(Value):
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
        control = await _connection(folder, ended, launch, seconds=placing.connect_seconds, stack=stack)
        await _settled(folder, ended, launch)
        program = _program(launch, container, ended, folder, control)
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


async def _connection(
    folder: ContainerFolder, ended: ContainerExit, launch: Launch, *, seconds: float, stack: AsyncExitStack
) -> socket.socket:
    """The connection of the shim, which has opened the pipes by then; nobody can make another one afterwards.

    Raises:
        LinkFailed: it did not come.
    """
    found: socket.socket | None = None
    with trio.move_on_after(seconds) as limit:
        async with trio.open_nursery() as nursery:

            async def give_up() -> None:
                await ended.has_ended.wait()
                if ended.code is None:
                    await trio.sleep(UNKNOWN_SECONDS)
                nursery.cancel_scope.cancel()

            nursery.start_soon(give_up)
            with folder.listeners.pop("control") as listener:
                await trio.lowlevel.wait_readable(listener)
                found, _ = listener.accept()
            stack.callback(found.close)
            nursery.cancel_scope.cancel()
    if found is not None:
        return found
    said = unread_tail(folder.pipes["stderr"])
    if limit.cancelled_caught:
        raise LinkFailed(
            f"the first process of its container did not connect within {seconds:g} s: "
            f"is the gateway's folder shared with the engine's machine?",
            details=said,
        )
    raise LinkFailed(
        f"{lost(ended.code, memory=launch.limits.memory)} before its first process could connect: "
        f"does image {launch.image} have a working {'python3' if launch.shim == 'python' else 'node'}?",
        details=said,
    )


async def _settled(folder: ContainerFolder, ended: ContainerExit, launch: Launch) -> None:
    """Return once the pipes are the shim's and the gateway's alone.

    Raises:
        LinkFailed: the shim has gone, or a pipe cannot be opened.
    """
    try:
        folder.settle()
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise LinkFailed(f"the pipes of its container cannot be opened: {error.strerror}") from None
        with trio.move_on_after(EXIT_CODE_SECONDS):
            await ended.has_ended.wait()
        why = f"{lost(ended.code, memory=launch.limits.memory)} before its command was started"
        raise LinkFailed(why, details=unread_tail(folder.pipes["stderr"])) from None


def _program(
    launch: Launch, container: str, ended: ContainerExit, folder: ContainerFolder, control: socket.socket
) -> ContainedProgram:
    control.setblocking(False)
    return ContainedProgram(
        backend=launch.backend,
        container=container,
        stdin=trio.lowlevel.FdStream(folder.pipes.pop("stdin")),
        stdout=PipeReader(trio.lowlevel.FdStream(folder.pipes.pop("stdout"))),
        errors=trio.lowlevel.FdStream(folder.pipes.pop("stderr")),
        control=trio.SocketStream(trio.socket.from_stdlib_socket(control)),
        exit=ended,
        launch=launch,
    )
