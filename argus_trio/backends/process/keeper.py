"""The keeper of one backend's process tree: a small program of its own, run as `python -I -S keeper.py FD NAME`.

It starts the backend with its own stdin, stdout and stderr, lets go of them, and copies nothing. FD is a stream socket
whose other end only the gateway holds; NAME is for whoever reads a list of processes.

- The gateway writes one start order: eight bytes of length (big-endian), then, separated by NUL, the soft limit of open
  files (-1: none), the folder to start in (empty: the keeper's own), the count of arguments, the arguments, and
  NAME=VALUE for each variable. Nothing of it stands in the keeper's own arguments or environment. That the socket then
  ends means: end the tree; it ends as well when the gateway crashes or is killed. Whatever the gateway writes meanwhile
  means: the backend has spoken. It may come after the end of the backend, which the keeper sees at once.
- The keeper writes lines: `started PID`, or `failed chdir|exec ERRNO`; then `ended WAITSTATUS` once the backend itself
  has ended, and `survived COUNT` should descendants outlast `KILL_LIMIT_SECONDS`.

It is a child subreaper: whatever the backend leaves behind, in whatever session, becomes the keeper's child, so that
"no children" means that nothing is left. When the backend or the socket has ended it sends TERM to every descendant,
after `TERM_GRACE_SECONDS` KILL to their process groups until there are none, and leaves with the backend's exit code,
or 128 + its signal. A backend that has not spoken yet may be installing itself, and has `START_TERM_GRACE_SECONDS`.
What the keeper cannot end is another user's, or was started by another program (a container engine).

Keeper and backend each lead a session, so neither a Ctrl-C in the gateway's terminal nor a backend's `kill 0` reaches
the keeper. It must stay single-threaded: the parent-death signal of the backend, which ends it should the keeper
itself be killed, fires when the *thread* that started it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time

TERM_GRACE_SECONDS = 0.5
"""How long descendants have between TERM and KILL. The backend itself had its time when its stdin was closed."""
KILL_LIMIT_SECONDS = 2.0
"""How long the tree may take to be gone, TERM included. A process that outlasts it is stuck in the kernel."""
START_TERM_GRACE_SECONDS = 3.3
"""`TERM_GRACE_SECONDS` of a backend that has not spoken: npm ends the step that it is at and takes back what it has
unpacked. Killed in the midst of it, it leaves a folder that it takes for a finished one from then on."""
START_KILL_LIMIT_SECONDS = 4.0
"""`KILL_LIMIT_SECONDS` of a backend that has not spoken. With what the gateway waits before, no longer than for others:
a stop has so much time."""
KILL_AGAIN_SECONDS = 0.02
"""The pause between two KILLs, which find what was forked meanwhile: longer where a look at the table of processes
takes longer, so that at least half of the time is left to those that die."""
KILLS = 25
"""So often KILL is sent at least: a keeper that was stopped for a while has no time left, and its work to do."""
MAX_ORDER_BYTES = 16 * 1024 * 1024
"""The largest start order: more than the kernel takes as arguments and environment."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_DEFAULT_IN_BACKEND = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that the keeper or Python ignores; what is ignored stays so over an exec, so the backend gets them back."""


def main(control: int) -> int:
    """Keep one backend, and give the exit code to leave with."""
    os.set_inheritable(control, False)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a child subreaper")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    order = _read_order(control)
    if order is None:
        return 0
    wake, written = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(written, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    backend = _start(*order, libc=libc, control=control)
    _let_go_of_stdio()
    if backend is None:
        return 127
    keeper = _Keeper(backend, control, wake)
    keeper.watch()
    keeper.end_tree()
    if keeper.status < 0:
        return 1
    code = os.waitstatus_to_exitcode(keeper.status)
    return code if code >= 0 else 128 - code


def _read_order(control: int) -> tuple[list[bytes], dict[bytes, bytes], bytes, int] | None:
    """The start order, or None if the gateway went away first."""
    header = _read_exactly(control, 8)
    body = _read_exactly(control, min(int.from_bytes(header, "big"), MAX_ORDER_BYTES)) if header else None
    if body is None:
        return None
    files, cwd, count, *rest = body.split(b"\0")
    argv, entries = rest[: int(count)], rest[int(count) :]
    pairs = (entry.partition(b"=") for entry in entries)
    return argv, {name: value for name, _, value in pairs}, cwd, int(files)


def _read_exactly(control: int, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        try:
            chunk = os.read(control, count - len(data))
        except ConnectionError:
            return None
        if not chunk:
            return None
        data += chunk
    return data


def _start(
    argv: list[bytes], environment: dict[bytes, bytes], cwd: bytes, files: int, *, libc: ctypes.CDLL, control: int
) -> int | None:
    """Fork and execute, and tell the gateway how it went. The process id, or None when there is no backend."""
    outcome, told = os.pipe()
    keeper = os.getpid()
    backend = os.fork()
    if backend == 0:
        _become(argv, environment, cwd, files, libc=libc, told=told, keeper=keeper)
    os.close(told)
    fault = os.read(outcome, 100)
    os.close(outcome)
    _tell(control, b"failed " + fault if fault else b"started %d" % backend)
    return None if fault else backend


def _become(
    argv: list[bytes],
    environment: dict[bytes, bytes],
    cwd: bytes,
    files: int,
    *,
    libc: ctypes.CDLL,
    told: int,
    keeper: int,
) -> None:
    """The backend's side of the fork; does not return."""
    stage = b"exec"
    try:
        os.setsid()
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != keeper:
            return  # it was killed before the line above, so that nothing would tell us
        signal.set_wakeup_fd(-1)
        for number in _DEFAULT_IN_BACKEND:
            signal.signal(number, signal.SIG_DFL)
        _limit_files(files)
        if cwd:
            stage = b"chdir"
            os.chdir(cwd)
            stage = b"exec"
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - that there is no shell is the point
    except OSError as error:
        os.write(told, b"%b %d" % (stage, error.errno or 0))
    finally:
        os._exit(127)


def _limit_files(soft: int) -> None:
    """Give this process the soft limit that the gateway had before it raised its own."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):  # then it has the keeper's, which is higher
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _let_go_of_stdio() -> None:
    # The gateway learns from these pipes that the backend closed them, so nobody else may hold them.
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def _tell(control: int, line: bytes) -> None:
    try:
        os.write(control, line + b"\n")
    except OSError:
        return  # the gateway is gone; the end of the socket will say so


class _Keeper:
    def __init__(self, backend: int, control: int, wake: int) -> None:
        self.status = -1
        """The backend's wait status, -1 until it has ended."""
        self.has_spoken = False
        """Whether the gateway has had a message of the backend."""
        self._is_left = False
        """Whether the control socket has ended."""
        self._backend, self._control, self._wake = backend, control, wake
        self._events = select.poll()
        self._events.register(wake, select.POLLIN)
        self._events.register(control, select.POLLIN)

    def watch(self) -> None:
        """Wait until the backend or the control socket has ended."""
        self._reap()
        while self.status < 0 and not self._is_left:
            self._wait(None)
            self._reap()

    def end_tree(self) -> None:
        """Send TERM, then KILL, until no descendant is left.

        Gives up when `KILL_LIMIT_SECONDS` have passed and KILL was sent `KILLS` times. That the backend has spoken may
        be heard only now: one that answers and leaves at once has ended before the gateway has read it.
        """
        began = time.monotonic()
        kills = 0
        if not self._reap():
            return
        for pid, _ in descendants():
            _signal(pid, signal.SIGTERM)
            _signal(pid, signal.SIGCONT)  # one that is stopped would not notice
        while self._reap():
            grace = TERM_GRACE_SECONDS if self.has_spoken else START_TERM_GRACE_SECONDS
            limit = KILL_LIMIT_SECONDS if self.has_spoken else START_KILL_LIMIT_SECONDS
            looked = time.monotonic()
            passed = looked - began
            if passed >= limit and kills >= KILLS:
                _tell(self._control, b"survived %d" % len(descendants()))
                return
            if passed < grace:
                self._wait(grace - passed)
                continue
            _kill(descendants())
            kills += 1
            now = time.monotonic()
            self._reap_until(now + max(KILL_AGAIN_SECONDS, now - looked))

    def _reap_until(self, moment: float) -> None:
        """Take in what ends, and look at nothing else, until `moment` or until no child is left.

        A look for each of a swarm that dies would take the processor that the swarm needs to be gone.
        """
        while self._reap() and (left := moment - time.monotonic()) > 0:
            self._wait(left)

    def _wait(self, seconds: float | None) -> None:
        """Wait for a child that ends or a word of the gateway, for so long at most."""
        ready = dict(self._events.poll(None if seconds is None else seconds * 1000))
        if self._control not in ready:
            return
        try:
            word = os.read(self._control, 4096)
        except ConnectionError:
            word = b""
        if word:
            self.has_spoken = True
        else:
            self._is_left = True
            self._events.unregister(self._control)

    def _reap(self) -> bool:
        """Take in every child that has ended, and tell whether any child is left."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._backend:
                    self.status = status
                    _tell(self._control, b"ended %d" % status)
        except ChildProcessError:
            return False


def descendants() -> list[tuple[int, int]]:
    """Every process below this one, zombies included: its id and its process group."""
    children: dict[int, list[tuple[int, int]]] = {}
    try:
        entries = os.listdir("/proc")  # noqa: PTH208 - pathlib would double the keeper's start time
    except OSError:
        return []  # the machine is out of files or memory; whoever asks, asks again
    for entry in entries:
        if not entry.isdigit():
            continue
        stat = _stat(entry)
        if not stat:
            continue  # it has just ended
        # pid (name) state parent group …, and the name may hold anything, parentheses too
        _, parent, group, *_ = stat[stat.rindex(b")") + 2 :].split(None, 3)
        children.setdefault(int(parent), []).append((int(entry), int(group)))
    found: list[tuple[int, int]] = []
    below = [(os.getpid(), os.getpgrp())]
    while below:
        below = [child for parent, _ in below for child in children.get(parent, [])]
        found += below
    return found


def _stat(entry: str) -> bytes:
    try:
        file = os.open(f"/proc/{entry}/stat", os.O_RDONLY)  # half the time that a file object takes
    except OSError:
        return b""
    try:
        return os.read(file, 4096)
    except OSError:
        return b""
    finally:
        os.close(file)


def _kill(found: list[tuple[int, int]]) -> None:
    # By groups, since the kernel lets no member of one fork its way past a signal to the whole, as it could past one to
    # a process that we saw a moment ago. A group lies within one session, and each session below the backend's is of
    # the tree, so no group holds a stranger.
    for group in {group for _, group in found} - {0, 1, os.getpgrp()}:
        _signal(-group, signal.SIGKILL)
    for pid, _ in found:
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return  # gone, or another user's (a setuid program), which only its own pipes can end


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
