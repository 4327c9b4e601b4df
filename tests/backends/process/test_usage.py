"""The processor time of a process tree, children and grandchildren included."""

from __future__ import annotations

import os
import subprocess
import sys

from argus_trio.backends.process.usage import processor_seconds

BUSY = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"
NESTED = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"


def used_by(program: str) -> float:
    """What a tree has used below this process, once the program has done its work and before it ends."""
    before = processor_seconds(os.getpid())
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        used = processor_seconds(os.getpid()) - before
        child.communicate(b"\n", timeout=10)
    return used


def test_a_childs_work_is_counted() -> None:
    assert 0.25 <= used_by(BUSY) < 5


def test_a_grandchilds_work_is_counted() -> None:
    assert 0.25 <= used_by(NESTED) < 5


def test_of_a_process_that_is_gone_it_is_none() -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert processor_seconds(int(gone.stdout)) == 0
