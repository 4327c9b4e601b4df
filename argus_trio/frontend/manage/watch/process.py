"""What the system says of the gateway's own process."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value

_PAGE_BYTES: Final = resource.getpagesize()


@attrs.frozen(kw_only=True)
class OwnProcess(Value):
    """The process at one moment; None is what this system does not tell."""

    cpu_seconds: float
    resident_bytes: int | None
    open_files: int | None
    most_files: int


def own_process() -> OwnProcess:
    """How the process stands. It reads a folder with a name for each open file: not for the event loop."""
    resident: int | None = None
    files: int | None = None
    try:
        resident = int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE_BYTES
        files = len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - fast; one is the folder itself
    except OSError:
        pass  # it has no /proc
    return OwnProcess(
        cpu_seconds=time.process_time(),
        resident_bytes=resident,
        open_files=files,
        most_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    )
