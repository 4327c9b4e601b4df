"""The gateway with its pauses written down: `python counted.py FILE serve ...`, where `argus_trio` is found.

A line of FILE is a word and milliseconds of the CPU of its thread, so that what the machine does meanwhile is no pause:
`full` or `part`, a collection of all objects or of the younger ones; `stretch`, how long nobody looked for news, if it
was long. Run as a script.
"""

from __future__ import annotations

import gc
import runpy
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

FULL = 2
LONG_MS = 2.0
"""A stretch that is shorter is not written down."""

Note = Callable[[str, float], object]


def count(note: Note) -> None:
    """Note each collection from now on."""
    began = 0.0

    def seen(phase: str, about: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.thread_time()
        else:
            note("full" if about["generation"] == FULL else "part", (time.thread_time() - began) * 1000)

    gc.callbacks.append(seen)


class Stretches(trio.abc.Instrument):
    """Notes what the loop does for long without a look for news."""

    def __init__(self, note: Note) -> None:
        self.note = note
        self.began = time.thread_time()

    def after_io_wait(self, timeout: float) -> None:  # noqa: ARG002 (trio's)
        self.began = time.thread_time()

    def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 (trio's)
        took = (time.thread_time() - self.began) * 1000
        if took > LONG_MS:
            self.note("stretch", took)


def main() -> None:
    notes = Path(sys.argv[1]).open("a", buffering=1)  # noqa: SIM115 (until the process ends)

    def note(what: str, took: float) -> None:
        notes.write(f"{what} {took:.3f}\n")

    count(note)
    trio.run = partial(trio.run, instruments=[Stretches(note)])  # type: ignore[assignment]  # of the same signature
    sys.path.pop(0)  # this script's folder
    del sys.argv[1]
    runpy.run_module("argus_trio", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
