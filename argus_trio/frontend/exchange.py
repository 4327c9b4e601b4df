"""The live part of a call at the front end: the call itself, and the way back to the client that made it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from argus_trio.core.call.exchange import Call
from argus_trio.errors import ClientCannotAnswer
from argus_trio.wire.envelope import Params, encode_notification

Notify = Callable[[bytes], Awaitable[None]]
"""Sends one encoded message to the client, on the stream of the request that it belongs to."""


@attrs.define(eq=False)
class ClientExchange:
    """An `Exchange` of any edge; `send` is what makes the difference between them."""

    call: Call
    send: Notify

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification; may wait for a client that reads slowly, and is dropped if it is gone."""
        await self.send(encode_notification(method, params))

    async def ask(self, method: str, params: Params) -> bytes:  # noqa: ARG002 - no edge can ask yet
        raise ClientCannotAnswer(method, "asks are not carried yet")
