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
