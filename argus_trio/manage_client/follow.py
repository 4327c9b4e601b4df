"""An event stream of the gateway that is opened again whenever it ends, behind the last event that came, on trio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import trio

from argus_trio.contract.operation import Operation
from argus_trio.manage_client.client import ANSWER_SECONDS, NOTHING, ApiClient
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.manage_client.requests import ApiQuery
from argus_trio.wire.event_stream import Event

SILENCE_SECONDS: Final = 100.0
"""How long a stream that is followed may say nothing: the gateway says something every 30 s, so nobody is there."""
FOLLOWED_EVENT_BYTES: Final = 16 * 1024 * 1024
"""The largest event of a stream that is followed: figures of thousands of tools, a long line of a log. At a larger one
the stream is taken for broken, which is told."""
FIRST_PAUSE_SECONDS: Final = 0.2
"""How soon it is tried again after a stream has ended; each pause is twice the one before."""
LONGEST_PAUSE_SECONDS: Final = 3.0
"""How long a pause gets: who follows sees the gateway come back soon, and one that is down is left in peace."""


class Follower(Protocol):
    """Who is told of a stream."""

    def opened(self) -> None:
        """It stands, for the first time or again."""

    def came(self, events: list[Event]) -> None:
        """Events of it, in order."""

    def lost(self, failure: CommandFailed, pause: float) -> None:
        """It does not stand, and is tried again after so many seconds."""


async def follow(
    client: ApiClient,
    operation: Operation,
    follower: Follower,
    path: Mapping[str, str] = NOTHING,
    *,
    query: ApiQuery = NOTHING,
    goes_on: Callable[[CommandFailed], bool] = lambda _: True,
) -> None:
    """Follow a stream until cancelled, or until a failure of which `goes_on` says that it does not pass."""
    pause, last_id = 0.0, ""
    while True:
        failure = CommandFailed(f"{client.place.shown} ended the stream")
        try:
            stream = client.stream(
                operation,
                path,
                query=query,
                last_id=last_id,
                begin_seconds=ANSWER_SECONDS,
                silence_seconds=SILENCE_SECONDS,
                event_bytes=FOLLOWED_EVENT_BYTES,
            )
            async with stream as pieces:
                follower.opened()
                pause = 0.0
                async for events in pieces:
                    last_id = next((each.id for each in reversed(events) if each.id), last_id)
                    follower.came(events)
        except CommandFailed as raised:
            failure = raised
        pause = min(max(FIRST_PAUSE_SECONDS, 2 * pause), LONGEST_PAUSE_SECONDS)
        follower.lost(failure, pause)
        if not goes_on(failure):
            return
        await trio.sleep(pause)
