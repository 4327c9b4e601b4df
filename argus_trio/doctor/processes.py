"""The gateways among the processes of this machine, and who listens where: all of it as /proc tells, and no more.

What belongs to another user is told as far as it can be seen. Nothing here has a deadline: it is called in threads.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.read.find import find_config
from argus_trio.errors import ConfigInvalid

PROC: Final = Path("/proc")
_LISTENS: Final = "0A"
"""How the kernel writes the state of a socket that listens."""
_TAKES_VALUE: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
"""The options of a Python interpreter behind which a value stands."""


@attrs.frozen(kw_only=True)
class ListeningAddress(Value):
    """An address that a process listens at."""

    host: str
    port: int
    inode: str
    """The kernel's name of the socket."""


@attrs.frozen(kw_only=True)
class ServeProcess(Value):
    """A process that is `argus-trio serve`."""

    pid: int
    arguments: tuple[str, ...] = attrs.field(repr=False)
    """Those behind `serve`."""
    environ: Mapping[str, str] | None = attrs.field(repr=False)
    """What it was started with; None where this user must not see it."""
    file: Path | None
    """Its configuration file, without symbolic links; None where that cannot be seen."""
    addresses: tuple[ListeningAddress, ...] = ()


def serving_processes() -> list[ServeProcess]:
    """All of this machine that can be seen from here, oldest first; of a container only what is in it."""
    found = {pid: each for pid in _pids() if (each := _serve_process(pid)) is not None}
    # Between its start and its exec a child of a gateway looks like the gateway.
    return [each for pid, each in sorted(found.items()) if _parent(pid) not in found]


def arguments_of_serve(argv: Sequence[str]) -> tuple[str, ...] | None:
    """What stands behind `serve` in the command line of a gateway; None for every other program.

    A program that starts a gateway, such as `timeout` or `uv run`, is none.
    """
    behind = _behind_program(argv)
    for place, word in enumerate(behind):
        if word == "serve":
            return tuple(behind[place + 1 :])
        if not word.startswith("-"):
            return None
    return None


def option_of(arguments: Sequence[str], short: str, long: str) -> str | None:
    """The value of an option, the last where it stands twice; None if it does not."""
    found = None
    for place, word in enumerate(arguments):
        if word in (short, long):
            found = arguments[place + 1] if place + 1 < len(arguments) else None
        elif word.startswith(f"{long}="):
            found = word.partition("=")[2]
        elif short and word.startswith(short) and not word.startswith("--"):
            found = word.removeprefix(short).removeprefix("=")
    return found


def listening_addresses(proc: Path = PROC) -> list[ListeningAddress]:
    """Every TCP address of this network namespace at which somebody listens."""
    found = []
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            lines = (proc / "net" / name).read_text().splitlines()[1:]
            fields = (line.split() for line in lines)
            found += [_address(each[1], each[9]) for each in fields if len(each) > 9 and each[3] == _LISTENS]
    return found


def holders_of(inodes: frozenset[str]) -> list[int]:
    """The processes that hold one of these sockets, as far as this user may see that."""
    return [pid for pid in _pids() if inodes & _sockets_of(pid)]


def command_of(pid: int) -> str:
    """The program of a process, as people know it: a name, never its arguments, which may hold secrets."""
    argv = _argv(pid)
    if argv and (named := _behind_program(argv)) != argv:
        return f"argus-trio {named[0]}" if named else "argus-trio"
    with suppress(OSError):
        return (PROC / str(pid) / "comm").read_text().strip()
    return "a program that has ended"


def _pids() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(each.name) for each in PROC.iterdir() if each.name.isdecimal())


def _serve_process(pid: int) -> ServeProcess | None:
    arguments = arguments_of_serve(_argv(pid))
    if arguments is None or not _is_of_these_files(pid):
        return None
    environ = _environ(pid)
    sockets = _sockets_of(pid)
    addresses = tuple(each for each in listening_addresses(PROC / str(pid)) if each.inode in sockets)
    file = _file_of(pid, arguments, environ)
    return ServeProcess(pid=pid, arguments=arguments, environ=environ, file=file, addresses=addresses)


def _behind_program(argv: Sequence[str]) -> Sequence[str]:
    """What stands behind `argus-trio`, or behind the interpreter's `-m argus_trio`; nothing for other programs."""
    if not argv:
        return ()
    if Path(argv[0]).name == "argus-trio":
        return argv[1:]
    if not Path(argv[0]).name.startswith(("python", "pypy")):
        return ()
    place = 1
    while place < len(argv) and argv[place].startswith("-"):
        if argv[place] == "-m":
            return argv[place + 2 :] if argv[place + 1 : place + 2] == ["argus_trio"] else ()
        place += 2 if argv[place] in _TAKES_VALUE else 1
    return argv[place + 1 :] if place < len(argv) and Path(argv[place]).name == "argus-trio" else ()


def _file_of(pid: int, arguments: Sequence[str], environ: Mapping[str, str] | None) -> Path | None:
    named = option_of(arguments, "-c", "--config")
    try:
        cwd = (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return Path(named).resolve() if named is not None and named.startswith("/") else None
    if environ is None and named is None:
        return None
    with suppress(ConfigInvalid, OSError):
        return find_config(None if named is None else Path(named), environ=environ or {}, cwd=cwd).resolve()
    return None


def _is_of_these_files(pid: int) -> bool:
    """Whether it sees the same files: in a container a path means another file."""
    try:
        return (PROC / str(pid) / "ns" / "mnt").readlink() == (PROC / "self" / "ns" / "mnt").readlink()
    except OSError:
        return True  # of another user: its command line is all that is seen


def _argv(pid: int) -> list[str]:
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(each) for each in raw.split(b"\0")[:-1]]


def _environ(pid: int) -> Mapping[str, str] | None:
    try:
        raw = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    pairs = (os.fsdecode(each).partition("=") for each in raw.split(b"\0") if each)
    return {name: value for name, _, value in pairs}


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _sockets_of(pid: int) -> frozenset[str]:
    folder = PROC / str(pid) / "fd"
    found = set()
    with suppress(OSError):
        for each in folder.iterdir():
            with suppress(OSError):
                target = str(each.readlink())
                if target.startswith("socket:["):
                    found.add(target[len("socket:[") : -1])
    return frozenset(found)


def _address(written: str, inode: str) -> ListeningAddress:
    """An address out of the kernel's table: words of four bytes, each the other way round on most machines."""
    host, _, port = written.partition(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    raw = b"".join(word.to_bytes(4, "little") for word in words)
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return ListeningAddress(host=socket.inet_ntop(family, raw), port=int(port, 16), inode=inode)
