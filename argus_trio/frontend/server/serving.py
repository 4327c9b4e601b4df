"""The server from its first connection to the end of its drain.

As many connections as wait are taken in each round, and a lack of descriptors ends nothing.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Sequence
from functools import partial
from heapq import nsmallest
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.request import AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.server.listeners import AcceptedConnection, DescriptorsExhausted, ServerListener
from argus_trio.frontend.server.site import Site
from argus_trio.frontend.server.speaking import Speaking

log = structlog.get_logger()

RESERVED_DESCRIPTORS: Final = 64
"""Descriptors that new clients do not get: calls in flight and backends need them, some for each call. An eighth of all
where that is less. New clients wait meanwhile, unless clients have fewer than that themselves."""
ENDED_AT_ONCE: Final = 16
"""Idle connections that are ended to make room, each time: there will be more new clients, and most idle ones stay."""
RETRY_SECONDS: Final = 0.1
"""How long to leave connections waiting where there is no descriptor for them: others end all the time."""
REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log that say so."""
_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\n"
    b"content-type: application/json\r\ncontent-length: 78\r\n\r\n"
    b'{"error":"overloaded","message":"too many connections are open; come later"}\r\n'
)
"""What is said to who is turned away; over TLS nothing is."""
_ADVICE: Final = "raise the limit of open files: LimitNOFILE= in the service's unit, ulimit -n in a shell"


async def serve(
    application: AsgiApplication,
    listeners: Sequence[ServerListener],
    *,
    stop: trio.Event,
    on_stop: Callable[[], object],
    settings: CurrentSettings,
    bodies: Bodies | None = None,
) -> None:
    """Serve on `listeners` until `stop` is set; then let requests in flight end within `server.drain_timeout`.
    What comes behind a request before its answer is entered in `bodies`.

    `on_stop` is called at the stop, to end what would go on for ever. Cancelling cuts everything at once.
    """
    async with trio.open_nursery() as keeping:
        async with trio.open_nursery() as connections:
            site = Site(application, settings, connections, bodies=bodies or Bodies())
            keeping.start_soon(site.patience.run)
            keeping.start_soon(site.departures.run)
            async with trio.open_nursery() as accepting:
                accepting.start_soon(Acceptor(site).run, listeners)
                await stop.wait()
                accepting.cancel_scope.cancel()
            site.is_stopping = True
            on_stop()
            connections.cancel_scope.deadline = trio.current_time() + settings.drain_timeout
            for connection in tuple(site.connections):
                connection.end_if_idle()
        keeping.cancel_scope.cancel()


@attrs.define(eq=False, repr=False)
class Acceptor:
    """Takes connections and starts their tasks."""

    _site: Site
    _speaking: Speaking = attrs.field(init=False)
    _reported_at: float = attrs.field(default=-inf, init=False)
    _ended: int = attrs.field(default=0, init=False)
    _turned_away: int = attrs.field(default=0, init=False)
    _turned_away_at: float = attrs.field(default=-inf, init=False)

    def __attrs_post_init__(self) -> None:
        self._speaking = Speaking(self._site)

    async def run(self, listeners: Sequence[ServerListener]) -> None:
        """Accept on all of them until cancelled."""
        async with trio.open_nursery() as nursery:
            for listener in listeners:
                nursery.start_soon(self._accept_on, listener)

    async def _accept_on(self, listener: ServerListener) -> None:
        async with listener:
            while True:
                try:
                    accepted = await listener.accept(partial(self._has_room, listener))
                except DescriptorsExhausted as failure:
                    await self._find_room(failure.reason)
                    continue
                for each in self._admitted(accepted):
                    self._site.nursery.start_soon(self._speaking.begin(each.stream, each.door).run)

    def _has_room(self, listener: ServerListener, new: int) -> bool:
        """Whether a client gets one more descriptor beside as many `new` ones: all, up to the number that is reserved
        for others, and then as long as that number is left."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        reserved = min(RESERVED_DESCRIPTORS, limit // 8)
        return len(self._site.connections) + new < reserved or _lowest_free(listener) < limit - reserved

    def _admitted(self, accepted: list[AcceptedConnection]) -> list[AcceptedConnection]:
        """Those that there is room for: operators on their socket always. The others are told to come back."""
        most = self._site.settings.now.limits.connections
        beyond = len(self._site.connections) + len(accepted) - most
        if beyond <= 0 or any(each.door.peer is not None for each in accepted):
            return accepted
        beyond -= _end_idlest(self._site, beyond)
        admitted = accepted[: max(0, len(accepted) - beyond)]
        for each in accepted[len(admitted) :]:
            each.turn_away(_TOO_MANY)
        self._turned_away += len(accepted) - len(admitted)
        now = trio.current_time()
        if self._turned_away and now - self._turned_away_at >= REPORT_SECONDS:
            log.warning("connections_turned_away", count=self._turned_away, most=most)
            self._turned_away_at, self._turned_away = now, 0
        return admitted

    async def _find_room(self, reason: str) -> None:
        self._ended += _end_idlest(self._site, ENDED_AT_ONCE)
        now = trio.current_time()
        if now - self._reported_at >= REPORT_SECONDS:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            log.warning("descriptors_scarce", reason=reason, limit=limit, connections_ended=self._ended, advice=_ADVICE)
            self._reported_at, self._ended = now, 0
        await trio.sleep(RETRY_SECONDS)


def _end_idlest(site: Site, count: int) -> int:
    """End as many idle connections, the longest idle ones first; how many there were."""
    idle = [each for each in site.connections if each.idle_since is not None]
    longest = nsmallest(count, idle, key=lambda each: each.idle_since or 0.0)
    for each in longest:
        each.end_if_idle()
    return len(longest)


def _lowest_free(listener: ServerListener) -> float:
    """The lowest free number of a descriptor: about so many are open, for the lowest is taken first."""
    try:
        number = os.dup(listener.listening.fileno())
    except OSError:
        return inf
    os.close(number)
    return number
