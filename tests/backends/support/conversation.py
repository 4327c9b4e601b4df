"""What tests of the links share: envelopes by hand, an inbox that remembers, and the specs of backends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.backends.links.hearing import DEFAULT_BYTES
from argus_trio.backends.links.intake import Intake
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.streamable_http import open_streamable_http
from argus_trio.config.model.backend import ClientTls, HttpBackend, SseBackend
from argus_trio.config.model.operation import Bounds, Timeouts
from argus_trio.wire.envelope import Notification, Request, Response, decode_object, encode_request
from argus_trio.wire.headers import Headers, routing_headers
from tests.servers.nasty_http import Handler, NastyServer, Received, Wire, nasty_server

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
VERSION: Headers = (("mcp-protocol-version", LEGACY),)
OK = b'{"jsonrpc":"2.0","id":1,"result":{}}'
NOTE = b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}'


@attrs.define(eq=False)
class Remembered:
    """An inbox that keeps everything, in order."""

    messages: list[tuple[Request | Notification, int | None]] = attrs.field(factory=list)
    _changed: trio.Event = attrs.field(factory=trio.Event)

    async def __call__(self, message: Request | Notification, within: int | None) -> None:
        self.messages.append((message, within))
        self._changed.set()
        self._changed = trio.Event()

    async def until(self, count: int) -> None:
        while len(self.messages) < count:
            await self._changed.wait()

    @property
    def methods(self) -> list[tuple[str, int | None]]:
        return [(message.method, within) for message, within in self.messages]


def http_spec(
    url: str, *, headers: Mapping[str, str] | None = None, tls: ClientTls | None = None, limit: int = DEFAULT_BYTES
) -> HttpBackend:
    return HttpBackend(name="far", url=url, headers=headers or {}, tls=tls or ClientTls(), limits=Bounds(message=limit))


def sse_spec(url: str, *, connect: float = 5.0, limit: int = DEFAULT_BYTES) -> SseBackend:
    return SseBackend(name="far", url=url, timeouts=Timeouts(connect=connect), limits=Bounds(message=limit))


def ask(message_id: int, method: str = "tools/list", *, headers: Headers = (), **params: object) -> Outgoing:
    body = encode_request(b"%d" % message_id, method, decode_object(json.dumps(params).encode()))
    return Outgoing(id=message_id, body=body, headers=headers)


def ask_modern(message_id: int, method: str, **params: object) -> Outgoing:
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        **(params.pop("meta", None) or {}),  # type: ignore[dict-item]  # a mapping by convention
    }
    fields = decode_object(json.dumps({**params, "_meta": meta}).encode())
    body = encode_request(b"%d" % message_id, method, fields)
    return Outgoing(id=message_id, body=body, headers=routing_headers(MODERN, method, fields))


def handshake(message_id: int = 1, **capabilities: object) -> Outgoing:
    info = {"name": "test", "version": "1"}
    return ask(message_id, "initialize", protocolVersion=LEGACY, capabilities=capabilities, clientInfo=info)


def result_of(answer: object) -> dict[str, object]:
    assert isinstance(answer, Response), answer
    result = json.loads(answer.result)
    assert isinstance(result, dict)
    return result


@asynccontextmanager
async def linked(
    handler: Handler,
    *,
    headers: Mapping[str, str] | None = None,
    limit: int = DEFAULT_BYTES,
    intake: Intake | None = None,
) -> AsyncIterator[tuple[Link, Remembered, NastyServer]]:
    inbox = Remembered()
    with trio.fail_after(10):
        async with (
            nasty_server(handler) as server,
            open_streamable_http(http_spec(server.url, headers=headers, limit=limit), inbox, intake=intake) as link,
        ):
            yield link, inbox, server


def saying(body: bytes, *, status: int = 200, kind: str = "application/json", more: str = "") -> Handler:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.reply(status, body, kind=kind, more=more)

    return handler
