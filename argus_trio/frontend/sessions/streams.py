"""The event streams of one `/mcp` session: the standalone one, which a GET carries, and those of its calls."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from argus_trio.core.memory import Memory
from argus_trio.errors import InvalidParams
from argus_trio.frontend.sessions.client_requests import STREAM_SECONDS, SendMessage
from argus_trio.frontend.sessions.event_store import EventStore
from argus_trio.frontend.sessions.resumable_stream import Feed, ResumableStream


@attrs.define(eq=False, repr=False)
class Streams:
    """The streams of one session by which its client is reached. Nobody else writes to its store."""

    _memory: Memory
    standalone: ResumableStream = attrs.field(init=False)
    """The stream for what belongs to no call."""
    _store: EventStore = attrs.field(init=False)
    _calls: dict[int, ResumableStream] = attrs.field(factory=dict, init=False)
    _feeds: set[Feed] = attrs.field(factory=set, init=False)
    _carried: trio.Event | None = attrs.field(default=None, init=False)
    """What those wait for who look for a stream; None where nobody does."""
    _ended: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._store = EventStore(self._memory)
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

        stream = ResumableStream(self._store, self._store.open(), on_carried=tell)
        if self._ended:
            stream.end()
        else:
            self._calls[stream.number] = stream
        return stream

    def settle(self, stream: ResumableStream) -> None:
        """End the stream of a call that has its answer: what was sent stays for a client that lost it."""
        self._calls.pop(stream.number, None)
        stream.end()

    def drop(self, stream: ResumableStream) -> None:
        """End the stream of a call that was cancelled: nothing of it may be sent any more."""
        self._store.drop(stream.number)
        self.settle(stream)

    def carry(self) -> Feed:
        """Carry the standalone stream, from what nobody had."""
        return self._enter(self.standalone.attach())

    def resume(self, event_id: str) -> Feed:
        """Carry the stream that an event belongs to, from what came after it.

        Raises:
            InvalidParams: there never was such an event, or its stream is forgotten.
        """
        found = self._store.locate(event_id)
        if found is None:
            raise InvalidParams("Last-Event-ID names no event of this session, or one that is too old to go on from")
        named, number = found
        if named == self.standalone.number:
            return self._enter(self.standalone.attach(number))
        stream = self._calls.get(named)
        if stream is None:
            stream = ResumableStream(self._store, named, on_carried=self._tell_carried)
            stream.end()
        return self._enter(stream.attach(number))

    def release(self, feed: Feed) -> None:
        """Take back what a connection carried that is gone."""
        self._feeds.discard(feed)
        feed.close()

    async def notify(self, message: bytes) -> None:
        """Send on the standalone stream."""
        if not self._ended:
            await self.standalone.send(message)

    async def route(self, stream: ResumableStream | None = None) -> SendMessage | None:
        """Where the client can be asked now: on a call's stream if one carries it, else on the standalone one.

        Waits for either at most `STREAM_SECONDS`.
        """
        with trio.move_on_after(STREAM_SECONDS):
            while not self._ended:
                if stream is not None and stream.is_carried:
                    return stream.send
                if self.standalone.is_carried:
                    return self.notify
                if self._carried is None:
                    self._carried = trio.Event()
                await self._carried.wait()
        return None

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once on the standalone stream, however often it is offered under `key` until then."""
        self.standalone.offer(key, event)

    def give_up(self) -> int:
        """Forget every event that is stored, delivered or not; how many bytes they were."""
        size = self._store.size
        self._store.forget_events()
        return size

    def close(self) -> None:
        """End the standalone stream after what waits."""
        self.standalone.end()

    def end(self) -> None:
        """End every stream and forget everything: the session is over."""
        self._ended = True
        self._tell_carried()
        for stream in (self.standalone, *self._calls.values()):
            stream.end()
        for feed in self._feeds:
            feed.finish()
        self._calls.clear()
        self._store.clear()

    def _enter(self, feed: Feed) -> Feed:
        self._feeds.add(feed)
        return feed

    def _tell_carried(self) -> None:
        if self._carried is not None:
            self._carried.set()
            self._carried = None
