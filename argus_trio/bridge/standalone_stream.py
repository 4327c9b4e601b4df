"""The stream of a legacy session for what belongs to no request, kept open while the session is the current one.

(2025-11-25, Streamable HTTP, Listening for Messages from the Server.)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import structlog
import trio

from argus_trio.bridge.carrier import Carrier, GatewaySessionLost
from argus_trio.bridge.gateway_session import GatewaySession
from argus_trio.bridge.pipes import Write
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.reconnect import Reconnect, ReconnectPace, is_final
from argus_trio.wire.event_stream import EventParser

log = structlog.get_logger()

LISTENING: Final = ReconnectPace(first_seconds=0.5, longest_seconds=5.0, least_seconds=0.1)
"""Never given up, and soon open again once a gateway that was restarted is back."""


@attrs.define(eq=False, repr=False, kw_only=True)
class GatewayStream:
    """The stream of one session."""

    _carrier: Carrier
    _write: Write
    _session: GatewaySession
    _is_current: Callable[[], bool]
    """Whether the session is still the client's."""
    _replace: Callable[[], Awaitable[bool]]
    """Opens another session in place of this one, which was lost, and with it another stream; whether it could."""

    async def keep_open(self) -> None:
        """Hand on what comes, and open the stream again from where it broke off.

        Returns when the session is another one, or the gateway has no such stream.
        """
        parser = EventParser()
        reconnect = Reconnect(LISTENING)
        is_known = False
        while self._is_current():
            has_brought = False
            try:
                async with self._carrier.get(self._session.headers, parser) as answer:
                    is_known = True
                    while (message := await answer.next()) is not None:
                        has_brought = True
                        await self._write(message.raw)
            except GatewaySessionLost:
                if not is_known or await self._replace():
                    return
            except LinkFailed as failure:
                if isinstance(failure, HttpRefused) and is_final(failure):
                    log.debug("gateway_has_no_stream", status=failure.status)
                    return
                log.debug("stream_broke", reason=failure.reason)
            reconnect.ended(has_brought=has_brought)
            await trio.sleep(reconnect.wait_seconds(parser.retry))
