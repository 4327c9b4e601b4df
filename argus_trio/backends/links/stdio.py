"""The stdio link: JSON-RPC messages, one a line, over the pipes of a child process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.links.link import Inbox, Outgoing
from argus_trio.backends.links.pending import Pending
from argus_trio.backends.links.stderr import StderrRing, StderrStream, plain
from argus_trio.backends.process.process import BackendProcess, start_process
from argus_trio.config.model.backend import StdioBackend
from argus_trio.errors import LinkFailed, ResponseInvalid, RpcError
from argus_trio.net.line_writer import LineWriter
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Response,
    decode,
    decode_batch,
    is_batch,
    mend_text,
    on_one_line,
)
from argus_trio.wire.headers import Headers
from argus_trio.wire.lines import Lines, LineTooLong

log = structlog.get_logger()

READ_BYTES: Final = 64 * 1024
"""As much as a pipe holds."""
WRITE_LIMIT_S: Final = 60.0
"""How long a backend may take nothing from its stdin while messages wait for it."""
EXIT_GRACE_S: Final = 2.0
"""How long a backend has to leave by itself once its stdin is closed."""
DRAIN_S: Final = 0.5
"""How long the end of the pipes is waited for after the end of the process, and the other way round."""
NOISE_LOGGED: Final = 20
"""Lines that are no messages are logged up to this count for each link, then only counted."""
NOISE_SHOWN: Final = 200
"""Characters of such a line that are logged."""


@attrs.define(eq=False)
class StdioLink:
    """A `Link` over a child's pipes; `open_stdio` makes them."""

    _child: BackendProcess
    _inbox: Inbox
    _stderr: StderrStream
    _writer: LineWriter
    _pending: Pending = attrs.field(factory=Pending, init=False)
    _died: trio.Event = attrs.field(factory=trio.Event, init=False)
    _stdout_ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    _stderr_ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    noise: int = attrs.field(default=0, init=False)
    """Lines that were no messages."""

    @property
    def pid(self) -> int:
        """The backend's process id."""
        return self._child.pid

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """See `Link.request`."""
        with self._pending.expect(outgoing.id) as expected:
            await self._write(outgoing.body)
            return await expected.wait()

    async def send(self, body: bytes, headers: Headers = ()) -> None:  # noqa: ARG002 - headers are for HTTP
        """See `Link.send`."""
        self._pending.check()
        await self._write(body)
        await trio.lowlevel.checkpoint()

    async def listen(self, headers: Headers = ()) -> None:  # noqa: ARG002 - as above
        """Nothing to do: whatever the backend says comes on its stdout."""
        await trio.lowlevel.checkpoint()

    async def wait_failed(self) -> LinkFailed:
        """See `Link.wait_failed`."""
        await self._died.wait()
        if self._pending.failure is None:
            raise AssertionError("died without a failure")
        return self._pending.failure

    def start(self, nursery: trio.Nursery) -> None:
        """Start what serves the link; all of it ends with `nursery`."""
        nursery.start_soon(self._child.watch)
        nursery.start_soon(self._watch_child)
        nursery.start_soon(self._watch_writer)
        nursery.start_soon(self._read_stdout)
        nursery.start_soon(self._read_stderr)

    async def close(self) -> None:
        """End the process tree: politely, unless the link has died, when there is nothing to be polite to."""
        has_died = self._died.is_set()
        self._fail("the link was closed")
        await self._child.end(grace_s=0 if has_died else EXIT_GRACE_S)
        self._stderr.end(trio.current_time())
        if self.noise > NOISE_LOGGED:
            log.warning("backend_noise_total", backend=self._child.backend, lines=self.noise)

    async def _write(self, body: bytes) -> None:
        try:
            await self._writer.write(on_one_line(body) + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._fail_unless_it_ended("closed its stdin")
            self._pending.check()

    async def _read_stdout(self) -> None:
        lines = Lines()
        fd = self._child.stdout.fileno()
        while True:
            await trio.lowlevel.wait_readable(fd)
            chunk = os.read(fd, READ_BYTES)
            try:
                whole = lines.feed(chunk) if chunk else [lines.rest()]
            except LineTooLong as fault:
                for line in fault.before:
                    await self._take(line)
                self._fail(f"wrote a line longer than {fault.limit} bytes to its stdout")
                return
            for line in whole:
                await self._take(line)
            if not chunk:
                break
        self._stdout_ended.set()
        await self._fail_unless_it_ended("closed its stdout")

    async def _read_stderr(self) -> None:
        fd = self._child.stderr.fileno()
        while True:
            await trio.lowlevel.wait_readable(fd)
            chunk = os.read(fd, READ_BYTES)
            if not chunk:
                break
            self._stderr.feed(chunk, trio.current_time())
        self._stderr_ended.set()

    async def _watch_child(self) -> None:
        ending = await self._child.wait_ended()
        # What it wrote before it ended is still in the pipes: answers, and why it ended.
        with trio.move_on_after(DRAIN_S):
            await self._stdout_ended.wait()
            await self._stderr_ended.wait()
        self._fail(ending)

    async def _watch_writer(self) -> None:
        try:
            await self._writer.run()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._fail_unless_it_ended("closed its stdin")
        else:
            self._fail(f"did not read its stdin for {self._writer.limit_s:g} s")

    async def _fail_unless_it_ended(self, reason: str) -> None:
        # A pipe that ends is mostly the first sign of a process that ends, and how it did says more.
        with trio.move_on_after(2 * DRAIN_S):
            await self._died.wait()
        self._fail(reason)

    async def _take(self, line: bytes) -> None:
        try:
            message = decode(line)
        except RpcError as fault:
            if line.strip():
                await self._take_odd(line, fault)
            return
        await self._deliver(message)

    async def _take_odd(self, line: bytes, fault: RpcError) -> None:
        """A line that is no message as it stands: one with broken text, a batch (revision 2025-03-26), or noise."""
        mended = mend_text(line)
        members: Sequence[Message | RpcError]
        try:
            members = decode_batch(mended) if is_batch(mended) else [decode(mended)]
        except ResponseInvalid as invalid:
            members = [invalid]
        except RpcError:
            self._note_noise(line, fault)
            return
        for member in members:
            if isinstance(member, ResponseInvalid) and self._pending.resolve(member):
                continue
            if isinstance(member, RpcError):
                self._note_noise(line, member)
            else:
                await self._deliver(member)

    async def _deliver(self, message: Message) -> None:
        if not isinstance(message, (Response, ErrorResponse)):
            await self._inbox(message, None)
        elif not self._pending.resolve(message):
            log.debug("backend_answer_unclaimed", backend=self._child.backend, id=plain(message.id[:NOISE_SHOWN]))

    def _note_noise(self, line: bytes, fault: RpcError) -> None:
        self.noise += 1
        if self.noise <= NOISE_LOGGED:
            # Cut before it is made plain: a line may be 16 MiB, and a character has four bytes at most.
            shown = plain(line[: 4 * NOISE_SHOWN])[:NOISE_SHOWN]
            log.warning("backend_noise", backend=self._child.backend, line=shown, fault=fault.message)

    def _fail(self, reason: str) -> None:
        if not self._died.is_set():
            self._pending.fail(LinkFailed(reason, details=self._stderr.last_lines()))
            self._died.set()


@asynccontextmanager
async def open_stdio(
    spec: StdioBackend,
    inbox: Inbox,
    *,
    stderr: StderrRing,
    environ: Mapping[str, str],
    write_limit_s: float = WRITE_LIMIT_S,
) -> AsyncIterator[StdioLink]:
    """A link to a process of its own, which runs as long as the block and is gone, tree and all, when it is left.

    Leaving takes up to `EXIT_GRACE_S` and `KEEPER_LIMIT_S`, cancelled or not. `stderr` outlives the link; `environ` is
    the gateway's own environment.

    Raises:
        LinkFailed: on entering, if the process cannot be started. One that leaves at once is a link that has died.
    """
    async with start_process(spec, environ) as child:
        link = StdioLink(
            child=child, inbox=inbox, stderr=StderrStream(stderr), writer=LineWriter(child.stdin, write_limit_s)
        )
        async with ServiceNursery() as nursery:
            link.start(nursery)
            try:
                yield link
            finally:
                await link.close()
