"""The folder on this machine that a container and the gateway share: pipes, sockets, the shim, and a resolv.conf.

It is mounted read-only at /run/argus. Nobody else on this machine gets in: it stands in a folder of this user's alone.
Its lock is held as long as the gateway lives, so that what a killed one left is told from what is in use.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.plan.outcome import ShimKind
from argus_trio.sandbox.shim import __file__ as shim_map

PREFIX: Final = "argus-trio-"
SOCKETS: Final = ("control", "egress")
PIPES: Final = {"stdin": os.O_RDWR, "stdout": os.O_RDONLY, "stderr": os.O_RDONLY}
"""How this side opens each before a shim is there, which then finds its other end open."""
PROGRAMS: Final[Mapping[ShimKind, tuple[str, ...]]] = {"python": ("shim.py", "network.py"), "node": ("shim.js",)}
BACKLOG: Final = 1024
"""Connections out of a container that may wait to be taken at once, as after a pause of the gateway: a multiple of what
a shim has open. One more would be reset."""
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
RESOLV_CONF: Final = "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n"
"""The shim's DNS, which answers at once or is not there."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ContainerFolder:
    """One folder; `close` removes it."""

    path: Path
    """What is mounted."""
    listeners: dict[str, socket.socket]
    """By name, as in `SOCKETS`; who takes one out closes it."""
    pipes: dict[str, int]
    """Open descriptors by name, as in `PIPES`; who takes one out closes it."""
    _lock: int

    def close(self) -> None:
        """Remove it. Whoever is connected stays so."""
        for listener in self.listeners.values():
            listener.close()
        for pipe in self.pipes.values():
            os.close(pipe)
        shutil.rmtree(self.path.parent, ignore_errors=True)
        os.close(self._lock)

    def settle(self) -> None:
        """Make stdin a writing end alone, once the shim has opened the pipes. Nobody can open one of them afterwards.

        Raises:
            OSError: ENXIO: nobody has stdin open any more.
        """
        writing = os.open(self.path / "stdin", os.O_WRONLY | os.O_NONBLOCK)
        os.close(self.pipes["stdin"])
        self.pipes["stdin"] = writing
        for name in PIPES:
            (self.path / name).unlink()


def runtime_folder(environ: Mapping[str, str]) -> Path:
    """Where folders of containers stand: $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR/argus-trio, or among temporary files.

    What is relative is passed over, as the XDG specification wants it: an engine mounts absolute paths alone.
    """
    if (given := environ.get("RUNTIME_DIRECTORY", "")).startswith("/"):
        return Path(given.split(":")[0])
    if (given := environ.get("XDG_RUNTIME_DIR", "")).startswith("/"):
        return Path(given) / "argus-trio"
    given = environ.get("TMPDIR", "")
    return Path(given if given.startswith("/") else "/tmp")  # noqa: S108 - each folder in it is made by mkdtemp


def make_folder(runtime: Path, shim: ShimKind, also: Mapping[str, str] = NOTHING) -> ContainerFolder:
    """A new folder with everything in it; `also` are further files, by name. It blocks, for next to no time.

    Raises:
        LinkFailed: it cannot be made.
    """
    outer = None
    try:
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        outer = Path(tempfile.mkdtemp(prefix=PREFIX, dir=runtime))
        return _furnished(outer, shim, also)
    except OSError as error:
        if outer is not None:
            shutil.rmtree(outer, ignore_errors=True)
        raise LinkFailed(
            f"no folder for the pipes and sockets of its container can be made in {runtime}: {error.strerror}; "
            f"RUNTIME_DIRECTORY or XDG_RUNTIME_DIR names another place"
        ) from None


def _furnished(outer: Path, shim: ShimKind, also: Mapping[str, str]) -> ContainerFolder:
    lock = os.open(outer, os.O_RDONLY | os.O_DIRECTORY)
    listeners: dict[str, socket.socket] = {}
    pipes: dict[str, int] = {}
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        inner = outer / "run"
        inner.mkdir()
        inner.chmod(0o755)  # another user's inside; the outer one keeps others of this machine out
        for name in SOCKETS:
            listeners[name] = _listener(lock, inner / f"{name}.sock")
        for name, flags in PIPES.items():
            pipes[name] = _pipe(inner / name, flags)
        for name in PROGRAMS[shim]:
            _put(inner / name, Path(shim_map).with_name(name).read_bytes())
        for name, content in {"resolv.conf": RESOLV_CONF, **also}.items():
            _put(inner / name, content.encode())
    except OSError:
        for listener in listeners.values():
            listener.close()
        for pipe in (*pipes.values(), lock):
            os.close(pipe)
        raise
    return ContainerFolder(path=inner, listeners=listeners, pipes=pipes, lock=lock)


def _listener(folder: int, path: Path) -> socket.socket:
    # The address of a Unix socket has 107 bytes at most: this way it does not matter how long that of the folder is.
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(f"/proc/self/fd/{folder}/run/{path.name}")
        path.chmod(0o666)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _pipe(path: Path, flags: int) -> int:
    os.mkfifo(path)
    path.chmod(0o666)
    return os.open(path, flags | os.O_NONBLOCK)


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o644)


@contextmanager
def held_folder(runtime: Path) -> Iterator[Path]:
    """A folder of the gateway's own for the length of the block, removed by a next start if it is killed in it.

    Raises:
        OSError: it cannot be made.
    """
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    outer = Path(tempfile.mkdtemp(prefix=PREFIX, dir=runtime))
    lock = os.open(outer, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (outer / "run").mkdir()
        yield outer / "run"
    finally:
        shutil.rmtree(outer, ignore_errors=True)
        os.close(lock)


def remove_left_folders(runtime: Path) -> int:
    """Remove the folders that killed gateways left, and tell how many. It blocks; what is in use, here or by another
    gateway, is not touched."""
    removed = 0
    with suppress(OSError):
        for folder in runtime.glob(f"{PREFIX}*/run"):
            removed += _removed_if_left(folder.parent)
    return removed


def _removed_if_left(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if os.fstat(lock).st_uid != os.geteuid() or stat.S_IMODE(os.fstat(lock).st_mode) != 0o700:
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(lock)
