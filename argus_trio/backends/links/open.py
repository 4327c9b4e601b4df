"""Which link belongs to which kind of backend, and how the stdio link is put over a process. It speaks no protocol."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, assert_never

import attrs

from argus_trio.backends.links.hearing import Hearing
from argus_trio.backends.links.http_sse import open_http_sse
from argus_trio.backends.links.intake import Intake
from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.peer import Program
from argus_trio.backends.links.stderr import StderrRing, StderrStream
from argus_trio.backends.links.stdio import StdioLink
from argus_trio.backends.links.streamable_http import open_streamable_http
from argus_trio.backends.process.process import start_process
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend, StdioBackend
from argus_trio.core.call.via import VARIABLE, Via
from argus_trio.errors import LinkFailed
from argus_trio.net.line_writer import LineWriter
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.plan.outcome import Bare, Refused
from argus_trio.sandbox.sandbox import Sandbox

WRITE_LIMIT_SECONDS: Final = 60.0
"""How long a backend may take nothing from its stdin while messages wait for it.

As long as a call may take where nothing else is configured: a backend that works and reads later is no dead one."""


def open_link(
    spec: BackendSpec,
    inbox: Inbox,
    stderr: StderrRing,
    *,
    via: Via | None = None,
    intake: Intake | None = None,
    sandbox: Sandbox | None = None,
) -> AbstractAsyncContextManager[Link]:
    """A link to the backend that `spec` declares; entering it opens it.

    `via` goes with all that is asked over it; what is read is entered in `intake`, that of all backends. `sandbox` says
    which programs run in a container, and starts those.

    Raises (on entering):
        LinkFailed: it could not be opened.
    """
    match spec:
        case StdioBackend():
            named = {} if via is None else {VARIABLE: via.text}
            known = attrs.evolve(spec, env={**spec.env, **named})
            return open_stdio(known, inbox, stderr=stderr, environ=os.environ, intake=intake, sandbox=sandbox)
        case SseBackend():
            return open_http_sse(spec, inbox, via=via, intake=intake)
        case HttpBackend():
            return open_streamable_http(spec, inbox, via=via, intake=intake)
    assert_never(spec)


@asynccontextmanager
async def open_stdio(
    spec: StdioBackend,
    inbox: Inbox,
    *,
    stderr: StderrRing,
    environ: Mapping[str, str],
    write_limit_seconds: float = WRITE_LIMIT_SECONDS,
    intake: Intake | None = None,
    sandbox: Sandbox | None = None,
) -> AsyncIterator[StdioLink]:
    """A link to a process of its own, which runs as long as the block and is gone, tree and all, when it is left.

    Leaving takes up to `EXIT_GRACE_SECONDS` and `KEEPER_LIMIT_SECONDS`, cancelled or not, or before its first message
    `START_EXIT_GRACE_SECONDS` and `START_KEEPER_LIMIT_SECONDS`, which is the same. `stderr` outlives the link;
    `environ` is the gateway's own environment.

    Raises:
        LinkFailed: on entering, if the process cannot be started. One that leaves at once is a link that has died.
    """
    async with start_program(spec, environ, sandbox) as process:
        writer = LineWriter(process.stdin, write_limit_seconds)
        link = StdioLink(
            peer=process,
            inbox=inbox,
            stderr=StderrStream(stderr),
            writer=writer,
            hearing=Hearing(backend=spec.name, limit=spec.limits.message, intake=intake or Intake()),
            command=(spec.command, *spec.args),
        )
        async with ServiceNursery() as nursery:
            nursery.start_soon(process.watch)
            link.start(nursery)
            try:
                yield link
            finally:
                await link.close()


@asynccontextmanager
async def start_program(
    spec: StdioBackend, environ: Mapping[str, str], sandbox: Sandbox | None = None
) -> AsyncIterator[Program]:
    """The program of `spec`, for the length of the block: in a container where it is isolated, else as a process.

    Raises:
        LinkFailed: on entering, if it cannot be started.
    """
    plan = Bare(why="") if sandbox is None else await sandbox.plan(spec)
    match plan:
        case Refused(why=why):
            raise LinkFailed(why)
        case Bare():
            async with start_process(spec, environ) as process:
                yield process
        case _ if sandbox is not None:
            async with sandbox.start(plan) as program:
                yield program
