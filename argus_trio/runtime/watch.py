"""Waits for files to change.

The kernel's notifications say when to look; only the stamps of the files say whether something changed. So it does not
matter how a file is changed (written in place, replaced, the symlink before it swapped), and a file system that sends
no notifications is looked at every few seconds all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.read.sources import Stamp, Stamps, stamp
from argus_trio.runtime.folder_news import End, open_news

log = structlog.get_logger()

LOOK_SECONDS: Final = 5.0
"""The longest time between two looks at the files: for file systems without notifications, where people who changed a
file wait for it, and a look is a few system calls."""
STEP_SECONDS: Final = 0.1
"""The time from a notification to the look, which takes in what follows at once: a folder in which much happens is not
looked at more often than this."""
QUIET_SECONDS: Final = 0.2
"""How long the files must be unchanged before they are read: an editor that writes in pieces has finished by then."""
RESTLESS_SECONDS: Final = 2.0
"""The longest wait for unchanged files: one that a program writes all the time must not put the reload off for ever."""
END_SECONDS: Final = 1.0
"""How long the thread may take to end: far more than it needs; one that hangs in the file system is left behind."""
_MAX_LINKS: Final = 40


async def wait_for_change(stamps: Stamps) -> None:
    """Wait until one of the files has another stamp than in `stamps`, and all have been unchanged for a moment.

    A file that vanished is not a change until it is back. Cancelling this takes up to `END_SECONDS`.
    """
    # Each end has one owner: the thread may be left behind, and must never wait at a descriptor that is another's.
    reader, writer = await _pipe()
    ending = trio.CancelScope(shield=True)

    async def end_thread() -> None:
        try:
            await trio.sleep_forever()
        finally:
            os.close(writer)
            ending.deadline = trio.current_time() + END_SECONDS

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end_thread)
        with ending:
            # The thread is taken for months, so it must not count against those that others share.
            limiter = trio.CapacityLimiter(1)
            await trio.to_thread.run_sync(_Watched(stamps, End(reader)).wait, abandon_on_cancel=True, limiter=limiter)
        nursery.cancel_scope.cancel()


async def _pipe() -> tuple[int, int]:
    """A pipe, as soon as there are descriptors for it: having none left must end no watch, and no gateway."""
    while True:
        try:
            return os.pipe()
        except OSError as error:
            log.warning("file_news_unavailable", reason=str(error), looks_every=LOOK_SECONDS)
        await trio.sleep(LOOK_SECONDS)


@attrs.define(eq=False, repr=False)
class _Watched:
    """The files that are watched, and the end of the watch; used by its thread alone."""

    stamps: Stamps
    end: End
    missing: set[Path] = attrs.field(factory=set, init=False)

    def wait(self) -> None:
        """Wait for a change, or for the end, whose descriptor is closed then."""
        try:
            self._wait()
        finally:
            os.close(self.end.reader)

    def _wait(self) -> None:
        while not self.end.comes_within(0):
            folders = self._folders()
            for _ in self._looks(folders):
                if self._is_changed() and self._is_still() and self._is_changed():
                    return
                if self._folders() != folders:
                    break

    def _looks(self, folders: frozenset[Path]) -> Iterator[None]:
        """Yield each time the files are to be looked at."""
        try:
            with open_news(folders) as news:
                # The first look comes when the kernel watches already, so that nothing falls in between.
                yield
                while news.come_within(LOOK_SECONDS, self.end) and not self.end.comes_within(STEP_SECONDS):
                    news.forget()
                    yield
        except OSError as error:  # too many watches, most of all
            log.warning("file_news_unavailable", reason=str(error), looks_every=LOOK_SECONDS)
            yield
            while not self.end.comes_within(LOOK_SECONDS):
                yield

    def _is_changed(self) -> bool:
        changed = False
        for path, before in self.stamps.items():
            now = stamp(path)
            if now is None and before is not None and path not in self.missing:
                self.missing.add(path)
                log.warning("config_file_missing", path=str(path), running="as before, until it is back")
            changed = changed or now not in (None, before)
        return changed

    def _is_still(self) -> bool:
        """Wait until the files are unchanged for a moment; False if the watch is to end."""
        until = monotonic() + RESTLESS_SECONDS
        seen = self._now()
        while not self.end.comes_within(QUIET_SECONDS):
            now = self._now()
            if now == seen or monotonic() > until:
                return True
            seen = now
        return False

    def _now(self) -> list[Stamp]:
        return [stamp(path) for path in self.stamps]

    def _folders(self) -> frozenset[Path]:
        return frozenset().union(*map(folders_of, self.stamps))


def folders_of(path: Path) -> frozenset[Path]:
    """The folders in which something happens when the file at `path` changes.

    They are the file's folder, and one for each symlink that leads to it; in the place of one that is not there stands
    the nearest that is.
    """
    found: set[Path] = set()
    _gather(path, found, _MAX_LINKS)
    return frozenset(found)


def _gather(path: Path, found: set[Path], links: int) -> None:
    found.add(_nearest(path.parent))
    for part in (path, *path.parents):
        try:
            target = part.readlink()
        except OSError:  # no symlink, or nothing that we may see
            continue
        if links:
            found.add(_nearest(part.parent))
            _gather(part.parent / target, found, links - 1)


def _nearest(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if os.path.isdir(each)), Path("/"))  # noqa: PTH112  # raises nothing
