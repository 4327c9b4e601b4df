"""The stream of a legacy session for what belongs to no request."""

from __future__ import annotations

import attrs
import pytest
import trio

from argus_trio.bridge import standalone_stream
from tests.bridge.client import HELLO, INITIALIZED, FakeGateway, bridged, echo, notification, request
from tests.servers.nasty_http import Received, Wire

NOTE = notification("notifications/progress", progressToken=1, progress=1)


async def test_the_sessions_own_stream_is_kept_open_from_where_it_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standalone_stream, "LISTENING", attrs.evolve(standalone_stream.LISTENING, least_seconds=0.0))
    asks: list[str | None] = []

    async def listen(received: Received, wire: Wire) -> None:
        asks.append(received.headers.get("last-event-id"))
        assert received.headers["mcp-session-id"] == "s-1"
        await wire.begin_stream()
        await wire.event(NOTE, more=b"id: e%d\nretry: 0\n" % len(asks))
        if len(asks) == 1:
            await wire.end_stream()
        else:
            await wire.until_closed()

    async with bridged(FakeGateway(echo, listen).handle) as client:
        await client.greet()
        await client.say(INITIALIZED)
        await client.hear(3)
    assert client.lines[1:] == [NOTE, NOTE]
    assert asks == [None, "e1"]


async def test_a_session_has_one_stream_however_often_it_is_initialized() -> None:
    async def listen(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(NOTE)
        await wire.until_closed()

    async with bridged(FakeGateway(echo, listen).handle) as client:
        await client.say(HELLO, INITIALIZED, INITIALIZED, request(1, "ping"))
        await client.hear(3)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert [each.method for each in client.gateway.received].count("GET") == 1


async def test_an_idle_client_has_its_lost_session_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standalone_stream, "LISTENING", attrs.evolve(standalone_stream.LISTENING, first_seconds=0.0))
    broken = trio.Event()

    async def listen(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        if received.headers["mcp-session-id"] == "s-1":
            await wire.event(NOTE)
            await broken.wait()
            wire.keep = False
        else:
            await wire.event(NOTE)
            await wire.until_closed()

    gateway = FakeGateway(echo, listen)
    async with bridged(gateway.handle) as client:
        await client.say(HELLO, INITIALIZED)
        await client.hear(2)
        gateway.alive.clear()
        broken.set()
        await client.hear(3)
    assert client.lines[1:] == [NOTE, NOTE]
    assert gateway.ended == ["s-2"]
