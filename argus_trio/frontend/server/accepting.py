"""The accept loop: as many connections as wait are taken in each round, and a lack of descriptors ends nothing."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.frontend.server.listeners import DescriptorsExhausted, ServerListener
from argus_trio.frontend.server.transport import ClientStream

log = structlog.get_logger()

RESERVED_DESCRIPTORS: Final = 64
"""Descriptors that new clients do not get: calls in flight and backends need them, some for each call. An eighth of all
where that is less."""
RETRY_SECONDS: Final = 0.1
"""How long to leave connections waiting where there is no descriptor for them: others end all the time."""
REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log that say so."""
_ADVICE: Final = "raise the limit of open files: LimitNOFILE= in the service's unit, ulimit -n in a shell"


@attrs.define(eq=False, kw_only=True)
class Acceptor:
    """Takes connections and starts their tasks in `connections`."""

    converse: Callable[[ClientStream], Awaitable[None]]
    """Serves one client, in a task of its own."""
    make_room: Callable[[], int]
    """Ends connections that idle, the longest idle first, a bounded number; returns how many."""
    connections: trio.Nursery
    _reported_at: float = attrs.field(default=-inf, init=False)
    _ended: int = attrs.field(default=0, init=False)

    async def run(self, listeners: Sequence[ServerListener]) -> None:
        """Accept on all of them until cancelled."""
        async with trio.open_nursery() as nursery:
            for listener in listeners:
                nursery.start_soon(self._accept_on, listener)

    async def _accept_on(self, listener: ServerListener) -> None:
        async with listener:
            while True:
                try:
                    accepted = await listener.accept()
                except DescriptorsExhausted as failure:
                    await self._find_room(failure.reason)
                    continue
                for each in accepted:
                    self.connections.start_soon(self.converse, each.stream)
                # The lowest free number is taken first, so this many are open.
                if max((each.descriptor for each in accepted), default=0) >= _descriptors_for_clients():
                    await self._find_room("few descriptors are left")

    async def _find_room(self, reason: str) -> None:
        self._ended += self.make_room()
        now = trio.current_time()
        if now - self._reported_at >= REPORT_SECONDS:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            log.warning("descriptors_scarce", reason=reason, limit=limit, connections_ended=self._ended, advice=_ADVICE)
            self._reported_at, self._ended = now, 0
        await trio.sleep(RETRY_SECONDS)


def _descriptors_for_clients() -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limit - min(RESERVED_DESCRIPTORS, limit // 8)
