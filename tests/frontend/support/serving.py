"""A front end on a real socket with a fake handler behind it, and a plain HTTP client to ask it anything at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

import attrs
import h11
import msgspec
import trio

from argus_trio.config.model.server import Server
from argus_trio.core.call.abilities import Audience
from argus_trio.core.call.exchange import ClientSession as Caller
from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.health.health import Health, Overview
from argus_trio.core.memory import Memory
from argus_trio.errors import BackendError, InvalidParams, MethodUnknown
from argus_trio.frontend.app import run_frontend
from argus_trio.frontend.gateway import (
    Control,
    Gateway,
    Management,
    ParamHeadersOf,
    WatchFunction,
    empty_overview,
    never_comes_round,
    nothing_shown,
    watch_nothing,
)
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.frontend.server.socket_activation import Inherited
from argus_trio.wire.envelope import Params, decode_object, encode, encode_raw

DEADLINE_SECONDS = 10.0
SPOKEN: list[Literal["lean", "hypercorn"]] = ["lean"]
"""Which HTTP/1.1 the front end speaks: the last one. `tests/frontend/server` runs each test with both."""
JSON = "application/json"
BOTH = "application/json, text/event-stream"
MODERN = "2026-07-28"
HASTY = Limits(body_bytes=1024, body_stall=0.1, head=0.1, keep_alive=0.1, write=0.2)
WELL = Health(total=1, connected=1, healthy=1, starting=0)
IDENTITY = GatewayIdentity(version="1.2.3", instructions="be kind")

META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def speaking_http() -> Literal["lean", "hypercorn"]:
    return SPOKEN[-1]


@attrs.define
class Backstage:
    """A fake of all that is behind the front end: what it saw, and handles on its calls that wait."""

    calls: list[Exchange] = attrs.field(factory=list)
    waiting: trio.Event = attrs.field(factory=trio.Event)
    go_on: trio.Event = attrs.field(factory=trio.Event)
    cancelled: trio.Event = attrs.field(factory=trio.Event)
    told: list[tuple[Caller, str, Params]] = attrs.field(factory=list)
    released: list[Caller] = attrs.field(factory=list)

    def tell(self, client: Caller, method: str, params: Params) -> None:
        self.told.append((client, method, params))

    async def handle(self, exchange: Exchange) -> bytes:
        self.calls.append(exchange)
        call = exchange.call
        if call.method == "tools/list":
            return b'{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}'
        if call.method == "subscriptions/listen":
            return b"{}"
        if call.method != "tools/call":
            raise MethodUnknown(f"unknown method {call.method}")
        return await self.tool(exchange, msgspec.json.decode(call.params["name"]))

    async def tool(self, exchange: Exchange, name: str) -> bytes:
        match name:
            case "echo":
                arguments = bytes(exchange.call.params.get("arguments", b"{}")).decode()
                return encode({"content": [{"type": "text", "text": arguments}]})
            case "wait":
                self.waiting.set()
                try:
                    await self.go_on.wait()
                except trio.Cancelled:
                    self.cancelled.set()
                    raise
                return b'{"content":[]}'
            case "progress":
                token = decode_object(exchange.call.params["_meta"])["progressToken"]
                await exchange.notify("notifications/progress", {"progressToken": token, "progress": encode_raw(1)})
                return b'{"content":[]}'
            case "big":
                return encode({"content": [{"type": "text", "text": "x" * 5_000_000}]})
            case "flood":
                self.waiting.set()
                try:
                    while True:
                        await exchange.notify(
                            "notifications/message", {"level": encode_raw("info"), "data": encode_raw("x" * 100_000)}
                        )
                finally:
                    self.cancelled.set()
            case "broken":
                raise ZeroDivisionError("the secret of a handler")
            case "refused":
                raise BackendError(b'{"code":-32002,"message":"gone","data":{"x":1}}')
            case _:
                raise InvalidParams(f"unknown tool {name}")


@attrs.frozen
class Served:
    """A front end that is up."""

    url: str
    stop: trio.Event
    stopped: trio.Event
    announcer: Announcer
    backstage: Backstage
    settings: CurrentSettings

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


@asynccontextmanager
async def serving(
    *,
    settings: Server | None = None,
    health: Health = WELL,
    comes_round: Callable[[str], bool] = never_comes_round,
    management: Management | None = None,
    limits: Limits | None = None,
    backstage: Backstage | None = None,
    handler: Handler | None = None,
    watch: WatchFunction = watch_nothing,
    watch_tasks: WatchFunction = watch_nothing,
    param_headers: ParamHeadersOf | None = None,
    control: Control | None = None,
    overview: Callable[[], Overview] = empty_overview,
    identity: Callable[[], GatewayIdentity] = lambda: IDENTITY,
    counts: Callable[[Audience], Mapping[str, int]] = nothing_shown,
    inherited: Sequence[Inherited] = (),
    memory: Memory | None = None,
) -> AsyncIterator[Served]:
    """Serve within the block; what is left at its end is cut. All of it within `DEADLINE_SECONDS`.

    `handler` stands in for the backstage's own.
    """
    backstage, announcer = backstage or Backstage(), Announcer()
    stop, stopped = trio.Event(), trio.Event()
    current = CurrentSettings(ServedSettings.of(attrs.evolve(settings or Server(port=0), http=speaking_http()), limits))

    async def run(task_status: trio.TaskStatus[tuple[str, ...]]) -> None:
        gateway = Gateway(
            handler=handler or backstage.handle,
            identity=lambda _: identity(),
            health=lambda: health,
            comes_round=comes_round,
            counts=counts,
            management=management or Management(),
            watch=watch,
            watch_tasks=watch_tasks,
            param_headers=param_headers,
            control=control,
            overview=overview,
            tell=backstage.tell,
            release=backstage.released.append,
        )
        await run_frontend(
            gateway,
            announcer=announcer,
            settings=current,
            stop=stop,
            make_seal=AesGcmSeal,
            inherited=inherited,
            memory=memory,
            task_status=task_status,
        )
        stopped.set()

    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            urls = await nursery.start(run)
            yield Served(urls[0], stop, stopped, announcer, backstage, current)
            nursery.cancel_scope.cancel()


@attrs.frozen
class Answer:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found = msgspec.json.decode(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> tuple[int, str]:
        error = self.json["error"]
        assert isinstance(error, dict)
        return error["code"], error["message"]


class Client:
    """One connection to the front end."""

    def __init__(self, stream: trio.SocketStream, authority: str) -> None:
        self.stream = stream
        self._authority = authority
        self._h11 = h11.Connection(h11.CLIENT)

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request and its whole response."""
        await self.send(method, path, headers, body)
        status, found = await self.head()
        parts = [part async for part in self.parts()]
        self._h11.start_next_cycle() if self._h11.their_state is h11.DONE else None
        return Answer(status, found, b"".join(parts))

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """A request alone."""
        fields = {"host": self._authority, **(headers or {})}
        if body and "transfer-encoding" not in fields:
            fields["content-length"] = str(len(body))
        data = self._h11.send(h11.Request(method=method, target=path, headers=list(fields.items()))) or b""
        if body:
            data += self._h11.send(h11.Data(data=body)) or b""
        await self.stream.send_all(data + (self._h11.send(h11.EndOfMessage()) or b""))

    async def head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers of the response."""
        event = await self._next()
        assert isinstance(event, h11.Response), event
        return event.status_code, {name.decode(): value.decode() for name, value in event.headers}

    async def parts(self) -> AsyncGenerator[bytes]:
        """The body as it comes."""
        while True:
            event = await self._next()
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)

    async def part(self) -> bytes:
        """The next part of the body, empty at its end."""
        event = await self._next()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def _next(self) -> object:
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._h11.receive_data(await self.stream.receive_some())


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[Client]:
    """A connection that is open within the block."""
    async with await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
        yield Client(stream, f"127.0.0.1:{served.port}")


async def ask(
    served: Served, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Answer:
    """One request on a connection of its own."""
    async with connected(served) as client:
        return await client.ask(method, path, headers, body)


def rpc(method: str, params: Mapping[str, object] | None = None, message_id: object = 1) -> bytes:
    """An encoded request; a notification where `message_id` is None."""
    message: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    if message_id is not None:
        message["id"] = message_id
    return encode(message)


def call(name: str, message_id: object = 1, **more: object) -> bytes:
    """An encoded legacy `tools/call`."""
    return rpc("tools/call", {"name": name, **more}, message_id)


async def post(served: Served, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """POST `body` to `/mcp` as a well-behaved client does, with `headers` beside or instead."""
    return await ask(served, "POST", "/mcp", {"accept": BOTH, "content-type": JSON, **(headers or {})}, body)


async def initialized(served: Served, revision: str = "2025-11-25") -> dict[str, str]:
    """The headers of a new legacy session."""
    hello = {"protocolVersion": revision, "capabilities": {"roots": {}}, "clientInfo": {"name": "t", "version": "1"}}
    answer = await post(served, rpc("initialize", hello))
    assert answer.status == 200, answer
    return {
        "mcp-session-id": answer.headers["mcp-session-id"],
        "mcp-protocol-version": revision,
        "accept": BOTH,
        "content-type": JSON,
    }


def modern(
    method: str, params: Mapping[str, object] | None = None, message_id: object = 1, *, can: Sequence[str] = ()
) -> bytes:
    """An encoded modern request, of a client that can be asked `can`."""
    meta = {**META, "io.modelcontextprotocol/clientCapabilities": {each: {} for each in can}}
    return rpc(method, {**(params or {}), "_meta": meta}, message_id)


def modern_headers(method: str, name: str | None = None) -> dict[str, str]:
    """The headers that go with a modern request."""
    headers = {"accept": BOTH, "content-type": JSON, "mcp-protocol-version": MODERN, "mcp-method": method}
    return headers if name is None else {**headers, "mcp-name": name}


def events_in(stream: bytes) -> Sequence[dict[str, object]]:
    """The messages of an event stream; an event without data is none."""
    return [
        msgspec.json.decode(line.removeprefix(b"data: "))
        for line in stream.split(b"\n")
        if line.startswith(b"data: ") and line != b"data: "
    ]


def ids_in(stream: bytes) -> Sequence[str]:
    """The ids of the events of a stream."""
    return [line.removeprefix(b"id: ").decode() for line in stream.split(b"\n") if line.startswith(b"id: ")]
