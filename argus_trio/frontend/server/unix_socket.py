"""The Unix socket of the management API: made so that no other user reaches it at any moment, and taken away again."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.contract.sockets import AUTO, MOST_PATH_BYTES, socket_folder, socket_name
from argus_trio.errors import ListenFailed

log = structlog.get_logger()

BACKLOG: Final = 128
"""Connections that wait to be accepted: operators are few."""
ANSWER_SECONDS: Final = 1.0
"""How long it is tried whether somebody listens on a socket that is there already: a connection to a Unix socket is
made at once, unless very many wait."""
_TRIES: Final = 200
"""How often a gateway looks whether another one that starts in the same folder is done; then it goes on, for whoever
holds the folder's lock so long is none."""
_AGAIN_SECONDS: Final = 0.01
_MODE: Final = 0o600
_CREDENTIALS: Final = struct.Struct("3i")
"""What SO_PEERCRED tells: process, user, group (unix(7))."""
_ADVICE: Final = "write another server.management.socket"


@attrs.frozen(kw_only=True)
class SocketFile(Value):
    """A socket's file, known by what it is and not by its name alone."""

    path: Path
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> SocketFile:
        """That which is at this path now."""
        found = path.lstat()
        return cls(path=path, device=found.st_dev, inode=found.st_ino)

    def remove(self) -> None:
        """Take it away, unless another file has its name by now."""
        with suppress(OSError):  # it is gone already, or so is its folder
            if SocketFile.of(self.path) == self:
                self.path.unlink()


def management_path(written: str, port: int | None, environ: Mapping[str, str]) -> Path:
    """Where the socket that the file says belongs; the folder of `auto` is made where it is missing.

    Raises:
        ListenFailed: `auto`, and the environment names no folder, or it cannot be made.
    """
    if written != AUTO:
        return Path(written)
    folder = socket_folder(environ)
    if folder is None:
        reason = "neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR names a folder"
        hint = "write a path instead of auto, or RuntimeDirectory=argus-trio into the service's unit"
        raise ListenFailed("server.management.socket", reason, hint)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ListenFailed(str(folder), error.strerror or str(error), _ADVICE) from None
    return folder / socket_name(port)


async def open_unix_socket(path: Path) -> tuple[socket.socket, SocketFile]:
    """Listen at `path`, for this user alone; what a gateway left there that was killed is replaced.

    Raises:
        ListenFailed: it cannot be listened on: another gateway does, or something else is there.
    """
    if len(os.fsencode(path)) > MOST_PATH_BYTES:
        raise ListenFailed(str(path), f"the path is longer than {MOST_PATH_BYTES} bytes", _ADVICE)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        async with _alone_in(path.parent):  # two gateways that start at once must not each take away the other's
            await _clear(path)
            os.fchmod(listening.fileno(), _MODE)  # before there is a file, so that it never has another mode
            listening.bind(os.fspath(path))
            file = SocketFile.of(path)
            listening.listen(BACKLOG)
            _warn_of_others(path.parent)
    except OSError as error:
        listening.close()
        raise ListenFailed(str(path), error.strerror or str(error), _hint(error)) from None
    except BaseException:
        listening.close()
        raise
    return listening, file


def peer_user(connected: socket.socket) -> int:
    """The user at the other end of a connection over a Unix socket, as it was when that connected."""
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(told)
    return int(user)


@asynccontextmanager
async def _alone_in(folder: Path) -> AsyncIterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for _ in range(_TRIES):
            if _is_locked(descriptor):
                break
            await trio.sleep(_AGAIN_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _clear(path: Path) -> None:
    """Take away the socket of one that listens no longer. Raises `ListenFailed` for anything else that is there."""
    kind = _kind_at(path)
    if kind is None:
        return
    if not stat.S_ISSOCK(kind):
        raise ListenFailed(str(path), "there is a file of this name that is no socket", f"remove it, or {_ADVICE}")
    if await _is_answered(path):
        raise ListenFailed(str(path), "another gateway listens there", f"end it, or {_ADVICE}")
    _unlink(path)


def _warn_of_others(folder: Path) -> None:
    """Tell where another user can put a socket of theirs in the place of this one, and be asked for the gateway."""
    found = folder.stat()
    is_open = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if is_open or found.st_uid not in (os.geteuid(), 0):
        advice = f"have its folder belong to the gateway's user, who alone may write there, or {_ADVICE}"
        log.warning("management_socket_replaceable", folder=str(folder), advice=advice)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _kind_at(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


async def _is_answered(path: Path) -> bool:
    with trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, trio.move_on_after(ANSWER_SECONDS):
        try:
            await probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
    return True


def _hint(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"make its folder, or {_ADVICE}"
    return _ADVICE
