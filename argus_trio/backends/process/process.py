"""A backend's process tree as the gateway holds it: started under a keeper, watched, and ended. It reads no stdio."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.process.environment import backend_environment
from argus_trio.backends.process.open_files import SOFT_LIMIT_AT_START
from argus_trio.backends.process.orphans import TREE, end_orphans
from argus_trio.backends.process.usage import processor_seconds
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.health.health import RunningProgram
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.exit_words import in_words
from argus_trio.net.ending.last_moment import farewell
from argus_trio.net.pipe_reader import PipeReader
from argus_trio.wire.lines import Lines

log = structlog.get_logger()

KEEPER: Final = Path(__file__).with_name("keeper.py")
KEEPER_LIMIT_SECONDS: Final = 2.5
"""How long a keeper may take to end its tree: its own `KILL_LIMIT_SECONDS`, and half a second for a busy machine."""
START_KEEPER_LIMIT_SECONDS: Final = 4.3
"""The same before the backend has spoken: the keeper's `START_KILL_LIMIT_SECONDS`, and 0.3 s for a busy machine."""
KEEPER_KILL_SECONDS: Final = 1.0
"""How long a keeper that had to be killed may take to be gone. The kernel needs next to nothing, unless it is stuck."""
END_SECONDS: Final = 20.0
"""More than all that `end` waits for together: the bound of the bounds."""
CUT_OFF: Final = "it did not end in time after TERM: if it was installing packages, their cache may be half written"
LEFT_TO_KEEPER: Final = "the time of the stop was over: its keeper goes on until no process of it is left"
SPOKE: Final = b"\1"
"""What tells the keeper that its backend has spoken."""
MAX_REPORT_BYTES: Final = 4096
"""More than any line that a keeper reports."""
MAX_PATH_SHOWN: Final = 1000
"""Characters of PATH that a failure quotes."""


@attrs.define(eq=False, repr=False, kw_only=True)
class BackendProcess:
    """A backend that is running under its keeper, its pipes not yet read or written. `watch` must run in a task."""

    backend: str
    """The backend's name."""
    stdin: trio.lowlevel.FdStream
    stdout: PipeReader
    stderr: PipeReader
    command: str = ""
    """The last part of its command, for operators."""
    since: float = attrs.field(factory=trio.current_time, init=False)
    pid: int = attrs.field(default=0, init=False)
    """The backend's own process id; 0 until it has started."""
    _keeper: trio.Process
    _control: trio.SocketStream
    _reports: Lines = attrs.field(factory=lambda: Lines(MAX_REPORT_BYTES), init=False)
    _unread: deque[bytes] = attrs.field(factory=deque, init=False)
    _ending: str = attrs.field(default="", init=False)
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    _tree: str = attrs.field(factory=lambda: secrets.token_hex(16), init=False)
    """What every process of the tree has in its environment as `TREE`, unless it was taken out."""
    _has_spoken: bool = attrs.field(default=False, init=False)
    _is_lost: bool = attrs.field(default=False, init=False)
    """Whether the keeper is known to have left without having ended the tree."""
    _is_swept: bool = attrs.field(default=False, init=False)
    """Whether what a lost keeper left was found and ended."""
    _is_gone: bool = attrs.field(default=False, init=False)

    @property
    def program(self) -> RunningProgram:
        """See `Peer.program`."""
        return RunningProgram(name=self.command, since=self.since, pid=self.pid or None, root=self._keeper.pid)

    async def processor_seconds(self) -> float:
        """The processor time of the backend's tree, in seconds."""
        return await trio.to_thread.run_sync(processor_seconds, self._keeper.pid, abandon_on_cancel=True)

    def spoke(self) -> None:
        """Note the first message of the backend: it no longer installs itself, and is ended as what runs.

        The keeper has to know it as well, for the case that the gateway is killed.
        """
        self._has_spoken = True
        with contextlib.suppress(OSError):  # the keeper is gone, or stopped for so long that nothing fits
            os.write(self._control.socket.fileno(), SPOKE)

    async def wait_ended(self) -> str:
        """Wait until the backend itself has ended, and tell how: "exited with code 3", "was killed by SIGKILL"."""
        await self._ended.wait()
        return self._ending

    async def watch(self) -> None:
        """Act on the keeper's reports until the keeper leaves."""
        while (report := await self._next_report()) is not None:
            match report.split():
                case [b"ended", status]:
                    self._has_ended(in_words(os.waitstatus_to_exitcode(int(status))))
                case [b"survived", count]:
                    self._is_lost = True
                    log.error("backend_tree_survives", backend=self.backend, processes=int(count))
                case _:
                    log.error("keeper_report_unknown", backend=self.backend, report=report.decode("utf-8", "replace"))
        if not self._ended.is_set():
            code = await self._keeper.wait()
            self._is_lost = True
            log.error("keeper_lost", backend=self.backend, ending=in_words(code))
            self._is_swept = await end_orphans(self.backend, self._tree, self.pid)
            self._has_ended(f"lost its keeper, which {in_words(code)}")

    async def end(self, grace_seconds: float) -> None:
        """End the whole tree; afterwards nothing of it runs. Not cancellable, but bounded.

        Closing stdin asks the backend to leave (the stdio transports' shutdown); what is still there after
        `grace_seconds` gets TERM and then KILL from the keeper, within `KEEPER_LIMIT_SECONDS`, or
        `START_KEEPER_LIMIT_SECONDS` before it `spoke`. If the keeper itself was killed, see `orphans.py`. What is left
        at the last moment of a stop its keeper ends without us.
        """
        if self._is_gone:
            return
        with farewell(END_SECONDS) as ending:
            self.stdin.close()
            with trio.move_on_after(grace_seconds):
                await self._keeper.wait()
            was_starting = not self._has_spoken and not self._ended.is_set()
            self._let_go_of_keeper()
            with trio.move_on_after(KEEPER_LIMIT_SECONDS if self._has_spoken else START_KEEPER_LIMIT_SECONDS):
                await self._keeper.wait()
            if self._keeper.returncode is None:
                log.error("keeper_stuck", backend=self.backend)
                self._keeper.kill()
                with trio.move_on_after(KEEPER_KILL_SECONDS):
                    await self._keeper.wait()
            if was_starting and self._keeper.returncode == 128 + signal.SIGKILL:
                log.warning("backend_start_cut_off", backend=self.backend, hint=CUT_OFF)
            has_failed = self._is_lost or self._keeper.returncode is None or self._keeper.returncode < 0
            if has_failed and not self._is_swept:
                await end_orphans(self.backend, self._tree, self.pid)
        if ending.cancelled_caught:
            self._let_go_of_keeper()
            log.warning("backend_left_to_its_keeper", backend=self.backend, hint=LEFT_TO_KEEPER)
        self._is_gone = True

    def _let_go_of_keeper(self) -> None:
        try:
            self._control.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EPIPE):
                raise
        self._keeper.send_signal(signal.SIGCONT)  # one that was stopped would not notice

    async def order(self, spec: StdioBackend, environ: Mapping[str, str]) -> None:
        """Have the keeper start the backend.

        Raises:
            LinkFailed: it could not, and why.
        """
        environment = {**backend_environment(spec, environ), TREE: self._tree}
        try:
            await self._control.send_all(_start_order(spec, environment))
        except trio.BrokenResourceError:
            raise LinkFailed(f"its keeper {in_words(await self._keeper.wait())}") from None
        match (await self._next_report() or b"").split():
            case [b"started", pid]:
                self.pid = int(pid)
            case [b"failed", stage, number]:
                raise LinkFailed(_not_started(spec, environment.get("PATH", os.defpath), stage, int(number)))
            case _:
                raise LinkFailed(f"its keeper {in_words(await self._keeper.wait())}")

    async def _next_report(self) -> bytes | None:
        while not self._unread:
            try:
                chunk = await self._control.receive_some(MAX_REPORT_BYTES)
            except trio.BrokenResourceError:
                return None
            if not chunk:
                return None
            self._unread.extend(self._reports.feed(chunk))
        return self._unread.popleft()

    def _has_ended(self, ending: str) -> None:
        self._ending = ending
        self._ended.set()


@asynccontextmanager
async def start_process(spec: StdioBackend, environ: Mapping[str, str]) -> AsyncIterator[BackendProcess]:
    """Start the backend's process for the length of the block; the whole tree is gone when the block is left.

    Raises:
        LinkFailed: it cannot be started: the command or the folder is missing, or not to be used.
    """
    ours, theirs = socket.socketpair()
    async with trio.SocketStream(trio.socket.from_stdlib_socket(ours)) as control:
        with theirs:
            keeper = await _start_keeper(spec.name, theirs)
        if keeper.stdin is None or keeper.stdout is None or keeper.stderr is None:
            raise AssertionError("the keeper was started with pipes")
        process = BackendProcess(
            backend=spec.name,
            command=Path(spec.command).name,
            stdin=_as_fd(keeper.stdin),
            stdout=PipeReader(_as_fd(keeper.stdout)),
            stderr=PipeReader(_as_fd(keeper.stderr)),
            keeper=keeper,
            control=control,
        )
        try:
            await process.order(spec, environ)
            yield process
        finally:
            await process.end(grace_seconds=0)
            process.stdout.close()
            process.stderr.close()


async def _start_keeper(name: str, control: socket.socket) -> trio.Process:
    # The keeper gets no environment: it needs none, and what a backend's could do to a Python (LD_PRELOAD) it must not.
    try:
        return await trio.lowlevel.open_process(
            [sys.executable, "-I", "-S", str(KEEPER), str(control.fileno()), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            pass_fds=(control.fileno(),),
            start_new_session=True,
        )
    except OSError as error:
        raise LinkFailed(f"no process can be started for it: {error.strerror}") from None


def _as_fd(stream: trio.abc.SendStream | trio.abc.ReceiveStream) -> trio.lowlevel.FdStream:
    if not isinstance(stream, trio.lowlevel.FdStream):
        raise TypeError("pipes of a process are file descriptors here")
    return stream


def _start_order(spec: StdioBackend, environment: Mapping[str, str]) -> bytes:
    """What the keeper reads (see its docstring).

    Raises:
        LinkFailed: something in it cannot be passed to a program.
    """
    argv = (spec.command, *spec.args)
    cwd = "" if spec.cwd is None else str(spec.cwd)
    fields = [str(SOFT_LIMIT_AT_START), cwd, str(len(argv)), *argv]
    fields += [f"{name}={value}" for name, value in environment.items()]
    if any("\0" in field for field in fields):
        raise LinkFailed("its command, arguments, cwd or environment hold a NUL character")
    if any(not name or "=" in name for name in environment):
        raise LinkFailed("a variable of its environment has an impossible name")
    body = b"\0".join([os.fsencode(field) for field in fields])
    return len(body).to_bytes(8, "big") + body


def _not_started(spec: StdioBackend, path: str, stage: bytes, number: int) -> str:
    if stage == b"chdir":
        return f"cwd {str(spec.cwd)!r} cannot be entered: {os.strerror(number)}"
    searched = "" if "/" in spec.command else f"; PATH is {path[:MAX_PATH_SHOWN]}"
    match number:
        case errno.ENOENT | errno.ENOTDIR:
            # An existing script whose interpreter is missing gives the same answer.
            return f"command {spec.command!r} was not found, or its interpreter was not{searched}"
        case errno.EACCES:
            return f"command {spec.command!r} is not executable{searched}"
        case _:
            return f"command {spec.command!r} cannot be executed: {os.strerror(number)}{searched}"
