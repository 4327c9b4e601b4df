"""The events of streams that were cut, kept in memory for who comes back with a `Last-Event-ID`."""

from __future__ import annotations

from mcp.server.streamable_http import EventCallback, EventId, EventMessage, EventStore, StreamId
from mcp.types import JSONRPCMessage


class Events(EventStore):
    """Every event of this process; for tests, which are short."""

    def __init__(self) -> None:
        self._events: list[tuple[StreamId, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: StreamId, message: JSONRPCMessage | None) -> EventId:
        self._events.append((stream_id, message))
        return str(len(self._events) - 1)

    async def replay_events_after(self, last_event_id: EventId, send_callback: EventCallback) -> StreamId | None:
        last = int(last_event_id) if last_event_id.isdecimal() else len(self._events)
        if last >= len(self._events):
            return None
        stream_id = self._events[last][0]
        for number, (stream, message) in enumerate(self._events[last + 1 :], last + 1):
            if stream == stream_id and message is not None:  # None is the empty event that opens a stream
                await send_callback(EventMessage(message, str(number)))
        return stream_id
