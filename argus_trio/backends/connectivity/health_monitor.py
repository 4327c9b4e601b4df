"""Watching one connection: probes in its era's way while nothing else is heard, until it is lost.

What that means is judged in `core/health/probing.py`. A probe never opens a session and never greets again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.listing import CAPABILITIES, METHODS
from argus_trio.config.model.operation import Probing
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.health.probing import WELL, Condition, HealthVerdict
from argus_trio.core.redaction import Redactor
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed, SessionLost
from argus_trio.wire.revisions import Era

_ALIVE: Final = frozenset({400, 429})
"""HTTP refusals of a server that works; any other is what calls would meet too."""


def ignore(_: HealthVerdict) -> None:
    """Nobody needs to know how it is, short of its end."""


@attrs.define(eq=False, kw_only=True)
class HealthMonitor:
    """The watch over one connection. `probing` is asked anew each time, for it may change; so is nothing else."""

    connection: Connection
    probing: Callable[[], Probing]
    redact: Redactor
    on_verdict: Callable[[HealthVerdict], None] = ignore
    _method: str = attrs.field(default="ping", init=False)
    _has_answered: bool = attrs.field(default=False, init=False)
    _last: HealthVerdict = attrs.field(default=WELL, init=False)

    async def watch(self) -> LinkFailed:
        """Wait until the link has died, or leaves too many probes unanswered; why. Changes of verdict are told."""
        ended: list[LinkFailed] = []

        async def wait_for_the_link() -> None:
            ended.append(await self.connection.link.wait_failed())
            nursery.cancel_scope.cancel()

        async def judge() -> None:
            ended.append(await self._judge(nursery))
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for_the_link)
            nursery.start_soon(judge)
        return ended[0]

    async def _judge(self, nursery: trio.Nursery) -> LinkFailed:
        connection, probe_state = self.connection, self.connection.probe_state
        while True:
            settings = self.probing()
            probe_state.interval, probe_state.timeout = settings.interval, settings.timeout
            probe_state.slow, probe_state.failures = settings.slow, settings.failures
            now = trio.current_time()
            verdict = probe_state.judged(now, is_busy=len(connection.in_flight) > 0)
            if verdict.condition is Condition.LOST:
                return LinkFailed(verdict.reason)
            if verdict != self._last:
                self._last = verdict
                self.on_verdict(verdict)
            connection.stirred = trio.Event()
            if probe_state.due_at(now) <= now:
                method = self._chosen(probe_state.unanswered(now))
                probe_state.sent(now)
                nursery.start_soon(self._probe, method, now)
            with trio.move_on_at(probe_state.look_again_at(now)):
                await connection.stirred.wait()

    def _chosen(self, unanswered: int) -> str:
        """The method to ask. Some legacy servers never answer a ping: those are asked for a list instead."""
        if self.connection.handshake.era is Era.MODERN:
            return "server/discover"
        if unanswered and not self._has_answered:
            declared = self.connection.handshake.capabilities
            self._method = next((METHODS[kind] for kind in KINDS if CAPABILITIES[kind] in declared), "ping")
        return self._method

    async def _probe(self, method: str, sent_at: float) -> None:
        # Without a deadline: an answer that comes late still tells that it lives, and how slowly.
        probe_state = self.connection.probe_state
        try:
            await self.connection.probe(method)
        except AnswerInvalid:
            self._answered(sent_at)  # in its own way, and what that breaks the calls will tell
        except SessionLost:
            return  # the end of the link, which tells of itself
        except LinkFailed as failure:
            if isinstance(failure, HttpRefused) and failure.status in _ALIVE:
                self._answered(sent_at)
                return
            await trio.lowlevel.checkpoint()  # a link that has died tells of itself, and better
            probe_state.failed(sent_at, self.redact(failure.reason), is_unreachable=failure.never_ran)
            self.connection.stirred.set()
        else:
            self._answered(sent_at)

    def _answered(self, sent_at: float) -> None:
        self._has_answered = True
        self.connection.probe_state.answered(sent_at, trio.current_time())
        self.connection.stirred.set()
