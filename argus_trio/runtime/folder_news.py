"""The kernel's news of what happens in folders: inotify, by the C library. It says when to look, not what has changed.

A thread that waits for it sleeps until there is news, or until it is to end: it looks for neither.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import attrs

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_MASK: Final = (
    _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
)
_PASSED_OVER: Final = frozenset({errno.EACCES, errno.ENOENT, errno.ENOTDIR})
"""What is no reason to do without the news of the other folders: one that may not be read, or has just gone."""
_READ_BYTES: Final = 64 * 1024


@attrs.frozen(eq=False, repr=False)
class End:
    """The end of a wait, seen from the thread that waits: another closes the write end of the pipe whose read end this
    is, so neither needs to know whether the other still runs."""

    reader: int

    def comes_within(self, seconds: float) -> bool:
        """Wait so long at most; whether the end has come."""
        return bool(_ready(seconds, self.reader))


@attrs.frozen(eq=False, repr=False)
class FolderNews:
    """The news of some folders, as one descriptor."""

    descriptor: int

    def come_within(self, seconds: float, end: End) -> bool:
        """Wait for news, so long at most; False once the end has come. What there is of news is not kept."""
        ready = _ready(seconds, self.descriptor, end.reader)
        return end.reader not in ready

    def forget(self) -> None:
        """Drop the news so far: what follows is of what happens from now on."""
        with suppress(BlockingIOError):
            while os.read(self.descriptor, _READ_BYTES):
                pass


@contextmanager
def open_news(folders: Iterable[Path]) -> Iterator[FolderNews]:
    """Hear of what happens in these folders, within the block.

    Raises:
        OSError: the kernel has no more room for watches, or knows no inotify.
    """
    library = ctypes.CDLL(None, use_errno=True)
    try:
        begin, add = library.inotify_init1, library.inotify_add_watch
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    descriptor = begin(os.O_CLOEXEC | os.O_NONBLOCK)  # the names of the same bits in inotify
    if descriptor < 0:
        raise _failure()
    try:
        for folder in folders:
            if add(descriptor, os.fsencode(folder), ctypes.c_uint32(_MASK)) < 0:
                failure = _failure()
                if failure.errno not in _PASSED_OVER:
                    raise failure
        yield FolderNews(descriptor)
    finally:
        os.close(descriptor)


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _ready(seconds: float, *descriptors: int) -> set[int]:
    """Those of the descriptors that can be read, or are at their end, within so long."""
    poll = select.poll()
    for each in descriptors:
        poll.register(each, select.POLLIN)
    return {each for each, _ in poll.poll(seconds * 1000)}
