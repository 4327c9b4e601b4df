"""The gateway with its collections written down: `python counted.py FILE serve ...`, where `argus_trio` is found.

A full collection is a line of FILE: how long it took, in milliseconds. Run as a script.
"""

from __future__ import annotations

import gc
import runpy
import sys
import time
from pathlib import Path

FULL = 2


def count(path: Path) -> None:
    """Write down each full collection from now on."""
    notes = path.open("a", buffering=1)
    began = 0.0

    def seen(phase: str, about: dict[str, int]) -> None:
        nonlocal began
        if about["generation"] < FULL:
            return
        if phase == "start":
            began = time.perf_counter()
        else:
            notes.write(f"{(time.perf_counter() - began) * 1000:.3f}\n")

    gc.callbacks.append(seen)


if __name__ == "__main__":
    count(Path(sys.argv[1]))
    sys.path.pop(0)  # this script's folder
    del sys.argv[1]
    runpy.run_module("argus_trio", run_name="__main__", alter_sys=True)
