"""A server in a container as a link sees it: three pipes, and an end. Nothing of a call is relayed.

The other ends of the pipes are the server's own descriptors. What the first process (`sandbox/shim`) says comes over a
socket, whose end is the end of the container.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.health.health import RunningProgram
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import farewell
from argus_trio.net.pipe_reader import PipeReader
from argus_trio.sandbox.container.life import ContainerExit, running
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.shim.order import (
    MAX_REPORT_BYTES,
    USAGE,
    MemoryKills,
    ProcessorTime,
    ServerEnded,
    ServerNotStarted,
    ServerStarted,
    end_within,
    ending,
    inner_ports,
    lost,
    not_started,
    read_report,
    start_order,
)
from argus_trio.wire.lines import Lines, LineTooLong

log = structlog.get_logger()

TERM_GRACE_SECONDS: Final = 0.5
"""How long everything inside has between TERM and KILL. The server itself had its time when its stdin was closed."""
SHIM_LIMIT_SECONDS: Final = 1.5
"""How long a shim may take to have ended everything: `TERM_GRACE_SECONDS`, and a second for a busy machine."""
END_SECONDS: Final = 20.0
"""More than all that `end` waits for together: the bound of the bounds."""
ORDER_SECONDS: Final = 20.0
"""How long a shim may take from its start order to a server that runs: enough for a folder on a slow disk."""
USAGE_SECONDS: Final = 2.0
"""How long a shim may take to say what was used; then what it said last is told once more."""
EXIT_CODE_SECONDS: Final = 1.0
"""How long an engine may take to tell the exit code of a container that has gone without a word."""
MAX_PIPE_BYTES: Final = 1024 * 1024
"""What a pipe holds at most."""
SAID_BYTES: Final = 8192
"""What a failure quotes of stderr at most."""
SAID_LINES: Final = 20
"""The same in lines."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ContainedProgram:
    """A server that runs in a container, its streams not yet read or written. `watch` must run in a task."""

    backend: str
    """The backend's name."""
    container: str
    """The engine's id of it."""
    stdin: trio.lowlevel.FdStream
    stdout: PipeReader
    _errors: trio.lowlevel.FdStream
    stderr: PipeReader = attrs.field(init=False)
    _control: trio.SocketStream
    since: float = attrs.field(factory=trio.current_time, init=False)
    _exit: ContainerExit
    _launch: Launch
    _reports: Lines = attrs.field(factory=lambda: Lines(MAX_REPORT_BYTES), init=False)
    _unread: deque[bytes] = attrs.field(factory=deque, init=False)
    _reading: trio.Lock = attrs.field(factory=trio.Lock, init=False)
    """Held by who reads the control socket: `watch`, or `end` where that was cancelled."""
    _is_started: bool = attrs.field(default=False, init=False)
    _is_gone: bool = attrs.field(default=False, init=False)
    """Whether the control socket has ended, and with it the container."""
    _is_odd: bool = attrs.field(default=False, init=False)
    """Whether the shim has said what no shim says."""
    _memory_kills: int = attrs.field(default=0, init=False)
    _ending: str = attrs.field(default="", init=False)
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    _used: float = attrs.field(default=0.0, init=False)
    _usage_told: trio.Event = attrs.field(factory=trio.Event, init=False)
    _is_over: bool = attrs.field(default=False, init=False)
    _has_spoken: bool = attrs.field(default=False, init=False)

    @stderr.default
    def _reader_of_errors(self) -> PipeReader:
        return PipeReader(self._errors)

    @property
    def program(self) -> RunningProgram:
        """See `Peer.program`."""
        return running(self._launch, self.container, self.since)

    async def processor_seconds(self) -> float:
        """The processor time of all that ran in the container, in seconds, as far as that is known."""
        told = self._usage_told
        with trio.move_on_after(USAGE_SECONDS):
            if self._say(USAGE):
                await told.wait()
        return self._used

    def spoke(self) -> None:
        """Take note that it works: whatever it ends of later, it is not that something was not there."""
        self._has_spoken = True

    async def wait_ended(self) -> str:
        """Wait until the server has ended, and tell how: "exited with code 3", "ran out of memory (…)"."""
        await self._ended.wait()
        return self._ending

    async def watch(self) -> None:
        """Act on the shim's reports until the container is gone."""
        async with self._reading:
            while (line := await self._next_line()) is not None:
                match read_report(line):
                    case ProcessorTime(seconds=seconds):
                        self._used = max(self._used, seconds)
                        self._usage_told.set()
                        self._usage_told = trio.Event()
                    case MemoryKills(count=count):
                        self._memory_kills = count
                    case ServerEnded(status=status):
                        memory = self._launch.limits.memory
                        how = ending(status, memory_kills=self._memory_kills, memory=memory)
                        self._has_ended("; ".join([how, *self._may_lack(status)]))
                    case _:
                        self._note_unknown(line)
            if not self._ended.is_set():
                with trio.move_on_after(EXIT_CODE_SECONDS):
                    await self._exit.has_ended.wait()
                self._has_ended(lost(self._exit.code, memory=self._launch.limits.memory))

    async def end(self, grace_seconds: float) -> None:
        """End everything in the container, and with it the container. Not cancellable, but bounded.

        Closing stdin asks the server to leave; what is still there after `grace_seconds` gets TERM, and KILL after
        `TERM_GRACE_SECONDS`. In the end the control socket is closed, which the first process does not outlive.
        """
        if self._is_over:
            return
        with farewell(END_SECONDS):
            self.stdin.close()
            with trio.move_on_after(grace_seconds):
                await self.watch()
            if self._is_started and not self._is_gone and self._say(end_within(TERM_GRACE_SECONDS)):
                with trio.move_on_after(SHIM_LIMIT_SECONDS):
                    await self.watch()
        self._is_over = True
        self._control.socket.close()

    def close(self) -> None:
        """Let go of the streams. To be called after `end`."""
        self.stdout.close()
        self.stderr.close()

    async def order(self, order: bytes) -> None:
        """Have the server started, by what `order_of` the launch is.

        Raises:
            LinkFailed: it could not be, and why; what it said on stderr is in the details.
        """
        launch = self._launch
        report = None
        with trio.move_on_after(ORDER_SECONDS) as limit:
            with contextlib.suppress(trio.BrokenResourceError):
                await self._control.send_all(order)
            report = read_report(await self._next_line() or b"")
        match report:
            case ServerStarted():
                self._is_started = True
                return
            case ServerNotStarted():
                command, path = (launch.argv or ("",))[0], launch.env.get("PATH")
                why = not_started(report, command=command, cwd=launch.cwd, image=launch.image, path=path)
            case _ if limit.cancelled_caught:
                why = f"its container did not start its command within {ORDER_SECONDS:g} s"
            case _:
                with trio.move_on_after(EXIT_CODE_SECONDS):
                    await self._exit.has_ended.wait()
                why = lost(self._exit.code, memory=launch.limits.memory) + " before its command was started"
        raise LinkFailed(why, details=self.said())

    def said(self) -> tuple[str, ...]:
        """The tail of what is there of stderr, and not read yet."""
        return unread_tail(self._errors.fileno())

    def _say(self, line: bytes) -> bool:
        try:
            os.write(self._control.socket.fileno(), line)
        except OSError:  # it is gone, or reads nothing at all
            return False
        return True

    async def _next_line(self) -> bytes | None:
        while not self._unread:
            try:
                chunk = await self._control.receive_some(MAX_REPORT_BYTES)
                self._unread.extend(self._reports.feed(chunk))
            except (trio.BrokenResourceError, trio.ClosedResourceError, LineTooLong):
                chunk = b""
            if not chunk:
                self._is_gone = True
                return None
        return self._unread.popleft()

    def _note_unknown(self, line: bytes) -> None:
        # Once: a server that got hold of its shim could say more than a log should hold.
        if not self._is_odd:
            self._is_odd = True
            log.error("shim_report_unknown", backend=self.backend, report=line[:200].decode("utf-8", "replace"))

    def _may_lack(self, status: int) -> tuple[str, ...]:
        """What it may have failed of: one that ends by itself before it works."""
        return () if self._has_spoken or self._is_over or status == 0 else self._launch.lacks

    def _has_ended(self, how: str) -> None:
        self._ending = how
        self._ended.set()


def unread_tail(pipe: int) -> tuple[str, ...]:
    """The last lines of what is in a pipe, which is read empty; nothing where there is nothing."""
    said = b""
    with contextlib.suppress(OSError):
        said = os.read(pipe, MAX_PIPE_BYTES)[-SAID_BYTES:]  # once: who writes on and on would be read on and on
    return tuple(said.decode("utf-8", "replace").splitlines()[-SAID_LINES:])


def order_of(launch: Launch) -> bytes:
    """What a shim is told to start.

    Raises:
        LinkFailed: something in it cannot be passed to a program.
    """
    return start_order(launch.argv, launch.env, launch.cwd, ports=inner_ports(launch.network))
