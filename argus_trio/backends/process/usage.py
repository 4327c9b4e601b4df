"""What trees of processes use of the machine, as its table of processes tells.

The table is read as a whole, which takes milliseconds: not for the event loop, and once for all who ask within a while.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Collection, Mapping
from math import inf
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.core.health.health import TreeUsage

FRESH_SECONDS: Final = 2.0
"""How long what was read is told again: whoever looks at a hundred backends asks more often than it changes."""
NEW_SECONDS: Final = 0.5
"""The same for who asks of a process that was not there then: it has just been started."""
MOST_READ: Final = 32_768
"""How many processes of a machine are looked at: as many as there are by default. Beyond them the rest counts for
nothing, which is told too low and not too late."""
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = resource.getpagesize()


@attrs.frozen
class _ListedProcess(Value):
    """One process of the table."""

    pid: int
    ticks: int
    pages: int


_Children = Mapping[int, list[_ListedProcess]]
"""The processes by the parent of each."""


@attrs.define(eq=False, repr=False)
class TreesUsed:
    """What the descendants of processes use, asked for at any time, by as many as like."""

    _children: _Children = attrs.field(factory=dict, init=False)
    _read_at: float = attrs.field(default=-inf, init=False)
    _reading: trio.Lock = attrs.field(factory=trio.Lock, init=False)

    async def __call__(self, roots: Collection[int]) -> Mapping[int, TreeUsage]:
        """By root, what all below it use; nothing of those that have nothing below them, or where there is no table."""
        if roots:
            async with self._reading:
                age, is_known = trio.current_time() - self._read_at, all(root in self._children for root in roots)
                if age >= (FRESH_SECONDS if is_known else NEW_SECONDS):
                    self._children = await trio.to_thread.run_sync(_read, abandon_on_cancel=True)
                    self._read_at = trio.current_time()
        return {root: _used(root, self._children) for root in roots if root in self._children}


def processor_seconds(root: int) -> float:
    """The processor time that the descendants of process `root` have used, those they reaped included. Blocking."""
    return _used(root, _read()).processor_seconds


def _used(root: int, children: _Children) -> TreeUsage:
    ticks, pages, below = 0, 0, [root]
    while below:
        level = [child for parent in below for child in children.get(parent, ())]
        ticks += sum(each.ticks for each in level)
        pages += sum(each.pages for each in level)
        below = [each.pid for each in level]
    return TreeUsage(processor_seconds=ticks / _TICKS_PER_SECOND, memory=pages * _PAGE_BYTES)


def _read() -> _Children:
    children: dict[int, list[_ListedProcess]] = {}
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - fast
    except OSError:
        return children  # this system has none
    for entry in [name for name in names if name.isdigit()][-MOST_READ:]:
        if (found := _look(entry)) is not None:
            parent, seen = found
            children.setdefault(parent, []).append(seen)
    return children


def _look(entry: str) -> tuple[int, _ListedProcess] | None:
    """A process by its name in /proc, after its parent."""
    try:
        stat = Path("/proc", entry, "stat").read_bytes()
    except OSError:
        return None  # it has just ended
    # pid (name) state parent …, utime stime cutime cstime as the 14th to the 17th field, resident pages as the 24th
    fields = stat[stat.rindex(b")") + 2 :].split()
    return int(fields[1]), _ListedProcess(int(entry), sum(map(int, fields[11:15])), int(fields[21]))
