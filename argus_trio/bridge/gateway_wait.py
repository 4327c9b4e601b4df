"""Waiting for a gateway that is not there yet, or is not there again: until it takes connections, or time is up.

Only what provably did not reach a gateway is tried again, for nobody listened at its address. Whatever a gateway, or
whoever stands in its place, answers ends the waiting, be it a refusal. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import structlog
import trio

from argus_trio.bridge.defaults import WAIT_SECONDS
from argus_trio.errors import LinkFailed
from argus_trio.net.dial import NobodyListens
from argus_trio.net.reconnect import Reconnect, ReconnectPace

log = structlog.get_logger()

TRYING: Final = ReconnectPace(first_seconds=0.1, longest_seconds=1.0, least_seconds=0.1)
"""How often it is tried: a client waits for the first answer, and a refused connection costs next to nothing."""
ADVICE: Final = "start it with 'argus-trio serve', or say with --url or $ARGUS_URL where it is"
"""What to do about a gateway that is not there."""

Work = Callable[[], Awaitable[None]]
"""Carries one message; may be called again if it raised `NobodyListens`."""


@attrs.define(eq=False, repr=False)
class GatewayWait:
    """The waiting of one bridge for its gateway. Each message waits `seconds` at most, from when the client said it."""

    origin: str
    """The gateway's origin, for the log."""
    seconds: float = WAIT_SECONDS
    _there: trio.Event | None = attrs.field(default=None, init=False)
    """Set once the gateway is there; None as long as it is not known to be away."""
    _is_over: bool = attrs.field(default=False, init=False)

    def until(self) -> float:
        """The time until which a message that the client says now waits, on trio's clock."""
        return trio.current_time() + self.seconds

    async def carry(self, work: Work, until: float) -> None:
        """Do `work`, and again for as long as nobody listens at the gateway's address: the last time at `until`.

        Raises:
            LinkFailed: of `work`; if nobody listened up to the end, with what to do.
        """
        trying = Reconnect(TRYING)
        while True:
            try:
                return await work()
            except NobodyListens as failure:
                now = trio.current_time()
                if now >= until or self._is_over:
                    waited = min(now, until) - (until - self.seconds)
                    told = f"; it was waited for {waited:.0f} s (--wait)" if waited >= 0.5 else ""
                    raise LinkFailed(f"{failure.reason}{told}; {ADVICE}", never_ran=True) from None
                there = self._away(failure)
            trying.ended(has_brought=False)
            with trio.move_on_at(min(until, now + trying.wait_seconds())):
                await there.wait()

    def reached(self) -> None:
        """Note that something at the gateway's address has answered: whatever waits is tried at once."""
        if self._there is not None:
            self._there.set()
            self._there = None
            log.warning("gateway_reached", gateway=self.origin)

    def end(self) -> None:
        """Wait for nothing any more: what nobody listens to fails at once from here on."""
        self._is_over = True
        if self._there is not None:
            self._there.set()

    def _away(self, failure: NobodyListens) -> trio.Event:
        if self._there is None:
            self._there = trio.Event()
            # A warning, so that both are shown by default: whoever looks why nothing happens finds this.
            log.warning("gateway_awaited", gateway=self.origin, reason=failure.reason, seconds=self.seconds)
        return self._there
