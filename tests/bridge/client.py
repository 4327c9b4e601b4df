"""A client in memory with a bridge before it, and a gateway behind that whose every byte a test decides."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.bridge.bridge import Bridge, bridging
from argus_trio.bridge.carrier import Carrier
from argus_trio.bridge.gateway_wait import GatewayWait
from argus_trio.net.http_client import open_http_client
from tests.servers.nasty_http import Handler, NastyServer, Received, Wire, nasty_server

Json = dict[str, object]

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
META: Json = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
HELLO = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"capabilities":{}}}'
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
LIMIT_SECONDS = 20.0


def request(message_id: object, method: str, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}).encode()


def notification(method: str, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()


def result(message_id: object, **members: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": message_id, "result": members}).encode()


def asked(received: Received) -> Json:
    """The message in a POST."""
    message = json.loads(received.body)
    assert isinstance(message, dict)
    return message


@attrs.define(eq=False)
class Client:
    """What the client has been told, and the bridge to say things to."""

    bridge: Bridge
    gateway: NastyServer
    lines: list[bytes]
    _heard: list[trio.Event]

    async def say(self, *lines: bytes) -> None:
        for line in lines:
            await self.bridge.accept(line)

    async def hear(self, count: int) -> list[Json]:
        """The first `count` lines."""
        while len(self.lines) < count:
            await self._heard[0].wait()
        return [json.loads(line) for line in self.lines[:count]]

    async def greet(self) -> None:
        await self.say(HELLO)
        assert (await self.hear(1))[0]["id"] == 0

    @property
    def posts(self) -> list[Received]:
        return [received for received in self.gateway.received if received.method == "POST"]


@attrs.define(eq=False)
class FakeGateway:
    """A gateway with sessions `s-1`, `s-2`, …; `serve` answers what is no greeting, `listen` a GET."""

    serve: Handler
    listen: Handler | None = None
    revision: str = LEGACY
    alive: set[str] = attrs.field(factory=set)
    greeted: int = 0
    ended: list[str] = attrs.field(factory=list)

    async def handle(self, received: Received, wire: Wire) -> None:
        session = received.headers.get("mcp-session-id")
        if received.method == "DELETE":
            self.ended.append(session or "")
            await wire.reply(204)
        elif session is not None and session not in self.alive:
            await wire.json(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"gone"}}', status=404)
        elif received.method == "GET":
            await (self.listen(received, wire) if self.listen else wire.reply(405))
        elif b'"initialize"' in received.body:
            self.greeted += 1
            name = f"s-{self.greeted}"
            self.alive.add(name)
            answer = result(asked(received)["id"], protocolVersion=self.revision)
            await wire.json(answer, more=f"mcp-session-id: {name}\r\n")
        elif b'"method"' in received.body and b'"id"' in received.body:
            await self.serve(received, wire)
        else:
            await wire.reply(202)


async def echo(received: Received, wire: Wire) -> None:
    message = asked(received)
    await (wire.json(result(message["id"], ok=True)) if "id" in message else wire.reply(202))


@asynccontextmanager
async def bridged(
    handler: Handler, *, headers: Mapping[str, str] | None = None, wait_seconds: float = 2 * LIMIT_SECONDS
) -> AsyncIterator[Client]:
    """A client of a gateway that is `handler`. Leaving the block is the end of its stdin.

    What waits for the gateway for no reason waits for too long.
    """
    lines: list[bytes] = []
    heard = [trio.Event()]

    async def write(line: bytes) -> None:
        await trio.lowlevel.checkpoint()
        assert b"\n" not in line
        lines.append(line)
        heard[0].set()
        heard[0] = trio.Event()

    with trio.fail_after(LIMIT_SECONDS):
        async with nasty_server(handler) as server:
            opening = open_http_client(server.url, name="gateway", headers=headers or {})
            async with opening as client:
                carrier = Carrier(client, GatewayWait(server.origin, wait_seconds))
                async with bridging(carrier, write) as bridge:
                    yield Client(bridge, server, lines, heard)
