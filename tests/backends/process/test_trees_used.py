"""What trees of processes use, for who asks of many at once: read once for all, and anew for what was not there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from argus_trio.backends.process.usage import TreesUsed

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "x = bytearray(1 << 25); print(1, flush=True); input()"], stdout=-1)
child.stdout.readline()
print(child.pid, flush=True)
input()
"""


@contextmanager
def family() -> Iterator[int]:
    """A process with one child, which holds 32 MiB; its own id."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        yield parent.pid
        parent.communicate(b"\n", timeout=10)


async def test_all_below_a_process_is_counted_and_the_process_is_not() -> None:
    with family() as pid:
        used = (await TreesUsed()([pid, os.getpid()]))[pid]
    assert 32 * 2**20 < used.memory < 200 * 2**20
    assert 0 < used.processor_seconds < 10


async def test_of_what_has_nothing_below_it_nothing_is_told() -> None:
    assert await TreesUsed()([2**22 + 1]) == {}
    assert await TreesUsed()([]) == {}


async def test_what_was_read_just_now_is_told_again() -> None:
    trees = TreesUsed()
    with family() as pid:
        first = await trees([pid])
        assert await trees([pid]) == first
