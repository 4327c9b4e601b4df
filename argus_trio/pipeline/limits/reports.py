"""What the log is told of calls that limits refuse: the first at once, then once a minute how many it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.middleware import RateLimit
from argus_trio.core.rates.callers import shown
from argus_trio.pipeline.limits.counted_calls import in_words

log = structlog.get_logger()

REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log that say that one limit refuses calls."""


@attrs.define(eq=False, repr=False)
class LimitReport:
    """Counts the calls that one limit refuses, until they are told."""

    limit: RateLimit
    _untold: int = attrs.field(default=0, init=False)
    _latest: str = attrs.field(default="", init=False)
    _told_at: float | None = attrs.field(default=None, init=False)

    def refused(self, caller: str) -> None:
        """Count one more, of `caller`; told at once where none was for a while."""
        self._untold += 1
        self._latest = shown(caller)
        self.tell()

    def tell(self, *, at_last: bool = False) -> None:
        """Tell those that are not told, if it is time to; or `at_last`, for nobody will later."""
        now = trio.current_time()
        if self._untold and (at_last or self._told_at is None or now - self._told_at >= REPORT_SECONDS):
            log.warning("calls_limited", limit=in_words(self.limit), refused=self._untold, latest=self._latest)
            self._untold, self._told_at = 0, now


@attrs.define(eq=False, repr=False)
class Reporting(AbstractAsyncContextManager[None]):
    """While it is entered, what is refused is told within a minute, and the rest at its end."""

    _reports: Sequence[LimitReport]
    _running: AbstractAsyncContextManager[None] | None = attrs.field(default=None, init=False)

    async def __aenter__(self) -> None:
        self._running = self._run()
        await self._running.__aenter__()

    async def __aexit__(self, *raised: object) -> None:
        if self._running is not None:
            await self._running.__aexit__(None, None, None)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell)
            try:
                yield
            finally:
                nursery.cancel_scope.cancel()
                for report in self._reports:
                    report.tell(at_last=True)

    async def _tell(self) -> None:
        while True:
            await trio.sleep(REPORT_SECONDS)
            for report in self._reports:
                report.tell()
