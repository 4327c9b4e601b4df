"""Writes an outbox to a long-lived event stream, with keep-alive comments, until its end or the client's going."""

from __future__ import annotations

import time
from math import inf
from typing import Protocol

import trio

from argus_trio.core.access.principal import Principal
from argus_trio.frontend.http.reply import EVENT_STREAM, KEEP_ALIVE_SECONDS
from argus_trio.frontend.http.request import IncomingRequest, start
from argus_trio.wire.event_stream import COMMENT


class Source(Protocol):
    """What a stream is written from: an outbox, or a feed."""

    async def take(self) -> bytes:
        """Everything that waits, as soon as there is anything; empty at the end."""

    def close(self) -> None:
        """The client is gone. Must not block."""


async def write_stream(request: IncomingRequest, outbox: Source, *, first: bytes = COMMENT, last: bytes = b"") -> None:
    """Answer `request` with `first`, then with what comes into `outbox`, and with `last` once that is closed.

    The client's going closes the outbox: whoever fills it learns of it by `is_closed`. So does the end of the
    credential that opened the stream, or a reload that takes it away: whoever goes on needs another one.
    """
    streams = request.streams
    request.disconnects.on_disconnect(outbox.close)
    if streams is not None:
        streams.enter(request, outbox.close)
    try:
        ends_at = _end_of(request.principal)
        await request.send(start(200, EVENT_STREAM))
        await request.send({"type": "http.response.body", "body": first, "more_body": True})
        del first  # it would be kept as long as the stream waits
        while True:
            chunk = COMMENT
            # Not `move_on_at`, whose generator would be there for each stream as long as it waits.
            with trio.CancelScope(deadline=min(trio.current_time() + KEEP_ALIVE_SECONDS, ends_at)):
                chunk = await outbox.take()
            if not chunk:
                break
            await request.send({"type": "http.response.body", "body": chunk, "more_body": True})
            if trio.current_time() >= ends_at:
                outbox.close()
                ends_at = inf
        request.disconnects.on_disconnect(None)
        await request.send({"type": "http.response.body", "body": last})
    finally:
        if streams is not None:
            streams.leave(request)


def _end_of(principal: Principal) -> float:
    """When the credential of a principal ends, on trio's clock."""
    return inf if principal.expires is None else trio.current_time() + max(0.0, principal.expires - time.time())
