"""What the gateway and the first process of a container say to each other over control.sock. Sans I/O.

- The gateway writes one start order: eight bytes of length (big-endian), then, separated by NUL, the ports that names
  have inside (decimal, separated by commas; `localhost:PORT` is one that 127.0.0.1 has; empty: no names at all), the
  folder to start in (empty: none), the count of arguments, the arguments, and NAME=VALUE for each variable. Nothing of
  it stands in the configuration of the container.
- Then it writes lines: `usage`, and `end SECONDS`, upon which everything gets TERM, and after so long KILL. That its
  side ends means: end everything at once; it ends as well when the gateway crashes or is killed.
- The shim writes lines: `started PID`, or `failed chdir|exec|network ERRNO`, after which it exits; `usage SECONDS`, the
  processor time of all but itself; `ended WAITSTATUS` when the server has ended (as of `wait`), before it `oom COUNT`
  where the kernel has killed for memory. What the server leaves behind gets TERM and half a second, and the shim exits.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.exit_words import in_words
from argus_trio.sandbox.plan.network import NetworkPolicy

MAX_REPORT_BYTES: Final = 4096
"""More than any line that a shim reports."""
USAGE: Final = b"usage\n"
MAX_PATH_SHOWN: Final = 1000
"""Characters of PATH that a failure quotes."""


StartStage = Literal["chdir", "exec", "network"]
STAGES: Final[Mapping[bytes, StartStage]] = {b"chdir": "chdir", b"exec": "exec", b"network": "network"}
MAX_ERROR_NUMBER: Final = 4095
"""The largest that the kernel has."""
MAX_WAIT_STATUS: Final = 0xFFFF


@attrs.frozen(kw_only=True)
class ServerStarted(Value):
    """The server runs."""

    pid: int
    """Inside."""


@attrs.frozen(kw_only=True)
class ServerNotStarted(Value):
    """The server does not run, and nothing does."""

    stage: StartStage
    number: int
    """The error's."""


@attrs.frozen(kw_only=True)
class ProcessorTime(Value):
    """What was used so far."""

    seconds: float


@attrs.frozen(kw_only=True)
class MemoryKills(Value):
    """How often the kernel has killed in this container for memory."""

    count: int


@attrs.frozen(kw_only=True)
class ServerEnded(Value):
    """The server has ended."""

    status: int
    """As `wait` gives it."""


ShimReport = ServerStarted | ServerNotStarted | ProcessorTime | MemoryKills | ServerEnded


def inner_ports(policy: NetworkPolicy) -> str:
    """The first field of the order: which ports names have inside."""
    if policy.mode in ("none", "bridge"):
        return ""
    local = sorted({rule.port for rule in policy.services if rule.host in ("localhost", "127.0.0.1")})
    return ",".join([*map(str, policy.ports), *(f"localhost:{port}" for port in local)])


def start_order(argv: Iterable[str], env: Mapping[str, str], cwd: str | None, *, ports: str) -> bytes:
    """The whole order.

    Raises:
        LinkFailed: something in it cannot be passed to a program.
    """
    arguments = list(argv)
    fields = [ports, cwd or "", str(len(arguments)), *arguments, *(f"{name}={value}" for name, value in env.items())]
    if any("\0" in field for field in fields):
        raise LinkFailed("its command, arguments, cwd or environment hold a NUL character")
    if any(not name or "=" in name for name in env):
        raise LinkFailed("a variable of its environment has an impossible name")
    body = b"\0".join([os.fsencode(field) for field in fields])
    return len(body).to_bytes(8, "big") + body


def end_within(seconds: float) -> bytes:
    """The line that ends everything in a container."""
    return b"end %g\n" % seconds


def read_report(line: bytes) -> ShimReport | None:
    """What a line of the shim says; None for what it does not say: a server may have got hold of its shim."""
    word, *rest = line.split() or (b"",)
    try:
        match word, rest:
            case b"started", [pid]:
                return ServerStarted(pid=int(pid))
            case b"failed", [stage, number] if stage in STAGES and 0 <= int(number) <= MAX_ERROR_NUMBER:
                return ServerNotStarted(stage=STAGES[stage], number=int(number))
            case b"usage", [seconds] if isfinite(float(seconds)):
                return ProcessorTime(seconds=float(seconds))
            case b"oom", [count]:
                return MemoryKills(count=int(count))
            case b"ended", [status] if 0 <= int(status) <= MAX_WAIT_STATUS:
                return ServerEnded(status=int(status))
    except ValueError:
        pass
    return None


def not_started(failed: ServerNotStarted, *, command: str, cwd: str | None, image: str, path: str | None) -> str:
    """Why a server does not run, as a sentence."""
    reason = os.strerror(failed.number)
    match failed.stage:
        case "chdir":
            return f"cwd {cwd!r} cannot be entered in its container: {reason}; `container.mounts` can mount it there"
        case "network":
            return f"its container cannot serve names on port 53: {reason}; with `network: none` it needs none"
        case "exec":
            searched = "" if "/" in command else f"; PATH is {(path or os.defpath)[:MAX_PATH_SHOWN]}"
            if failed.number in (errno.ENOENT, errno.ENOTDIR):
                # An existing script whose interpreter is missing gives the same answer.
                return f"command {command!r}, or its interpreter, is not in the image {image}{searched}"
            if failed.number == errno.EACCES:
                return f"command {command!r} is not executable in the image {image}{searched}"
            return f"command {command!r} cannot be executed in the image {image}: {reason}{searched}"


def ending(status: int, *, memory_kills: int, memory: int) -> str:
    """How a server ended: "exited with code 3", "was killed by SIGKILL", "ran out of memory (…)"."""
    code = -(status & 0x7F) if status & 0x7F else status >> 8
    limit = f"container.memory is {_size(memory)}"
    if memory_kills and code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return f"ran out of memory ({limit})"
    how = in_words(code)
    return f"{how}, after a process of it had run out of memory ({limit})" if memory_kills else how


def lost(code: int | None, *, memory: int) -> str:
    """How a container ended whose shim did not tell, by its exit code where that is known."""
    if code == 128 + signal.SIGKILL:
        return f"was killed with its container: from outside, or out of memory (container.memory is {_size(memory)})"
    return "ended with its container" + ("" if code is None else f", which exited with code {code}")


def exited(code: int | None, *, memory: int) -> str:
    """How a server ended of which its engine alone tells, by its exit code where that is known."""
    if code is None:
        return "ended, and its engine does not tell how"
    if code == 128 + signal.SIGKILL:
        return f"was killed by SIGKILL, perhaps since it ran out of memory (container.memory is {_size(memory)})"
    return in_words(code if code <= 128 else 128 - code)


def _size(count: int) -> str:
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB")):
        if count % unit == 0 and count:
            return f"{count // unit} {name}"
    return f"{count} bytes"
