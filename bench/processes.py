"""What the operating system says of a process and of its descendants: CPU time and memory, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@attrs.frozen(kw_only=True)
class Memory:
    """In MiB: what is resident, and its proportional share where pages are shared."""

    rss: float
    pss: float


def _stat(pid: int) -> list[str]:
    """The fields after the command's name: [0] is the state, [1] the parent."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def parents_by_pid() -> dict[int, int]:
    """The parent of every process, at this moment."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(_stat(int(folder.name))[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return parents


def descendants(pid: int) -> list[int]:
    """Everything below a process, at this moment."""
    parents = parents_by_pid()
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def cpu_s(pid: int) -> float:
    """User and system time that a process has spent so far, its threads included, its children not."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * TICK_S


def exact_cpu_s(pid: int) -> float:
    """The same of the threads that live, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def _mib(pid: int, file: str, key: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(key)


def memory(pid: int) -> Memory:
    return Memory(rss=_mib(pid, "status", "VmRSS"), pss=_mib(pid, "smaps_rollup", "Pss"))
