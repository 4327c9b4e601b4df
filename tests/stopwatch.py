"""What something costs on whichever machine, in turns with plain work: a slow machine is slow at both."""

from __future__ import annotations

import time
from collections.abc import Callable


def plain_work() -> None:
    """Writing a thousand numbers, which takes a tenth of a millisecond where machines are quick."""
    for number in range(1000):
        str(number)


def cost(run: Callable[[], object], turns: int = 20) -> float:
    """How many times the CPU time of `plain_work` a `run` takes: the least of each, of so many `turns` of both."""
    taken = [(_seconds(run), _seconds(plain_work)) for _ in range(turns)]
    return min(ours for ours, _ in taken) / min(plain for _, plain in taken)


def _seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began
