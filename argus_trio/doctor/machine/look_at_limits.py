"""Looks at what this machine has left, and tells what is about to keep backends from working: nothing else of it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import trio

import argus_trio
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding

LEAST_FREE_BYTES: Final = 100 * 1024 * 1024
"""How much of a disk must be free where servers install themselves: a small one with what it needs takes half of it."""
LEAST_MEMORY_BYTES: Final = 200 * 1024 * 1024
"""How much memory must be left: three or four interpreters that do nothing take it."""
OWN_FILES: Final = 128
"""The open files that a gateway needs without backends, with some clients."""
FILES_OF_BACKEND: Final = 12
"""The open files that one more backend costs the gateway: pipes, a process, connections for single clients."""
_DAY: Final = 86_400.0


async def look_at_limits(examination: Examination) -> Sequence[DoctorFinding]:
    """A finding for each that bites."""
    return await trio.to_thread.run_sync(lambda: list(_looked(examination)), abandon_on_cancel=True)


def _looked(examination: Examination) -> Iterator[DoctorFinding]:
    if not examination.backends:
        return
    yield from _of_home(examination)
    yield from _of_disks(examination)
    yield from _of_open_files(examination)
    yield from _of_memory()
    yield from _of_clock()


def _of_home(examination: Examination) -> Iterator[DoctorFinding]:
    """A backend that runs bare has the gateway's home: runners keep what they install there."""
    if not examination.bare:
        return
    home = examination.environ.get("HOME", "")
    if not home:
        what = "HOME is not set for the gateway: npx, uvx and many servers do not start without one"
        advice = "set it where the gateway is started: a unit of systemd has Environment=HOME=/var/lib/argus-trio"
    elif not Path(home).is_dir():
        what = f"HOME is {home}, and no such folder is there"
        advice = f"create it (mkdir -p {home}), or set HOME to a folder that is there"
    else:
        return
    yield DoctorFinding(severity="problem", about="HOME", what=what, advice=advice)


def _of_disks(examination: Examination) -> Iterator[DoctorFinding]:
    seen: set[int] = set()
    for folder in (examination.home, Path(examination.environ.get("TMPDIR") or "/tmp")):  # noqa: S108 - looked at
        try:
            device, disk = folder.stat().st_dev, os.statvfs(folder)
        except OSError:
            continue
        free = disk.f_bavail * disk.f_frsize
        has_no_names = disk.f_files > 0 and disk.f_favail == 0
        if device in seen or (free >= LEAST_FREE_BYTES and not has_no_names):
            continue
        seen.add(device)
        left = "no room for another file (inodes)" if has_no_names else f"{free // (1024 * 1024)} MB left"
        yield DoctorFinding(
            severity="problem" if has_no_names or free < LEAST_FREE_BYTES // 10 else "warning",
            about=str(folder),
            what=f"its disk has {left}: backends that install something fail, and may leave it half there",
            advice="make room: `argus-trio clean`, `npm cache clean --force` and `uv cache prune` remove what can "
            "be fetched again",
        )


def _of_open_files(examination: Examination) -> Iterator[DoctorFinding]:
    count = len(examination.backends)
    needed, limit = OWN_FILES + FILES_OF_BACKEND * count, _most_open_files(examination)
    if limit < needed:
        yield DoctorFinding(
            severity="warning",
            about="open files",
            what=f"the gateway may have {limit} open files, and {count} backends with their clients need {needed}",
            advice="raise the limit: `ulimit -Hn` shows it, LimitNOFILE= of systemd sets it for a service",
        )


def _most_open_files(examination: Examination) -> int:
    """The hard limit, which a gateway raises its own to: that of the one that runs, else what it would get here."""
    for gateway in examination.running.of(examination.path):
        try:
            lines = Path(f"/proc/{gateway.pid}/limits").read_text().splitlines()
            words = next(line for line in lines if line.startswith("Max open files")).split()
            return int(words[4])
        except (OSError, StopIteration, ValueError, IndexError):
            continue
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return OWN_FILES * 10_000 if hard == resource.RLIM_INFINITY else hard


def _of_memory() -> Iterator[DoctorFinding]:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        left = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return
    if left < LEAST_MEMORY_BYTES:
        yield DoctorFinding(
            severity="warning",
            about="memory",
            what=f"this machine has {left // (1024 * 1024)} MB left: backends may be ended by the kernel",
            advice="end what is not needed; container.memory of a backend bounds what it may take",
        )


def _of_clock() -> Iterator[DoctorFinding]:
    """A clock that is behind what is installed here is wrong, and no certificate is valid by it."""
    try:
        installed = Path(argus_trio.__file__).stat().st_mtime
    except OSError:
        return
    if time.time() < installed - _DAY:
        yield DoctorFinding(
            severity="warning",
            about="clock",
            what="the clock of this machine is behind: it says a day before argus-trio was installed, by which "
            "certificates of HTTPS servers are not valid yet",
            advice="`timedatectl set-ntp true` has it set by the network",
        )
