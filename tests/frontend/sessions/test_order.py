"""What a session is told outside calls reaches its client in order, over both of its transports."""

from __future__ import annotations

import pytest
import trio

from argus_trio.core.call.exchange import ClientSession
from argus_trio.frontend.sessions.event_store import MAX_EVENTS
from argus_trio.wire.envelope import encode_raw
from tests.frontend.support.asking import messages, own_stream
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import Client, Served, call, connected, events_in, initialized, post, serving

BURST = 3 * MAX_EVENTS


async def told_in_order(served: Served, client: Client) -> None:
    session: ClientSession | None = served.backstage.calls[0].call.client
    assert session is not None

    async def tell() -> None:
        for number in range(BURST):
            await session.notify("notifications/message", {"data": encode_raw(number)})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell)
        stream = b""
        while stream.count(b"data: {") < BURST or not stream.endswith(b"\n\n"):
            stream += await client.part()
    assert [message["params"] for message in events_in(stream)] == [{"data": number} for number in range(BURST)]


@pytest.mark.parametrize("revision", ["2025-03-26", "2025-11-25"])
async def test_a_burst_of_log_messages_comes_in_order_on_the_stream_of_a_get(revision: str) -> None:
    async with serving() as served, connected(served) as client:
        headers = await initialized(served, revision)
        await post(served, call("echo"), headers)
        await own_stream(served, client, headers)
        await told_in_order(served, client)


async def test_a_burst_of_log_messages_comes_in_order_over_sse() -> None:
    async with serving() as served, conversing(served) as (client, path):
        await say(served, path, call("echo"))
        await messages(client, 1)
        await told_in_order(served, client)
