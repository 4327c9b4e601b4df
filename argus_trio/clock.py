"""The time on trio's clock, for whoever asks for it with each call."""

from __future__ import annotations

from collections.abc import Callable

import trio


def running_clock() -> Callable[[], float]:
    """What tells the time as `trio.current_time` does, in a third of the steps: of the run that is under way now."""
    if not trio.lowlevel.in_trio_run():
        return trio.current_time
    return trio.lowlevel.current_clock().current_time
