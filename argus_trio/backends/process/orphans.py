"""What is left of a process tree whose keeper was killed: found in /proc by what only it has, and killed.

This is not how trees are ended, the keeper does that (`keeper.py`); it is for the case that somebody, or a lack of
memory, has killed the keeper alone. The backend dies with it, but its descendants have been given to init by then.
Those are known by a variable of their environment, by the session that the backend led, or by such a parent, and killed
by their groups, unless a stranger is in one: one that forks and leaves is gone by the time that it was seen. One that
emptied its environment, left session and group and lost its parent is not known any more.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value

log = structlog.get_logger()

TREE: Final = "ARGUS_TRIO_TREE"
"""The variable: a random value for each start of a backend."""
ORPHANS_LIMIT_SECONDS: Final = 3.0
"""How long orphans may take to be gone. A swarm of fifty takes less than half a second, the empty looks included,
and 1.5 s on a machine whose processors are all taken; what is left then hangs in the kernel."""
EMPTY_LOOKS: Final = 5
"""So many looks in a row find nothing before that is believed: the table is no snapshot, and who forks and leaves while
it is read may stand nowhere in it."""
AGAIN_SECONDS: Final = 0.02
"""The pause between two looks, in which what was killed goes: longer where a look takes longer, so that at least half
of the time is left to those that die."""
NEWEST_LOOKS: Final = 32
"""So often each look first asks for the newest processes alone, by their ids: one that lives for a millisecond is gone
by the time that a list of all has been gone through."""
NEWEST: Final = 16
"""How many of the newest ids are asked for: others start processes meanwhile."""
NEWEST_AGAIN_SECONDS: Final = 0.0005
"""The pause between two such questions."""
CUT_SHORT: Final = "the table of processes could not be read often enough in time: some of the tree may still run"


@attrs.frozen(kw_only=True)
class _Process(Value):
    pid: int
    parent: int
    group: int
    session: int
    started: bytes
    """The time of the start, which tells two processes apart that had the same pid."""


async def end_orphans(backend: str, tree: str, session: int) -> bool:
    """Kill what runs of the tree until nothing does, and tell whether so; gives up after `ORPHANS_LIMIT_SECONDS`.

    `session` is the backend's process id.
    """
    ended: set[int] = set()
    left: list[int] = []
    empty = 0
    with trio.move_on_after(ORPHANS_LIMIT_SECONDS):
        while empty < EMPTY_LOOKS:
            began = trio.current_time()
            left = await trio.to_thread.run_sync(kill_orphans, tree, session, abandon_on_cancel=True)
            ended.update(left)
            empty = 0 if left else empty + 1
            # The table of processes has no event to wait for.
            await trio.sleep(max(AGAIN_SECONDS, trio.current_time() - began))
    if left:
        log.error("backend_tree_survives", backend=backend, processes=len(left))
    elif empty < EMPTY_LOOKS:
        log.error("backend_orphans_unknown", backend=backend, hint=CUT_SHORT)
    elif ended:
        log.warning("backend_orphans_ended", backend=backend, processes=len(ended))
    return empty == EMPTY_LOOKS


def kill_orphans(tree: str, session: int) -> list[int]:
    """Send KILL to what runs of the tree, zombies left out, and tell to whom."""
    variable = f"{TREE}={tree}".encode()
    table = _met_among_newest(variable)
    found = set(table)
    others: set[int] = set()
    for entry in reversed(os.listdir("/proc")):  # noqa: PTH208 - fast; the newest first, which may not be there for long
        if process := _look(entry):
            table[process.pid] = process
            environment = _read(entry, "environ").split(b"\0")
            if variable in environment:
                found.add(process.pid)
            elif environment != [b""]:
                others.add(process.pid)
    if session and session not in table:  # or the number is another's by now
        found |= {process.pid for process in table.values() if process.session == session}
    below = found
    while below := {process.pid for process in table.values() if process.parent in below} - found:
        found |= below
    _kill_groups(found, others - found, table)
    for pid in found:
        if _look(str(pid)) == table[pid]:
            _kill(pid)
    return sorted(found)


def _met_among_newest(variable: bytes) -> dict[int, _Process]:
    """The processes of the tree that were met while they were the newest; they may be gone."""
    met: dict[int, _Process] = {}
    for _ in range(NEWEST_LOOKS):
        newest = int((_read(".", "loadavg").split() or [b"0"])[-1])
        for pid in range(newest, max(newest - NEWEST, 1), -1):
            if variable in _read(str(pid), "environ").split(b"\0") and (process := _look(str(pid), ended=True)):
                met[pid] = process
        if met:
            break
        time.sleep(NEWEST_AGAIN_SECONDS)
    return met


def _kill_groups(found: set[int], others: set[int], table: dict[int, _Process]) -> None:
    # Who forks and leaves is no longer there when it has been seen, but its child is in the same group: the kernel lets
    # no member of one fork its way past a signal to the whole.
    groups = {table[pid].group for pid in found} - {table[pid].group for pid in others}
    for group in groups - {0, 1, os.getpgrp()}:
        _kill(-group)


def _look(entry: str, *, ended: bool = False) -> _Process | None:
    """A process that runs, or has `ended` and is not buried yet, by its name in /proc."""
    stat = _read(entry, "stat") if entry.isdigit() else b""
    if not stat:
        return None
    # pid (name) state parent group session … and the time of the start as the 22nd field
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X") and not ended:
        return None
    parent, group, session = map(int, fields[1:4])
    return _Process(pid=int(entry), parent=parent, group=group, session=session, started=fields[19])


def _read(entry: str, name: str) -> bytes:
    """A file of a process in /proc; empty if it has just ended, or is another user's."""
    try:
        file = os.open(f"/proc/{entry}/{name}", os.O_RDONLY)  # a fifth of the time that pathlib takes
    except OSError:
        return b""
    try:
        data = b""
        while chunk := os.read(file, 65536):
            data += chunk
    except OSError:
        return b""
    else:
        return data
    finally:
        os.close(file)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
