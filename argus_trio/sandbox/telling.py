"""What is told of a preparation: the latest line, at a pace that people can read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from argus_trio.core.health.health import PreparingWord
from argus_trio.net.service_nursery import ServiceNursery

LINE_SECONDS: Final = 0.25
"""The least time from one line that is told to the next: a build has thousands."""

TellPreparing = Callable[[PreparingWord, str], None]
"""Takes what is done before a backend can be started, and the last line that was said of it."""


@attrs.define(eq=False, repr=False)
class _Telling:
    tell: TellPreparing
    _latest: tuple[PreparingWord, str] | None = attrs.field(default=None, init=False)
    _has_news: trio.Event = attrs.field(factory=trio.Event, init=False)

    def take(self, what: PreparingWord, line: str) -> None:
        """Take the latest line; what was not told before is forgotten."""
        self._latest = what, line
        self._has_news.set()

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            await self._has_news.wait()
            self._has_news = trio.Event()
            if self._latest is not None:
                self.tell(*self._latest)
            await trio.sleep(LINE_SECONDS)


@asynccontextmanager
async def at_a_pace(tell: TellPreparing) -> AsyncIterator[TellPreparing]:
    """What tells `tell` the latest line, at most once in `LINE_SECONDS`; nothing is told after the block."""
    telling = _Telling(tell)
    async with ServiceNursery() as nursery:
        nursery.start_soon(telling.run)
        yield telling.take
