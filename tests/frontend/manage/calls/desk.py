"""A front end without a socket, on any clock, whose calls a test serves; and what comes back by the management API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import cast

import attrs
import msgspec
import trio

from argus_trio.config.model.server import Server
from argus_trio.contract.calls import CALL_EVENTS
from argus_trio.core.access.access import Access
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.record import CallRecord
from argus_trio.core.memory import Memory
from argus_trio.frontend.app import ServedAt, _assembled, _Parts
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.receive_queue import DISCONNECT, AsgiMessage, ReceiveQueue
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.frontend.manage.calls.exchange import ManagedExchange
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.wire.envelope import encode
from argus_trio.wire.event_stream import EventParser
from tests.frontend.support.serving import IDENTITY, WELL

Json = dict[str, object]
EVENTS = "text/event-stream"


@attrs.define(eq=False)
class Posted:
    """One POST and its answer as it comes. While `reads` is not set, nothing of a stream is taken."""

    queue: ReceiveQueue = attrs.field(factory=ReceiveQueue)
    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    reads: trio.Event = attrs.field(factory=trio.Event)
    ended: trio.Event = attrs.field(factory=trio.Event)
    _came: trio.Event = attrs.field(factory=trio.Event)

    async def send(self, message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
            assert isinstance(status, int)
            assert isinstance(headers, list | tuple)
            self.status, self.headers = status, {name.decode(): value.decode() for name, value in headers}
            return
        await self.reads.wait()
        part = message["body"]
        assert isinstance(part, bytes)
        self.body += part
        self._came.set()
        self._came = trio.Event()

    async def go(self) -> None:
        """Who asked goes."""
        await self.queue.put(DISCONNECT)
        self.reads.set()

    @property
    def events(self) -> list[tuple[str, Json]]:
        """The events so far: name and data, each as the contract has it."""
        events = [event for event in EventParser().feed(self.body) if event.data]
        for event in events:
            if event.event not in ("result", "error"):
                msgspec.json.decode(event.data, type=CALL_EVENTS[event.event])
        return [(event.event, json.loads(event.data)) for event in events]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    async def until(self, name: str, count: int = 1) -> Json:
        """The data of the latest event of this name, once there are so many."""
        while self.names.count(name) < count:
            await self._came.wait()
        return [data for each, data in self.events if each == name][-1]

    @property
    def answer(self) -> Json:
        answer = json.loads(self.body)
        assert isinstance(answer, dict)
        return answer

    @property
    def problem(self) -> tuple[int, object]:
        return self.status, self.answer["error"]


@attrs.define(eq=False, kw_only=True)
class Desk:
    """The front end. Whoever asks is called what the header `x-who` says."""

    parts: _Parts
    nursery: trio.Nursery
    memory: Memory

    def begin(
        self, path: str, body: object, *, who: str = "ada", accept: str = "*/*", reads: bool = True, **headers: str
    ) -> Posted:
        """Post something; the answer comes in the background."""
        posted = Posted()
        if reads:
            posted.reads.set()
        fields = {"host": "127.0.0.1", "content-type": "application/json", "accept": accept, "x-who": who}
        encoded = body if isinstance(body, bytes) else encode(body)
        self.nursery.start_soon(self._serve, posted, path, {**fields, **headers}, encoded)
        return posted

    async def post(self, path: str, body: object, *, who: str = "ada", accept: str = "*/*") -> Posted:
        """Post something; its whole answer."""
        posted = self.begin(path, body, who=who, accept=accept)
        await posted.ended.wait()
        return posted

    def calling(self, tool: str = "t", **more: object) -> Posted:
        """A call on an event stream."""
        return self.begin("/tools/call", {"tool": tool, **more}, accept=EVENTS)

    async def _serve(self, posted: Posted, path: str, fields: Mapping[str, str], body: bytes) -> None:
        await posted.queue.put({"type": "http.request", "body": body, "more_body": False})
        await self.parts.application(
            {
                "method": "POST",
                "path": f"/manage/v1{path}",
                "query_string": b"",
                "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()],
                "extensions": {DISCONNECT_EXTENSION: posted.queue},
            },
            posted.queue.receive,
            posted.send,
        )
        posted.ended.set()


@attrs.define(eq=False)
class Backstage:
    """What is behind the front end: each call does what its tool is."""

    calls: list[Call] = attrs.field(factory=list)
    tools: dict[str, Callable[[Exchange], Awaitable[bytes]]] = attrs.field(factory=dict)
    cancelled: trio.Event = attrs.field(factory=trio.Event)

    async def __call__(self, exchange: Exchange) -> bytes:
        cast("ManagedExchange", exchange).record = CallRecord(backend="files")
        self.calls.append(exchange.call)
        await trio.lowlevel.checkpoint()
        name = json.loads(bytes(exchange.call.params.get("name", b'"t"')))
        if name in self.tools:
            return await self.tools[name](exchange)
        return b'{"content":[]}'

    async def wait(self, _: Exchange) -> bytes:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            self.cancelled.set()
            raise
        raise AssertionError


async def by_header(arrival: RequestArrival) -> Principal:
    return Principal(name=arrival.fields[b"x-who"].decode())


@asynccontextmanager
async def desk(
    handler: Handler, *, limit: int = 256 * 1024 * 1024, server: Server | None = None
) -> AsyncIterator[Desk]:
    """The front end with this handler behind it, for the length of the block."""
    server = server or Server()
    access = Access(admit=by_header, views=frozenset({"safe"}))
    settings = CurrentSettings(ServedSettings.of(server, access=access))
    gateway = Gateway(handler=handler, identity=lambda _: IDENTITY, health=lambda: WELL)
    memory = Memory(lambda: limit)
    parts = _assembled(gateway, Announcer(), settings, make_seal=AesGcmSeal, memory=memory, served=ServedAt())
    async with trio.open_nursery() as nursery:
        yield Desk(parts=parts, nursery=nursery, memory=memory)
        nursery.cancel_scope.cancel()
