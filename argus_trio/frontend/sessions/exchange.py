"""The live part of a legacy client's call. Where its messages go is decided by the edge that it came in by."""

from __future__ import annotations

from typing import Protocol

import msgspec
import trio

from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.session import Session
from argus_trio.per_call import PerCall
from argus_trio.wire.envelope import Params, encode_notification


class CallStream(Protocol):
    """The stream back to the client for the calls of one POST."""

    async def notify(self, message: bytes) -> None:
        """Send an encoded message on the stream of the POST; may wait for a client that reads slowly."""

    async def route(self) -> SendMessage | None:
        """How to send a request to the client on the nearest stream; None if there is none within a bound."""


class LegacyExchange(PerCall, kw_only=True):
    """An `Exchange`. A call that its client cancelled says nothing more, whatever its handler still does."""

    call: Call
    session: Session
    stream: CallStream
    scope: trio.CancelScope = msgspec.field(default_factory=trio.CancelScope)
    is_silent: bool = False
    record: CallRecord | None = None

    def cancel(self) -> None:
        """The client wants no more of it, or is gone."""
        self.is_silent = True
        if self.record is not None:
            self.record.cut = "session_ended" if self.session.is_over else "cancelled"
        self.scope.cancel()

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification; may wait for a client that reads slowly, and is dropped if nobody can get it."""
        if not self.is_silent:
            await self.stream.notify(encode_notification(method, params))

    async def ask(self, method: str, params: Params) -> bytes:
        """Send a request on the call's stream, or on the standalone one where that is not open; await its answer.

        Raises:
            ClientCannotAnswer: the client did not declare it, or no stream opens in time.
            ClientRefused: the client answered with an error.
        """
        self.session.require(method, params)
        return await self.session.client_requests.ask(self._route, method, params)

    async def _route(self) -> SendMessage | None:
        send = await self.stream.route()
        if send is None:
            return None

        async def send_unless_silent(message: bytes) -> None:
            if not self.is_silent:
                await send(message)

        return send_unless_silent
