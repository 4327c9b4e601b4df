"""Watching a start: what a program does until the handshake is over, so that work is told from silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import trio

from argus_trio.backends.links.link import Link
from argus_trio.core.health.activity import ActivityMonitor

SAMPLE_SECONDS: Final = 1.0
"""How often a start is looked at. Most programs have answered before the first look, which costs milliseconds."""

OnSample = Callable[[ActivityMonitor, float], None]
"""Takes what is known of a start so far, and the time."""


def ignore_sample(_monitor: ActivityMonitor, _now: float) -> None:
    """Take no interest in what a program does before it answers."""


@attrs.define(eq=False, repr=False)
class StartWatch:
    """The watch over one start. A link without a program of its own is never seen to work."""

    link: Link
    on_sample: OnSample = ignore_sample
    _monitor: ActivityMonitor | None = attrs.field(default=None, init=False)
    _sampled: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def run(self) -> None:
        """Look until cancelled; return at once when there is nothing to see."""
        while True:
            await trio.sleep(SAMPLE_SECONDS)
            activity = await self.link.activity()
            if activity is None:
                return
            now = trio.current_time()
            if self._monitor is None:
                self._monitor = ActivityMonitor(activity, now)
            else:
                self._monitor.sample(activity, now)
            self.on_sample(self._monitor, now)
            self._sampled.set()
            self._sampled = trio.Event()

    async def wait_silent(self, seconds: float) -> bool:
        """Wait until nothing has moved for `seconds`; whether there is a program of which that can be said.

        Without one it is the time that counts.
        """
        with trio.move_on_after(seconds):
            while self._monitor is None:
                await self._sampled.wait()
        if self._monitor is None:
            return False
        while self._monitor.silent_seconds(trio.current_time()) < seconds:
            await self._sampled.wait()
        return True
