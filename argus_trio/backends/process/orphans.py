"""What is left of a process tree whose keeper was killed: found in /proc by what only it has, and killed.

This is not how trees are ended, the keeper does that (`keeper.py`); it is for the case that somebody, or a lack of
memory, has killed the keeper alone. The backend dies with it, but its descendants have been given to init by then.
Those are known by a variable of their environment, by the session that the backend led, or by such a parent. One that
emptied its environment, left the session and lost its parent is not known any more.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

log = structlog.get_logger()

TREE: Final = "ARGUS_TRIO_TREE"
"""The variable: a random value for each start of a backend."""
ORPHANS_LIMIT_SECONDS: Final = 1.0
"""How long orphans may take to be gone after the first KILL: fifty looks at the table of processes."""
EMPTY_LOOKS: Final = 5
"""So many looks in a row find nothing before that is believed: the table is no snapshot, and who forks and leaves while
it is read may stand nowhere in it."""
AGAIN_SECONDS: Final = 0.02
"""The pause between two looks: a process that was killed takes about that long to be gone."""


@attrs.frozen(kw_only=True)
class _Process:
    pid: int
    parent: int
    session: int
    started: bytes
    """The time of the start, which tells two processes apart that had the same pid."""


async def end_orphans(backend: str, tree: str, session: int) -> None:
    """Kill what runs of the tree until nothing does; gives up after `ORPHANS_LIMIT_SECONDS`.

    `session` is the backend's process id.
    """
    ended: set[int] = set()
    left: list[int] = []
    empty = 0
    with trio.move_on_after(ORPHANS_LIMIT_SECONDS):
        while empty < EMPTY_LOOKS:
            left = await trio.to_thread.run_sync(kill_orphans, tree, session, abandon_on_cancel=True)
            ended.update(left)
            empty = 0 if left else empty + 1
            await trio.sleep(AGAIN_SECONDS)  # the table of processes has no event to wait for
    if left:
        log.error("backend_tree_survives", backend=backend, processes=len(left))
    elif ended:
        log.warning("backend_orphans_ended", backend=backend, processes=len(ended))


def kill_orphans(tree: str, session: int) -> list[int]:
    """Send KILL to what runs of the tree, zombies left out, and tell to whom."""
    table = {process.pid: process for entry in os.listdir("/proc") if (process := _look(entry))}  # noqa: PTH208 - fast
    variable = f"{TREE}={tree}".encode()
    found = {process.pid for process in table.values() if variable in _environment(process.pid)}
    if session and session not in table:  # or the number is another's by now
        found |= {process.pid for process in table.values() if process.session == session}
    below = found
    while below := {process.pid for process in table.values() if process.parent in below} - found:
        found |= below
    for pid in found:
        if _look(str(pid)) == table[pid]:
            _kill(pid)
    return sorted(found)


def _look(entry: str) -> _Process | None:
    """A process that runs, by its name in /proc."""
    if not entry.isdigit():
        return None
    try:
        stat = Path("/proc", entry, "stat").read_bytes()
    except OSError:
        return None
    # pid (name) state parent group session … and the time of the start as the 22nd field
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return _Process(pid=int(entry), parent=int(fields[1]), session=int(fields[3]), started=fields[19])


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it has just ended, or is another user's


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
