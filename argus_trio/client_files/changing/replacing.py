"""A client's file, replaced: all of it or nothing, with the old one beside it.

A file that is a symbolic link stays one: what it names is replaced. Mode and owner stay as they are.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value

MOST_BYTES: Final = 32 * 1024 * 1024
"""The largest file that is changed: that of Claude Code, which holds its history too, has some megabytes."""
MOST_BACKUPS: Final = 100
"""How many backups of one second are told apart."""
_NOT_ALLOWED: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_PRIVATE: Final = 0o600
_SHARED: Final = 0o644


class FileRefused(Exception):
    """A file that is left as it is: why, and what to do."""


@attrs.frozen(kw_only=True)
class FileText(Value):
    """What a file held when it was read."""

    path: Path
    """Where it is, behind every symbolic link."""
    content: bytes | None
    """None: there is no file."""

    @property
    def text(self) -> str:
        """As text; empty where there is no file. Raises FileRefused."""
        try:
            return (self.content or b"").decode("utf-8")
        except UnicodeDecodeError:
            raise FileRefused("is not written in UTF-8: save it so in an editor first") from None


def read_file(path: Path) -> FileText:
    """What is in a file. Raises FileRefused."""
    try:
        real = path.resolve()
        # Without waiting: a pipe in the place of a file has nobody at its other end.
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return FileText(path=path.resolve(), content=None)
    except (OSError, RuntimeError) as error:
        raise FileRefused(f"cannot be read: {_reason(error)}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRefused("is no file: name another one with --file PATH")
    with os.fdopen(descriptor, "rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FileRefused(f"has more than {MOST_BYTES // 1024 // 1024} MiB: is it the client's?")
    return FileText(path=real, content=content)


def replace_file(old: FileText, text: str, now: datetime, *, is_private: bool) -> Path | None:
    """Put a text into a file; the backup of what was there, None if nothing was.

    Raises:
        FileRefused: it could not be written, or has been changed since it was read. The file is as it was.
    """
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        raise FileRefused("would hold a path that is not written in UTF-8") from None
    folder = old.path.parent
    try:
        if old.content is None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700 if is_private else 0o755)
        return _replace(old, content, now, mode=_PRIVATE if is_private else _SHARED)
    except OSError as error:
        advice = ": do this as its owner, or put the entry there by hand" if error.errno in _NOT_ALLOWED else ""
        raise FileRefused(f"cannot be written: {_reason(error)}{advice}") from None


def _replace(old: FileText, content: bytes, now: datetime, *, mode: int) -> Path | None:
    path, before = old.path, old.content
    status = None if before is None else path.stat()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary, backup, is_done = Path(name), None, False
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            _take_over(descriptor, status, mode)
            os.fsync(descriptor)
        if read_file(path).content != before:
            raise FileRefused("has been changed meanwhile: run the command again")
        if before is None or status is None:
            _appear(temporary, path)
        else:
            backup = _backed_up(path, before, now, status)
            temporary.replace(path)
        is_done = True
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
            if backup is not None and not is_done:
                backup.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return backup


def _appear(temporary: Path, path: Path) -> None:
    """Give a new file its name, if nobody else has taken it meanwhile: a renaming would replace theirs."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise FileRefused("has been made meanwhile: run the command again") from None
    except OSError:  # a file system without hard links
        temporary.replace(path)


def _take_over(descriptor: int, status: os.stat_result | None, mode: int) -> None:
    """Give a new file the owner and the mode of the old one."""
    if status is None:
        os.fchmod(descriptor, mode)
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _backed_up(path: Path, content: bytes, now: datetime, status: os.stat_result) -> Path:
    """Write what a file held beside it, over nothing."""
    name = f"{path.name}.bak-{now:%Y%m%d-%H%M%S}"
    for number in range(MOST_BACKUPS):
        backup = path.with_name(name if number == 0 else f"{name}-{number + 1}")
        try:
            descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            _take_over(descriptor, status, _PRIVATE)
            os.fsync(descriptor)
        return backup
    raise FileExistsError(errno.EEXIST, f"there are {MOST_BACKUPS} backups of this second")


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot; the file is there all the same
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError | RuntimeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
