"""A stdio MCP server that tries to get out of its container: `probe_server.py`. Standard library only.

Its tool `try` takes what to aim at, makes every attempt, and answers a mapping from each to how it was denied, or null
where it was not. An attempt is a function that raises when it is denied; to return is to have succeeded. What it aims
at answers `reached` to whoever connects, so that no more is taken for success than what was really reached.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

Json = dict[str, Any]

REACHED = b"reached"
CONNECT_SECONDS = 5.0
MUCH = 1024 * 1024 * 1024
"""Bytes that no container of the tests may have."""
MANY = 400
"""Processes that no container of the tests may have."""
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
ADD_KEY = {"x86_64": 248, "aarch64": 217}
IO_URING_SETUP = 425
AF_VSOCK = 40
"""What leads to who runs this machine, if it is a virtual one: it belongs to no namespace."""
RUN = "/run/argus"
TOOL = {"name": "try", "inputSchema": {"type": "object"}}

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Denied(Exception):
    """An attempt came to nothing in a way that is no error of the system."""


def checked(returned: int) -> int:
    if returned == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return returned


def write(path: str) -> None:
    with open(path, "ab", buffering=0) as file:  # noqa: PTH123 - it may be a device or a file of the kernel
        file.write(b"\n")


def read(path: str) -> None:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        file.read(1)


def execute_copy(folder: str) -> None:
    """Run a program of one's own making."""
    path = Path(folder) / "attempt"
    shutil.copy(os.path.realpath(sys.executable), path)
    path.chmod(0o755)
    try:
        subprocess.run([path, "-c", ""], check=True)
    finally:
        path.unlink()


def fill(folder: str) -> None:
    """Asked for at once: what is written there is memory, and whoever wrote it bit by bit would be killed."""
    path = Path(folder) / "filled"
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, MUCH)
    finally:
        path.unlink(missing_ok=True)


def mount() -> None:
    checked(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))


def unshare(flags: int) -> None:
    in_child(lambda: checked(libc.unshare(flags)))


def add_key() -> None:
    number = ADD_KEY.get(platform.machine())
    if number is None:
        raise Denied("not tried on this machine")
    checked(libc.syscall(number, b"user", b"attempt", b"x", 1, -3))


def set_up_io_uring() -> None:
    """What is asked for in its rings passes by every filter of system calls, sockets included."""
    checked(libc.syscall(IO_URING_SETUP, 8, ctypes.create_string_buffer(256)))


def have_capabilities() -> None:
    lines = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    kept = {name: lines[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(lines[name], 16)}
    if not kept and lines["NoNewPrivs"] == "1" and lines["Seccomp"] == "2":
        raise Denied("no capability, no new privileges, system calls filtered")


def be_root() -> None:
    if os.getuid() and os.geteuid() and 0 not in os.getgroups() and os.getgid():
        raise Denied(f"uid {os.getuid()}, gid {os.getgid()}")


def use_setuid_program() -> None:
    for folder, _, names in os.walk("/usr"):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - quick over many files
            if os.lstat(path).st_mode & stat.S_ISUID:
                done = subprocess.run([path, "-c", "id -u"], input="", capture_output=True, text=True, check=False)
                if done.stdout.strip() == "0":
                    return
    raise Denied("none that gave root")


def raise_limit(which: int) -> None:
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (hard, hard + 1))


def in_child(body: Callable[[], object]) -> None:
    """Raises: OSError, Denied: what the body raised, or how its process ended."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        said = b""
        try:
            body()
        except (OSError, Denied, MemoryError) as problem:
            said = f"{type(problem).__name__}: {problem}".encode()[:500] or b"?"
        os.write(writing, said)
        os._exit(1 if said else 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise Denied(said.decode() or f"its process ended with {status}")


def eat_memory() -> None:
    def body() -> None:
        eaten = [bytearray(os.urandom(1024)) * (16 * 1024) for _ in range(MUCH // (16 * 1024 * 1024))]
        del eaten

    in_child(body)


def fork_many() -> None:
    children: list[int] = []
    try:
        while len(children) < MANY:
            if (pid := os.fork()) == 0:
                signal.pause()
                os._exit(0)
            children.append(pid)
    except OSError as problem:
        raise Denied(f"{problem} after {len(children)}") from problem
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


def see_others() -> None:
    """Processes that are neither the first one, nor this one and its own."""
    mine, seen = {1, os.getpid(), os.getppid()}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(entry.name) not in mine:
                seen[entry.name] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if not seen:
        raise Denied("none but its own")
    raise SystemExit(f"seen: {seen}")  # an attempt that succeeded in a way that is worth to be told


def end_first_process() -> None:
    """That the system accepts a signal to it means nothing: that it is still there afterwards does."""
    for number in (signal.SIGKILL, signal.SIGSTOP):
        os.kill(1, number)
    time.sleep(0.05)
    if Path("/proc/1/stat").read_text().rpartition(")")[2].split()[0] in {"S", "R", "D", "I"}:
        raise Denied("the signals had no effect")


def open_memory_of_first_process() -> None:
    with open("/proc/1/mem", "r+b", buffering=0):  # noqa: PTH123
        pass


def trace_first_process() -> None:
    checked(libc.ptrace(PTRACE_ATTACH, 1, None, None))
    os.waitpid(1, 0x40000000)
    libc.ptrace(PTRACE_DETACH, 1, None, None)


def greeted(sock: socket.socket) -> None:
    """Raises: Denied: what was connected says nothing, so it is not what was aimed at."""
    with sock:
        sock.settimeout(CONNECT_SECONDS)
        if not sock.recv(len(REACHED)).startswith(REACHED):
            raise Denied("connected, and closed")


def reach(host: str, port: int) -> None:
    greeted(socket.create_connection((host, port), CONNECT_SECONDS))


def ask_filter(authority: str) -> None:
    """Ask what lets connections out, as the first process of the container does."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(f"{RUN}/egress.sock")
        sock.sendall(f"CONNECT {authority} HTTP/1.1\r\n\r\n".encode())
        answer = b""
        while REACHED not in answer:
            if not (more := sock.recv(4096)):
                raise Denied(answer.decode(errors="replace").strip() or "closed")
            answer += more


def connect_to(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(path)


def send_datagram(host: str) -> None:
    """A query of the name system, which would be answered."""
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1.0)
        sock.sendto(query, (host, 53))
        sock.recv(512)


def raw_socket(family: int) -> None:
    socket.socket(family, socket.SOCK_RAW, 1).close()


def other_interfaces() -> None:
    names = {name for _, name in socket.if_nameindex()} - {"lo", "tunl0", "sit0", "ip6tnl0", "gre0", "ip_vti0"}
    if not names:
        raise Denied("none but its own loopback")


def attempts(aim: Json) -> Iterator[tuple[str, Callable[[], object]]]:
    for path in ("/attempt", "/etc/passwd", "/usr/bin/attempt", f"{RUN}/attempt", "/etc/resolv.conf", "/proc/attempt"):
        yield f"write {path}", partial(write, path)
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/dev/mem"):
        yield f"write {path}", partial(write, path)
    for path in ("/proc/kcore", "/proc/1/environ", "/proc/1/maps", "/proc/1/io", *aim.get("files", ())):
        yield f"read {path}", partial(read, path)
    for folder in ("/tmp", "/dev/shm"):
        yield f"execute in {folder}", partial(execute_copy, folder)
        yield f"fill {folder}", partial(fill, folder)
    yield "make a device", lambda: os.mknod("/tmp/device", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    yield "mount", mount
    yield "setuid", lambda: os.setuid(0)
    yield "setgid", lambda: os.setgid(0)
    yield "setgroups", lambda: os.setgroups([0])
    yield "be root", be_root
    yield "have capabilities", have_capabilities
    yield "use a setuid program", use_setuid_program
    for name, flags in (("user", CLONE_NEWUSER), ("mount", CLONE_NEWNS), ("network", CLONE_NEWNET)):
        yield f"a {name} namespace", partial(unshare, flags)
    yield "a user namespace with mounts", lambda: unshare(CLONE_NEWUSER | CLONE_NEWNS)
    yield "keys of the kernel", add_key
    for name in ("RLIMIT_NOFILE", "RLIMIT_NPROC"):
        yield f"raise {name}", partial(raise_limit, getattr(resource, name))
    yield "fork past the limit", fork_many
    yield "eat memory", eat_memory
    yield "see other processes", see_others
    yield "end the first process", end_first_process
    yield "open the memory of the first process", open_memory_of_first_process
    yield "trace the first process", trace_first_process
    yield "a raw socket", lambda: raw_socket(socket.AF_INET)
    yield "a packet socket", lambda: raw_socket(getattr(socket, "AF_PACKET", socket.AF_INET))
    yield "a socket to the machine below", lambda: socket.socket(AF_VSOCK, socket.SOCK_STREAM).close()
    yield "io_uring", set_up_io_uring
    yield "other interfaces", other_interfaces
    for name in ("control", "stdio", "stderr"):
        yield f"connect to {name}.sock", partial(connect_to, f"{RUN}/{name}.sock")
    for path in aim.get("sockets", ()):
        yield f"connect to {path}", partial(connect_to, path.replace("@", "\0", 1))
    for host, port in aim.get("hosts", ()):
        yield f"reach {host}:{port}", partial(reach, host, port)
    for host in aim.get("name_servers", ()):
        yield f"ask {host} for a name", partial(send_datagram, host)
    for authority in aim.get("authorities", ()):
        yield f"ask the filter for {authority}", partial(ask_filter, authority)


def tried(aim: Json) -> dict[str, str | None]:
    """How each attempt was denied; None for one that was not."""
    found: dict[str, str | None] = {}
    only = aim.get("only")
    for name, attempt in attempts(aim):
        if only is not None and not any(name.startswith(each) for each in only):
            continue
        try:
            attempt()
            found[name] = None
        except SystemExit as told:
            found[f"{name}: {told}"] = None
        except (OSError, Denied, ValueError, subprocess.CalledProcessError) as problem:
            found[name] = f"{type(problem).__name__}: {problem}"
    return found


def say(message: Json) -> None:
    data = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def serve() -> NoReturn:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                greeting = {"serverInfo": {"name": "probe", "version": "1"}, "capabilities": {"tools": {}}}
                greeting["protocolVersion"] = message["params"]["protocolVersion"]
                say({"id": message["id"], "result": greeting})
            case "tools/list":
                say({"id": message["id"], "result": {"tools": [TOOL]}})
            case "tools/call":
                told = json.dumps(tried(message["params"].get("arguments") or {}))
                say({"id": message["id"], "result": {"content": [{"type": "text", "text": told}]}})
            case "ping":
                say({"id": message["id"], "result": {}})
            case _ if "id" in message:
                say({"id": message["id"], "error": {"code": -32601, "message": "no such method"}})
    sys.exit(0)


if __name__ == "__main__":
    serve()
