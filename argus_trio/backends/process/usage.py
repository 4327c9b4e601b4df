"""The processor time of a process tree, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


def processor_seconds(root: int) -> float:
    """The processor time that the descendants of process `root` have used, those they have reaped included.

    It reads the whole table of processes, which takes milliseconds: not for the event loop.
    """
    children: dict[int, list[tuple[int, int]]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - fast
        if entry.isdigit() and (found := _look(entry)) is not None:
            parent, ticks = found
            children.setdefault(parent, []).append((int(entry), ticks))
    total, below = 0, [root]
    while below:
        level = [child for parent in below for child in children.get(parent, [])]
        total += sum(ticks for _, ticks in level)
        below = [pid for pid, _ in level]
    return total / _TICKS_PER_SECOND


def _look(entry: str) -> tuple[int, int] | None:
    """The parent of a process, by its name in /proc, and its processor time in ticks."""
    try:
        stat = Path("/proc", entry, "stat").read_bytes()
    except OSError:
        return None  # it has just ended
    # pid (name) state parent …, and utime stime cutime cstime as the 14th to the 17th field
    fields = stat[stat.rindex(b")") + 2 :].split()
    return int(fields[1]), sum(map(int, fields[11:15]))
