"""The first process of a container: a small program of its own on Python's standard library (3.8 and later).

It is run as `python3 -I -S /run/argus/shim.py`; the pipes and sockets that it opens stand in its own folder. What it
speaks with the gateway is told in `order.py`; `shim.js` is the same for images with Node. In order:

- It opens the pipes stderr (its own from then on), stdin and stdout, connects to control.sock, which says so, and waits
  for the start order.
- It starts the server with the pipes as descriptors 0, 1 and 2: nothing of a call passes through this process. Its own
  copies of stdin and stdout are closed then, so that their ends are the server's.
- It answers names and passes connections on, by `network.py`, where the order has ports.
- It reaps. As process 1 it gets no signal from inside that it has no handler for, KILL and STOP included, and nobody
  inside can look into it or trace it (PR_SET_DUMPABLE). It ends when its control socket does, and the kernel then kills
  whatever is left in its pid namespace.
- It gives the server a filter of system calls besides the engine's: no sockets but those of a network namespace and of
  files, and no io_uring, which would make them past any filter. Engines of before 2023 and 2024 allow both.

One thread, one loop. An argument is the port of DNS, and where it is not process 1 only the server's own process group
is signalled: so it can be tried outside of a container.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would double the start time
sys.dont_write_bytecode = True
sys.path.insert(0, FOLDER)
from network import InnerNetwork, Loop  # type: ignore[import-not-found]  # noqa: E402 - it stands beside this file where it runs

MAX_ORDER_BYTES = 16 * 1024 * 1024
"""The largest start order: more than the kernel takes as arguments and environment."""
MAX_LINE_BYTES = 4096
"""The longest line of the gateway. The control socket of one that sends more is taken for ended."""
LEFT_GRACE_SECONDS = 0.5
"""How long what the server leaves behind has between TERM and KILL."""
OOM_FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where a container sees how often the kernel has killed in it for memory: cgroup v2 and v1."""
OOM_SCORE = b"500"
"""What makes the kernel take the server, and not process 1, when memory runs out."""
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOWED, _REFUSED, _NO_FAMILY = 0x7FFF0000, 0x00050001, 0x00050061
"""What a filter answers: go on, EPERM, EAFNOSUPPORT."""
_IO_URING_SETUP = 425
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. AF_VSOCK leads to who runs this machine, and no namespace holds it."""
_SOCKET_CALLS = (
    (0xC000003E, 41, 0),
    (0x40000003, 359, 102),
    (0xC00000B7, 198, 0),
    (0x40000028, 281, 102),
    (0xC00000F3, 198, 0),
)
"""Of x86_64, i386, aarch64, arm and riscv64: architecture, `socket`, and `socketcall`, whose family is hidden."""
_DEFAULT_IN_SERVER = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that Python handles or ignores; what is ignored stays so over an exec, so the server gets them back."""


def main() -> None:
    """Connect, start the server, and serve until it or the gateway is gone. Does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python handles it, so that it would reach even process 1
    errors = _opened("stderr", os.O_WRONLY)
    os.dup2(errors, 2)
    os.close(errors)
    streams = _opened("stdin", os.O_RDONLY), _opened("stdout", os.O_WRONLY)
    control = _connected("control.sock")
    order = _read_order(control)
    if order is None:
        os._exit(0)
    ports, cwd, argv, environment = order
    del order
    _let_look_into(0)
    wake, written = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(written, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    shim = _Shim(control, wake)
    try:
        if ports:
            dns_port = int(sys.argv[1]) if len(sys.argv) > 1 else 53
            InnerNetwork(shim.loop, ports, folder=FOLDER, dns_port=dns_port)
    except OSError as error:
        shim.tell(b"failed network %d" % (error.errno or 0))
        os._exit(127)
    fault = shim.start(argv, environment, cwd, streams=streams)
    for stream in streams:
        os.close(stream)
    if fault:
        shim.tell(b"failed " + fault)
        os._exit(127)
    del argv, environment  # the secrets in it are the server's, and nobody else needs them
    shim.serve()


def _opened(name: str, flags: int) -> int:
    # A gateway that is gone has no end of it open: to wait for one would be to wait forever.
    pipe = os.open(os.path.join(FOLDER, name), flags | os.O_NONBLOCK)  # noqa: PTH118
    os.set_blocking(pipe, True)
    return pipe


def _connected(name: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(os.path.join(FOLDER, name))  # noqa: PTH118
    return sock


def _read_order(control: socket.socket) -> tuple[list[bytes], bytes, list[bytes], dict[bytes, bytes]] | None:
    """The start order, or None if the gateway went away first."""
    header = _read_exactly(control, 8)
    body = _read_exactly(control, min(int.from_bytes(header, "big"), MAX_ORDER_BYTES)) if header else b""
    if not body:
        return None
    ports, cwd, count, *rest = body.split(b"\0")
    argv, entries = rest[: int(count)], rest[int(count) :]
    pairs = (entry.partition(b"=") for entry in entries)
    return [port for port in ports.split(b",") if port], cwd, argv, {name: value for name, _, value in pairs}


def _read_exactly(control: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        try:
            chunk = control.recv(count - len(data))
        except ConnectionError:
            return b""
        if not chunk:
            return b""
        data += chunk
    return data


class _Shim:
    """The loop, the server's process, and what the gateway says."""

    def __init__(self, control: socket.socket, wake: int) -> None:
        self.loop = Loop()
        self._server = 0
        self._control, self._wake = control, wake
        self._heard = b""
        self._kills_at = 0.0
        """When those that were sent TERM are killed; 0: nobody was."""
        self._is_first = os.getpid() == 1
        control.setblocking(False)
        self.loop.attach(control.fileno(), select.EPOLLIN, self._hear)
        self.loop.attach(wake, select.EPOLLIN, self._reap)

    def tell(self, line: bytes) -> None:
        try:
            self._control.send(line + b"\n")
        except OSError:
            return  # the gateway is gone, or reads nothing; the end of the socket will say so

    def start(
        self,
        argv: list[bytes],
        environment: dict[bytes, bytes],
        cwd: bytes,
        *,
        streams: tuple[int, int],
    ) -> bytes:
        """Fork and execute. What went wrong: stage and error number; empty when nothing did."""
        outcome, told = os.pipe()
        self._server = os.fork()
        if self._server == 0:
            _become(argv, environment, cwd, streams=streams, told=told)
        os.close(told)
        fault = os.read(outcome, 100)
        os.close(outcome)
        if not fault:
            self.tell(b"started %d" % self._server)
        return fault

    def serve(self) -> None:
        self._reap(0)
        while True:
            seconds = max(0.0, self._kills_at - time.monotonic()) if self._kills_at else None
            self.loop.run_once(seconds)
            if self._kills_at and time.monotonic() >= self._kills_at:
                self._leave()

    def _leave(self) -> None:
        """End at once: the kernel kills what is left in the pid namespace before this process is gone."""
        if not self._is_first:
            self._signal(signal.SIGKILL)
        os._exit(0)

    def _signal(self, number: int) -> None:
        try:
            os.kill(-1 if self._is_first else -self._server, number)
        except OSError:
            return  # nobody is left

    def _end_within(self, seconds: float) -> None:
        moment = time.monotonic() + seconds
        self._kills_at = min(self._kills_at or moment, moment)
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # one that is stopped would not notice

    def _hear(self, _events: int) -> None:
        try:
            chunk = self._control.recv(MAX_LINE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        *lines, self._heard = (self._heard + chunk).split(b"\n")
        if not chunk or len(self._heard) > MAX_LINE_BYTES:
            self._leave()
        for line in lines:
            word, _, value = line.partition(b" ")
            if word == b"usage":
                self.tell(b"usage %.3f" % _processor_seconds(0 if self._is_first else self._server))
            elif word == b"end":
                self._end_within(float(value))

    def _reap(self, _events: int) -> None:
        try:  # noqa: SIM105 - a module less to load
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._server:
                    self._tell_end(status)
        except ChildProcessError:
            self._leave()  # as process 1 it inherits every orphan: nothing is left

    def _tell_end(self, status: int) -> None:
        count = _memory_kills()
        if count:
            self.tell(b"oom %d" % count)
        self.tell(b"ended %d" % status)
        self._end_within(LEFT_GRACE_SECONDS)


def _become(
    argv: list[bytes], environment: dict[bytes, bytes], cwd: bytes, *, streams: tuple[int, int], told: int
) -> None:
    """The server's side of the fork; does not return."""
    stage = b"exec"
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (*_DEFAULT_IN_SERVER, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _offer_to_the_kernel()
        _filter_sockets()
        os.dup2(streams[0], 0)
        os.dup2(streams[1], 1)
        if cwd:
            stage = b"chdir"
            os.chdir(cwd)
            stage = b"exec"
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - that there is no shell is the point
    except OSError as error:
        os.write(told, b"%b %d" % (stage, error.errno or 0))
    finally:
        os._exit(127)


def _let_look_into(flag: int) -> None:
    """Say whether processes of the same user may look into this one, and trace it: 1 or 0."""
    try:
        __import__("ctypes").CDLL(None).prctl(_PR_SET_DUMPABLE, flag, 0, 0, 0)
    except (ImportError, OSError):
        return  # an image without libffi: its server could keep its shim from ending


def _offer_to_the_kernel() -> None:
    """Be the first to be killed when memory runs out."""
    _let_look_into(1)  # else its own folder in /proc is not its own
    try:
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(file, OOM_SCORE)
        os.close(file)
    except OSError:
        return  # then the kernel takes the largest


def _filter_sockets() -> None:
    """Let this process, and all that it executes, make sockets of `_FAMILIES` alone."""
    program = b""
    for machine, make, call_any in _SOCKET_CALLS:
        block = [
            (0x20, 0, 0, 4), (0x15, 0, 9 + len(_FAMILIES), machine),  # its architecture, or on to the next block
            (0x20, 0, 0, 0), (0x54, 0, 0, 0xBFFFFFFF),  # the number of the call, whether of x32 or not
            (0x15, 4 + len(_FAMILIES), 0, _IO_URING_SETUP),
            (0x15, 3 + len(_FAMILIES), 0, call_any or 0xFFFFFFFF),
            (0x15, 0, 3 + len(_FAMILIES), make), (0x20, 0, 0, 16),  # its first argument, the family
        ]  # fmt: skip
        block += [(0x15, 2 + len(_FAMILIES) - at, 0, family) for at, family in enumerate(_FAMILIES, start=1)]
        block += [(0x06, 0, 0, _NO_FAMILY), (0x06, 0, 0, _REFUSED), (0x06, 0, 0, _ALLOWED)]
        program += b"".join(struct.pack("=HBBI", *each) for each in block)
    program += struct.pack("=HBBI", 0x06, 0, 0, _ALLOWED)
    try:
        ctypes = __import__("ctypes")
        held = ctypes.create_string_buffer(program)
        filters = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(filters), 0, 0)
    except (ImportError, OSError):
        return  # as above; what the engine filters is filtered


def _processor_seconds(session: int) -> float:
    """What all processes but this one have used, those that have ended included; `session` alone, if it is not 0."""
    own = os.times()
    ticks = 0
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:  # noqa: PTH123
                stat = file.read()
        except OSError:
            continue  # it has just ended
        fields = stat[stat.rindex(b")") + 2 :].split()
        if not session or int(fields[3]) == session:
            ticks += sum(int(field) for field in fields[11:15])
    return own.children_user + own.children_system + ticks / os.sysconf("SC_CLK_TCK")


def _memory_kills() -> int:
    for path in OOM_FILES:
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                words = file.read().split()
            return int(words[words.index(b"oom_kill") + 1])
        except (OSError, ValueError):
            continue
    return 0


if __name__ == "__main__":
    main()
