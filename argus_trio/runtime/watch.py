"""Waits for files to change; the one file that knows watchfiles.

The kernel's notifications say when to look; only the stamps of the files say whether something changed. So it does not
matter how a file is changed (written in place, replaced, the symlink before it swapped), and a file system that sends
no notifications is looked at every few seconds all the same.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Final

import attrs
import structlog
import trio
from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError  # documented as its "rust backend"

from argus_trio.config.read.sources import Stamp, Stamps, stamp

log = structlog.get_logger()

LOOK_SECONDS: Final = 5.0
"""The longest time between two looks at the files: for file systems without notifications, where people who changed a
file wait for it, and a look is a few system calls."""
STEP_SECONDS: Final = 0.1
"""The time from a notification to the look, which takes in what follows at once; the thread that waits also looks this
often whether it should end."""
QUIET_SECONDS: Final = 0.2
"""How long the files must be unchanged before they are read: an editor that writes in pieces has finished by then."""
RESTLESS_SECONDS: Final = 2.0
"""The longest wait for unchanged files: one that a program writes all the time must not put the reload off for ever."""
END_SECONDS: Final = 1.0
"""How long the thread may take to end: ten times what it needs; one that hangs in the file system is left behind."""
_MAX_LINKS: Final = 40


async def wait_for_change(stamps: Stamps) -> None:
    """Wait until one of the files has another stamp than in `stamps`, and all have been unchanged for a moment.

    A file that vanished is not a change until it is back. Cancelling this takes up to `END_SECONDS`.
    """
    stop = threading.Event()
    ending = trio.CancelScope(shield=True)

    async def end_thread() -> None:
        try:
            await trio.sleep_forever()
        finally:
            stop.set()
            ending.deadline = trio.current_time() + END_SECONDS

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end_thread)
        with ending:
            # The thread is taken for months, so it must not count against those that others share.
            limiter = trio.CapacityLimiter(1)
            await trio.to_thread.run_sync(_Watched(stamps, stop).wait, abandon_on_cancel=True, limiter=limiter)
        nursery.cancel_scope.cancel()


@attrs.define(eq=False)
class _Watched:
    """The files that are watched, and the flag that ends the watch; used by its thread alone."""

    stamps: Stamps
    stop: threading.Event
    missing: set[Path] = attrs.field(factory=set, init=False)

    def wait(self) -> None:
        while not self.stop.is_set():
            folders = self._folders()
            for _ in self._looks(folders):
                if self._is_changed() and self._is_still() and self._is_changed():
                    return
                if self._folders() != folders:
                    break

    def _looks(self, folders: frozenset[Path]) -> Iterator[None]:
        """Yield each time the files are to be looked at."""
        try:
            with open_notify([str(folder) for folder in folders]) as notify:
                # The first look comes when the kernel watches already, so that nothing falls in between.
                yield
                while notify.watch(_ms(QUIET_SECONDS), _ms(STEP_SECONDS), _ms(LOOK_SECONDS), self.stop) != "stop":
                    yield
        except (OSError, WatchfilesRustInternalError) as error:  # too many watches, most of all
            log.warning("file_news_unavailable", reason=str(error), looks_every=LOOK_SECONDS)
            yield
            while not self.stop.wait(LOOK_SECONDS):
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
        while not self.stop.wait(QUIET_SECONDS):
            now = self._now()
            if now == seen or monotonic() > until:
                return True
            seen = now
        return False

    def _now(self) -> list[Stamp]:
        return [stamp(path) for path in self.stamps]

    def _folders(self) -> frozenset[Path]:
        return frozenset().union(*map(folders_of, self.stamps))


def open_notify(folders: list[str]) -> RustNotify:
    """The kernel's notifications of what happens in these folders from now on."""
    return RustNotify(
        folders, debug=False, force_polling=False, poll_delay_ms=0, recursive=False, ignore_permission_denied=True
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


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
