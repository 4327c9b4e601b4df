"""A journal with its readers, and event streams as a client reads them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import msgspec
import trio

from argus_trio.core.figures import Figures
from argus_trio.core.journal import Journal
from argus_trio.frontend.gateway import Management, News
from argus_trio.wire.event_stream import Event, EventParser
from tests.frontend.support.serving import Client, Served, connected

STREAM = "/manage/v1/events/stream"
Json = dict[str, object]


def management_of(*, now: Callable[[], float] = time.time, figures: Figures | None = None) -> Management:
    news = News()
    journal = Journal(now=now, instance="ab12", on_noted=lambda _: news.wake())
    return Management(journal=journal, events=news, instance="ab12", figures=figures or Figures(now=trio.current_time))


@attrs.define(eq=False)
class Stream:
    """An event stream that is being read."""

    client: Client
    status: int
    _parser: EventParser = attrs.field(factory=EventParser, init=False)
    _read: list[Event] = attrs.field(factory=list, init=False)

    async def next(self) -> Event:
        """The next event. Raises: AssertionError at the end of the stream."""
        while not self._read:
            part = await self.client.part()
            assert part, "the stream has ended"
            self._read += self._parser.feed(part)
        return self._read.pop(0)

    async def ended(self) -> None:
        """Read to the end, which brings no event."""
        while part := await self.client.part():
            self._read += self._parser.feed(part)
        assert self._read == []


@asynccontextmanager
async def streaming(served: Served, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    """An event stream that is open within the block."""
    async with connected(served) as client:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        await client.send("GET", STREAM + query, fields)
        status, _ = await client.head()
        yield Stream(client, status)


def data_of(event: Event) -> Json:
    found = msgspec.json.decode(event.data)
    assert isinstance(found, dict)
    return found
