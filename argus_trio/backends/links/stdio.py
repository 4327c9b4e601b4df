"""The stdio link: JSON-RPC messages, one a line, over the standard streams of a program. It starts none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.links.link import Inbox, Outgoing
from argus_trio.backends.links.peer import LineSink, Peer
from argus_trio.backends.links.pending import Expected, Pending
from argus_trio.backends.links.stderr import StderrStream, plain
from argus_trio.core.health.activity import Activity
from argus_trio.core.health.broken_cache import way_out
from argus_trio.errors import LinkFailed, ResponseInvalid, RpcError
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

EXIT_GRACE_SECONDS: Final = 2.0
"""How long a backend has to leave by itself once its stdin is closed: enough to write a file or close a database."""
START_EXIT_GRACE_SECONDS: Final = 0.2
"""The same for one that has not spoken yet: what installs packages does not look at its stdin, and has to be told by
TERM in time to take back what is half done."""
DRAIN_SECONDS: Final = 0.5
"""How long the end of the streams is waited for after the end of the program, and the other way round.

The two come together as a rule; but what the program started itself may hold its pipes open for ever."""
NOISE_LOGGED: Final = 20
"""Lines that are no messages are logged up to this count for each link, then only counted."""
NOISE_SHOWN: Final = 200
"""Characters of such a line that are logged."""


@attrs.define(eq=False, kw_only=True)
class StdioLink:
    """A `Link` over a program's streams. `start` begins to serve it, `close` ends it and the program."""

    _peer: Peer
    _inbox: Inbox
    _stderr: StderrStream
    _writer: LineSink
    _command: Sequence[str] = ()
    """The command line of the program, as far as it says how to mend what is broken."""
    _pending: Pending = attrs.field(factory=Pending, init=False)
    _died: trio.Event = attrs.field(factory=trio.Event, init=False)
    _stdout_ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    _stderr_ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    noise: int = attrs.field(default=0, init=False)
    """Lines that were no messages."""
    _messages: int = attrs.field(default=0, init=False)
    _output_bytes: int = attrs.field(default=0, init=False)

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """See `Link.request`."""
        with Expected(self._pending, outgoing.id) as expected:
            await self._write(outgoing.body)
            return await expected.wait()

    async def send(self, body: bytes, headers: Headers = ()) -> None:  # noqa: ARG002 - headers are for HTTP
        """See `Link.send`."""
        self._pending.check()
        await self._write(body)
        await trio.lowlevel.checkpoint()

    async def listen(self, headers: Headers = ()) -> None:  # noqa: ARG002 - as above
        """See `Link.listen`: whatever the backend says comes on its stdout."""
        await trio.lowlevel.checkpoint()

    async def activity(self) -> Activity:
        """See `Link.activity`."""
        return Activity(
            messages=self._messages,
            output_bytes=self._output_bytes,
            processor_seconds=await self._peer.processor_seconds(),
        )

    async def wait_failed(self) -> LinkFailed:
        """See `Link.wait_failed`."""
        await self._died.wait()
        if self._pending.failure is None:
            raise AssertionError("died without a failure")
        return self._pending.failure

    def start(self, nursery: trio.Nursery) -> None:
        """Start what serves the link; all of it ends with `nursery`."""
        nursery.start_soon(self._watch_peer)
        nursery.start_soon(self._watch_writer)
        nursery.start_soon(self._read_stdout)
        nursery.start_soon(self._read_stderr)

    async def close(self) -> None:
        """End the program: politely, unless the link has died, when there is nothing to be polite to."""
        has_died = self._died.is_set()
        self._fail("the link was closed")
        grace_seconds = EXIT_GRACE_SECONDS if self._messages else START_EXIT_GRACE_SECONDS
        await self._peer.end(grace_seconds=0 if has_died else grace_seconds)
        self._stderr.end(trio.current_time())
        if self.noise > NOISE_LOGGED:
            log.warning("backend_noise_total", backend=self._peer.backend, lines=self.noise)

    async def _write(self, body: bytes) -> None:
        try:
            await self._writer.write(on_one_line(body) + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._fail_unless_it_ended("closed its stdin")
            self._pending.check()

    async def _read_stdout(self) -> None:
        lines = Lines()
        stdout = self._peer.stdout
        while True:
            chunk = await stdout.receive()
            self._output_bytes += len(chunk)
            try:
                whole = lines.feed(chunk) if chunk else [lines.rest()]
            except LineTooLong as fault:
                for line in fault.before:
                    await self._accept(line)
                self._fail(f"wrote a line longer than {fault.limit} bytes to its stdout")
                return
            for line in whole:
                await self._accept(line)
            if not chunk:
                break
        self._stdout_ended.set()
        await self._fail_unless_it_ended("closed its stdout")

    async def _read_stderr(self) -> None:
        while chunk := await self._peer.stderr.receive():
            self._output_bytes += len(chunk)
            self._stderr.feed(chunk, trio.current_time())
        self._stderr_ended.set()

    async def _watch_peer(self) -> None:
        ending = await self._peer.wait_ended()
        # What it wrote before it ended is still in the pipes: answers, and why it ended.
        with trio.move_on_after(DRAIN_SECONDS):
            await self._stdout_ended.wait()
            await self._stderr_ended.wait()
        self._fail(ending)

    async def _watch_writer(self) -> None:
        try:
            await self._writer.run()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._fail_unless_it_ended("closed its stdin")
        else:
            self._fail(f"did not read its stdin for {self._writer.limit_seconds:g} s")

    async def _fail_unless_it_ended(self, reason: str) -> None:
        # A pipe that ends is mostly the first sign of a process that ends, and how it did says more.
        with trio.move_on_after(2 * DRAIN_SECONDS):
            await self._died.wait()
        self._fail(reason)

    async def _accept(self, line: bytes) -> None:
        try:
            message = decode(line)
        except RpcError as fault:
            if line.strip():
                await self._accept_odd(line, fault)
            return
        if not self._messages:
            self._peer.spoke()
        self._messages += 1
        if not (isinstance(message, Response) and self._pending.resolve(message)):
            await self._deliver(message)

    async def _accept_odd(self, line: bytes, fault: RpcError) -> None:
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
            log.debug("backend_answer_unclaimed", backend=self._peer.backend, id=plain(message.id[:NOISE_SHOWN]))

    def _note_noise(self, line: bytes, fault: RpcError) -> None:
        self.noise += 1
        if self.noise <= NOISE_LOGGED:
            # Cut before it is made plain: a line may be 16 MiB, and a character has four bytes at most.
            shown = plain(line[: 4 * NOISE_SHOWN])[:NOISE_SHOWN]
            log.warning("backend_noise", backend=self._peer.backend, line=shown, fault=fault.message)

    def _fail(self, reason: str) -> None:
        if not self._died.is_set():
            said = self._stderr.excerpt()
            advice = "" if self._messages else way_out(self._command, said)
            self._pending.fail(LinkFailed(f"{reason}; {advice}" if advice else reason, details=said))
            self._died.set()
