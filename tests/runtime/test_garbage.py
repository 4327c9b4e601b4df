"""When Python looks for garbage, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
from argus_trio.runtime.garbage import look_seldom

looks = []
look_seldom()
gc.callbacks.append(lambda phase, about: looks.append(about["generation"]) if phase == "stop" else None)
kept = [[] for _ in range(200_000)]
came_and_went = [None for _ in range(200_000) if [[]]]
print(gc.get_freeze_count() > 1000, min(looks), max(looks), len(looks) > 20, looks.count(1) > 10)
"""


def test_many_new_objects_are_looked_at_in_small_parts_and_never_all_together() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["True", "0", "1", "True", "True"]


LOADING = """
import gc, sys
from argus_trio.__main__ import main

looks = []
gc.callbacks.append(lambda phase, about: looks.append(about["generation"]) if phase == "stop" else None)
sys.argv = ["argus-trio", "check", "-c", "/dev/null/none"]
main()
print(max(looks, default=0), len(looks) < 30, file=sys.stderr)
"""


def test_while_a_command_is_loaded_hardly_anything_is_looked_at() -> None:
    told = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=False, timeout=60)
    assert told.stderr.splitlines()[-1] in ("0 True", "1 True"), told.stderr
