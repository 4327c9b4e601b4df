"""The keys of one issuer as tokens need them: fetched at the first token, one fetch at a time, old keys serving on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.pipeline.authentication.jwt_keys import IssuerKeys, KeysUnusable
from argus_trio.pipeline.authentication.refusals import KeysUnavailable

log = structlog.get_logger()

REFRESH_SECONDS: Final = 3600.0
"""After how long keys are fetched anew: a key that an issuer has taken back lets nobody in for longer."""
STALE_SECONDS: Final = 24 * 3600.0
"""For how long keys serve on that cannot be fetched anew: an issuer's bad day is not everybody's."""
MISS_SECONDS: Final = 10.0
"""The shortest time between two fetches that tokens with unknown keys ask for: anybody can make such tokens."""
AGAIN_SECONDS: Final = 2.0
"""The shortest time between a fetch that failed and the next one."""
WAIT_SECONDS: Final = 2.0
"""How long a request waits for keys; its client is told to come back then."""
FETCH_SECONDS: Final = 15.0
"""How long a fetch may take, discovery included."""
MOST_LOOKED_FOR: Final = 1000
"""How many unknown keys of one fetch are remembered; tokens with others are told to come back for the next one."""
REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log that say the same of keys that cannot be had."""


@attrs.define(eq=False, repr=False)
class FetchTasks:
    """Where fetches run: with the pipeline that began them, not with the request."""

    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Let fetches run in this block; they end with it."""
        async with ServiceNursery() as nursery:
            self._nursery = nursery
            try:
                yield
            finally:
                self._nursery = None

    def start(self, task: Callable[[], Awaitable[None]]) -> bool:
        """Start a fetch; False where the pipeline has ended."""
        if self._nursery is None:
            return False
        self._nursery.start_soon(task)
        return True


@attrs.define(eq=False, repr=False, kw_only=True)
class KeySource:
    """The keys of one issuer, kept over reloads."""

    issuer: str
    fetch: Callable[[], Awaitable[IssuerKeys]]
    """Fetches them. Raises `LinkFailed` and `KeysUnusable`."""
    _keys: IssuerKeys | None = attrs.field(default=None, init=False)
    _fetched_at: float = attrs.field(default=-inf, init=False)
    _tried_at: float = attrs.field(default=-inf, init=False)
    """When the latest fetch began."""
    _missed_at: float = attrs.field(default=-inf, init=False)
    """When the latest fetch began that a token with an unknown key asked for."""
    _looked_for: set[str | None] = attrs.field(factory=set, init=False)
    """The ids of keys that the latest such fetch was asked for: what it did not bring does not exist."""
    _withdrawn: frozenset[str | None] = attrs.field(default=frozenset(), init=False)
    """The ids of keys that the issuer had before and has no more, of the latest exchange."""
    _has_failed: bool = attrs.field(default=False, init=False)
    """Whether the latest fetch that has ended failed."""
    _under_way: trio.Event | None = attrs.field(default=None, init=False)
    _reported: tuple[str, float] = attrs.field(default=("", -inf), init=False)

    async def keys(self, tasks: FetchTasks) -> IssuerKeys:
        """The keys, fetched before if need be. Raises `KeysUnavailable`."""
        now = trio.current_time()
        age = now - self._fetched_at
        if self._keys is not None and age < REFRESH_SECONDS:
            return self._keys
        may_try = now - self._tried_at >= (AGAIN_SECONDS if self._keys is None else MISS_SECONDS)
        if may_try or self._under_way is not None:
            event = self._begin(tasks)
            if self._keys is None or age >= STALE_SECONDS:
                await self._wait(event)
        if self._keys is None or trio.current_time() - self._fetched_at >= STALE_SECONDS:
            raise KeysUnavailable(AGAIN_SECONDS)
        return self._keys

    async def newer_keys(self, seen: IssuerKeys, key_id: str | None, tasks: FetchTasks) -> IssuerKeys | None:
        """Keys that were fetched after `seen`, which lack the one of this id; None where there is no such key.

        Raises:
            KeysUnavailable: they are asked for and do not come, or cannot be asked for again so soon.
        """
        if self._keys is seen:
            now = trio.current_time()
            if self._under_way is None:
                again_at = self._missed_at + MISS_SECONDS
                if now < again_at:
                    is_known_not_to_be = key_id in self._looked_for or key_id in self._withdrawn
                    if is_known_not_to_be and not self._has_failed:
                        return None
                    raise KeysUnavailable(AGAIN_SECONDS if self._has_failed else again_at - now)
                self._missed_at, self._looked_for = now, set()
            if len(self._looked_for) < MOST_LOOKED_FOR:
                self._looked_for.add(key_id)
            await self._wait(self._begin(tasks))
        if self._keys is seen:
            raise KeysUnavailable(AGAIN_SECONDS)
        return self._keys

    def _begin(self, tasks: FetchTasks) -> trio.Event:
        """The event of the fetch that is under way, or of one that begins now."""
        if self._under_way is not None:
            return self._under_way
        done = trio.Event()

        async def run() -> None:
            try:
                await self._fetch()
            finally:
                self._under_way = None
                done.set()

        if tasks.start(run):
            self._under_way, self._tried_at = done, trio.current_time()
        else:
            done.set()
        return done

    async def _wait(self, done: trio.Event) -> None:
        with trio.move_on_after(WAIT_SECONDS):
            await done.wait()

    async def _fetch(self) -> None:
        self._has_failed = True
        reason = f"they did not come within {FETCH_SECONDS:g} s"
        with trio.move_on_after(FETCH_SECONDS):
            try:
                keys = await self.fetch()
            except (LinkFailed, KeysUnusable) as failure:
                reason = str(failure)
            except Exception as error:  # the boundary: whatever libraries make of what an issuer publishes
                log.exception("issuer_keys_not_read", issuer=self.issuer)
                reason = f"they cannot be read: {type(error).__name__}"
            else:
                if self._keys is not None and (gone := self._keys.ids - keys.ids):
                    self._withdrawn = gone
                self._has_failed, self._fetched_at, self._keys = False, trio.current_time(), keys
                log.info("issuer_keys_fetched", issuer=self.issuer, keys=len(self._keys.keys))
        if self._has_failed:
            self._report(reason)

    def _report(self, reason: str) -> None:
        now = trio.current_time()
        said, at = self._reported
        if said == reason and now - at < REPORT_SECONDS:
            return
        self._reported = reason, now
        then = "tokens are answered with 503" if self._keys is None else "the keys that are known serve on"
        log.warning("issuer_keys_unavailable", issuer=self.issuer, reason=reason, then=then)
