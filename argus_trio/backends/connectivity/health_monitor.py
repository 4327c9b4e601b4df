"""The health of one connection: probes it in its era's way while nothing else is heard, until it is lost.

What the answers mean is judged in `core/health/probing.py`. A probe never opens a session and never repeats the
handshake. What follows a loss is up to the owner of the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connectivity.recovery import LONGEST_PAUSE_SECONDS
from argus_trio.backends.links.hearing import NoMessage
from argus_trio.backends.listings.listing import CAPABILITIES, METHODS
from argus_trio.config.model.operation import Probing
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.health.probing import WELL, Condition, HealthVerdict
from argus_trio.core.redaction import Redactor
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed, SessionLost
from argus_trio.wire.revisions import Era

_BUSY: Final = 429
"""The HTTP status by which a server that works refuses a probe; any other is what calls would meet too."""
_BAD_REQUEST: Final = 400
"""The HTTP status by which some servers that work refuse what they do not know, a ping for one."""


def ignore(_: HealthVerdict) -> None:
    """Drop a verdict: for a connection of which only the end matters."""


@attrs.define(eq=False, repr=False, kw_only=True)
class HealthMonitor:
    """The health monitor of one connection."""

    connection: Connection
    probing: Callable[[], Probing]
    """The settings; read again for each judgement, for a reload may change them."""
    redact: Redactor
    on_verdict: Callable[[HealthVerdict], None] = ignore
    """Called when the verdict differs from the last, unless the connection is lost."""
    _method: str = attrs.field(default="ping", init=False)
    _has_answered: bool = attrs.field(default=False, init=False)
    """Whether a probe has been answered before."""
    _last: HealthVerdict = attrs.field(default=WELL, init=False)

    async def watch(self) -> LinkFailed:
        """Wait until the link has died, or leaves too many probes unanswered; why.

        Meanwhile `on_verdict` is called with changes of the verdict.
        """
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
            if isinstance(connection.lost, SessionLost):
                return connection.lost
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
        """The method to probe with. Some legacy servers never answer a ping: those are asked for a list instead."""
        if self.connection.handshake.era is Era.MODERN:
            return "server/discover"
        if unanswered and not self._has_answered:
            self._method = self._list_method()
        return self._method

    def _list_method(self) -> str:
        declared = self.connection.handshake.capabilities
        return next((METHODS[kind] for kind in KINDS if CAPABILITIES[kind] in declared), "ping")

    async def _probe(self, method: str, sent_at: float) -> None:
        # Without a deadline: an answer that comes late still shows that it lives, and how slowly.
        try:
            await self.connection.probe(method)
        except SessionLost:
            return  # the end of the link or of the connection, which `watch` learns of itself
        except LinkFailed as failure:
            if isinstance(failure, AnswerInvalid) and not isinstance(failure, NoMessage):
                self._answered(sent_at)  # it lives; what its answers break the calls will show
            else:
                await self._failed(method, sent_at, failure)
        else:
            self._answered(sent_at)

    async def _failed(self, method: str, sent_at: float, failure: LinkFailed) -> None:
        probe_state = self.connection.probe_state
        if failure.retry_after is not None:
            probe_state.spared_until = trio.current_time() + min(failure.retry_after, LONGEST_PAUSE_SECONDS)
        status = failure.status if isinstance(failure, HttpRefused) else None
        is_unfit = status == _BAD_REQUEST or isinstance(failure, NoMessage)
        if status == _BUSY or (is_unfit and probe_state.answers_calls):
            self._answered(sent_at)
            return
        if is_unfit and method == "ping" and self._list_method() != "ping":
            self._method = self._list_method()
            await self._probe(self._method, sent_at)
            return
        await trio.lowlevel.checkpoint()  # a link that has died says so itself, and better
        probe_state.failed(sent_at, self.redact(failure.reason), is_unreachable=failure.never_ran)
        self.connection.stirred.set()

    def _answered(self, sent_at: float) -> None:
        self._has_answered = True
        self.connection.probe_state.answered(sent_at, trio.current_time())
        self.connection.stirred.set()
