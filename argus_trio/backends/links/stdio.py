"""The stdio link: JSON-RPC messages, one a line, over the standard streams of a program. It starts none."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.links.hearing import Hearing, ReadingTurn, shown
from argus_trio.backends.links.intake import STEP_BYTES, Portion
from argus_trio.backends.links.link import Inbox, Outgoing
from argus_trio.backends.links.peer import LineSink, Peer
from argus_trio.backends.links.pending import Expected, Pending
from argus_trio.backends.links.stderr import MAX_LINE_BYTES, StderrStream, plain
from argus_trio.core.backend_log import BackendLog
from argus_trio.core.health.activity import Activity
from argus_trio.core.health.broken_cache import way_out
from argus_trio.core.health.health import RunningProgram
from argus_trio.errors import LinkFailed, ResponseInvalid, RpcError
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Request,
    Response,
    decode,
    on_one_line,
    plain_id,
)
from argus_trio.wire.headers import Headers
from argus_trio.wire.lines import BoundedLines
from argus_trio.wire.outline import Oversized
from argus_trio.wire.readings import read_odd

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
ASKS_KNOWN: Final = 64
"""How many ids of requests of the backend's own are remembered, the latest: a log that quotes our answer to one of them
must not be taken for the backend's answer to a request of ours."""


@attrs.define(eq=False, repr=False, kw_only=True)
class StdioLink:
    """A `Link` over a program's streams. `start` begins to serve it, `close` ends it and the program."""

    _peer: Peer
    _inbox: Inbox
    _stderr: StderrStream
    _writer: LineSink
    _hearing: Hearing
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
    _asks: deque[bytes] = attrs.field(factory=lambda: deque(maxlen=ASKS_KNOWN), init=False)
    """The ids of requests that the backend has made of its own, the latest."""

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """See `Link.request`."""
        with Expected(self._pending, outgoing.id) as expected:
            try:
                await self._writer.write(on_one_line(outgoing.body) + b"\n")
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                await self._fail_unwritten()
            return await expected.wait()

    def begin(self, outgoing: Outgoing) -> Expected | None:
        """See `Link.begin`."""
        expected = Expected(self._pending, outgoing.id).__enter__()
        if self._writer.write_now(on_one_line(outgoing.body) + b"\n"):
            return expected
        expected.leave()
        return None

    async def send(self, body: bytes, headers: Headers = ()) -> None:  # noqa: ARG002 - headers are for HTTP
        """See `Link.send`."""
        self._pending.check()
        self._pending.note_sent(body)
        try:
            await self._writer.write(on_one_line(body) + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self._fail_unwritten()
        await trio.lowlevel.checkpoint()

    @property
    def _log(self) -> BackendLog:
        return self._stderr.ring.log

    @property
    def has_stream(self) -> bool:
        """See `Link.has_stream`."""
        return True

    @property
    def program(self) -> RunningProgram:
        """See `Link.program`."""
        return self._peer.program

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
        if not has_died:
            self._log.add("exit", "was ended: its connection was closed")
        if self.noise > NOISE_LOGGED:
            log.warning("backend_noise_total", backend=self._peer.backend, lines=self.noise)

    async def _fail_unwritten(self) -> None:
        await self._fail_unless_it_ended("closed its stdin")
        self._pending.check()

    async def _read_stdout(self) -> None:
        lines = BoundedLines(self._hearing.limit)
        stdout = self._peer.stdout
        with Portion(self._hearing.intake, is_shared=True) as portion:
            while chunk := await stdout.receive():
                self._output_bytes += len(chunk)
                turn = ReadingTurn()
                for line in lines.feed(chunk):
                    if isinstance(line, Oversized):
                        self._pass_over(line)
                    elif (left := self._left_of(line)) is not None:
                        await self._accept(line, left)
                        await turn.share()
                if portion.held or lines.held > STEP_BYTES:
                    await self._hearing.take(portion, lines)
        rest = lines.rest()
        if (left := self._left_of(rest)) is not None:
            await self._accept(rest, left, is_cut_off=True)
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
        self._log.add("exit", ending)
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

    def _left_of(self, line: bytes) -> Message | RpcError | None:
        """Read a line, and resolve what it answers; what it is where there is more to do about it."""
        try:
            message = decode(line)
        except RpcError as fault:
            return fault
        if self._messages:
            self._messages += 1
        else:
            self._note_message()
        return None if isinstance(message, Response) and self._pending.resolve(message) else message

    async def _accept(self, line: bytes, left: Message | RpcError, *, is_cut_off: bool = False) -> None:
        if not isinstance(left, RpcError):
            await self._deliver(left)
        elif is_cut_off and line.strip():
            self._note_noise(line, left)  # the end of the program says more than the end of its line
        elif line.strip():
            await self._accept_odd(line, left)

    async def _accept_odd(self, line: bytes, fault: RpcError) -> None:
        """A line that is no message as it stands: what can be read of it all the same, or noise."""
        reading = read_odd(line, fault)
        if reading.oddity:
            self._hearing.note_oddity(line, reading)
        for message in reading.messages:
            if isinstance(message, ResponseInvalid) and self._pending.resolve_alone(message):
                continue
            if isinstance(message, RpcError):
                self._note_noise(line, message)
            elif not (reading.is_amid_text and self._may_quote_us(message)):
                self._note_message()
                await self._deliver(message)

    def _note_message(self) -> None:
        if not self._messages:
            self._peer.spoke()
        self._messages += 1

    def _may_quote_us(self, message: Message) -> bool:
        return isinstance(message, Response | ErrorResponse) and plain_id(message.id) in self._asks

    def _pass_over(self, line: Oversized) -> None:
        answer = self._hearing.answer_of(line)
        if answer is not None:
            self._pending.resolve_alone(answer)

    async def _deliver(self, message: Message) -> None:
        if isinstance(message, Request):
            self._asks.append(plain_id(message.id))
        if not isinstance(message, (Response, ErrorResponse)):
            await self._inbox(message, None)
        elif not self._pending.resolve_alone(message):
            self._hearing.note_unclaimed(message)

    def _note_noise(self, line: bytes, fault: RpcError) -> None:
        self.noise += 1
        self._log.add("stdout", plain(line[:MAX_LINE_BYTES]))
        if self.noise <= NOISE_LOGGED:
            log.warning("backend_noise", backend=self._peer.backend, line=shown(line), fault=fault.message)

    def _fail(self, reason: str) -> None:
        if not self._died.is_set():
            said = self._stderr.excerpt()
            advice = "" if self._messages else way_out(self._command, said)
            self._pending.fail(LinkFailed(f"{reason}; {advice}" if advice else reason, details=said))
            self._died.set()
