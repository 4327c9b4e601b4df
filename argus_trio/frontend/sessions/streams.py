"""The event streams of one `/mcp` session: its own, which a GET carries, and those of its calls in flight."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from argus_trio.errors import InvalidParams
from argus_trio.frontend.sessions.client_requests import STREAM_S, SendMessage
from argus_trio.frontend.sessions.event_store import EventStore, Total
from argus_trio.frontend.sessions.resumable_stream import Feed, ResumableStream


@attrs.define(eq=False)
class Streams:
    """A session's way to its client, and the only way in to its store."""

    _total: Total
    standalone: ResumableStream = attrs.field(init=False)
    """The stream for what belongs to no call."""
    _store: EventStore = attrs.field(init=False)
    _calls: dict[int, ResumableStream] = attrs.field(factory=dict, init=False)
    _feeds: set[Feed] = attrs.field(factory=set, init=False)
    _carried: trio.Event = attrs.field(factory=trio.Event, init=False)
    _ended: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._store = EventStore(self._total)
        self.standalone = ResumableStream(self._store, self._store.open(), on_carried=self._tell_carried)

    @property
    def is_busy(self) -> bool:
        """Whether a connection carries any of them."""
        return bool(self._feeds)

    def open(self, *, on_carried: Callable[[], object]) -> ResumableStream:
        """A new stream, of a call; `on_carried` is called when a GET carries it on."""

        def tell() -> None:
            on_carried()
            self._tell_carried()

        channel = ResumableStream(self._store, self._store.open(), on_carried=tell)
        if self._ended:
            channel.end()
        else:
            self._calls[channel.number] = channel
        return channel

    def settle(self, channel: ResumableStream) -> None:
        """The call has its answer: what it was sent is kept for a client that lost it."""
        self._calls.pop(channel.number, None)
        channel.end()

    def drop(self, channel: ResumableStream) -> None:
        """The call was cancelled: nothing of its stream may be sent any more."""
        self._store.drop(channel.number)
        self.settle(channel)

    def carry(self) -> Feed:
        """Carry the session's own stream, from what nobody had."""
        return self._enter(self.standalone.attach())

    def resume(self, event_id: str) -> Feed:
        """Carry the stream that an event belongs to, from what came after it.

        Raises:
            InvalidParams: there never was such an event, or its stream is forgotten.
        """
        found = self._store.locate(event_id)
        if found is None:
            raise InvalidParams("Last-Event-ID names no event of this session, or one that is too old to go on from")
        stream, number = found
        if stream == self.standalone.number:
            return self._enter(self.standalone.attach(number))
        channel = self._calls.get(stream)
        if channel is None:
            channel = ResumableStream(self._store, stream, on_carried=self._tell_carried)
            channel.end()
        return self._enter(channel.attach(number))

    def release(self, feed: Feed) -> None:
        """The connection that carried something is gone."""
        self._feeds.discard(feed)
        feed.close()

    async def notify(self, message: bytes) -> None:
        """Send on the session's own stream."""
        if not self._ended:
            await self.standalone.send(message)

    async def route(self, channel: ResumableStream | None = None) -> SendMessage | None:
        """Where the client can be asked now: on a call's stream if one carries it, else on the session's own.

        Waits for either at most `STREAM_S`.
        """
        with trio.move_on_after(STREAM_S):
            while not self._ended:
                if channel is not None and channel.is_carried:
                    return channel.send
                if self.standalone.is_carried:
                    return self.notify
                await self._carried.wait()
        return None

    def offer(self, key: str, event: bytes) -> None:
        """Have news told once, on the session's own stream."""
        self.standalone.offer(key, event)

    def close(self) -> None:
        """End the session's own stream after what waits."""
        self.standalone.end()

    def end(self) -> None:
        """The session is over: every stream ends, and everything is forgotten."""
        self._ended = True
        self._tell_carried()
        for channel in (self.standalone, *self._calls.values()):
            channel.end()
        for feed in self._feeds:
            feed.finish()
        self._calls.clear()
        self._store.clear()

    def _enter(self, feed: Feed) -> Feed:
        self._feeds.add(feed)
        return feed

    def _tell_carried(self) -> None:
        self._carried.set()
        self._carried = trio.Event()
