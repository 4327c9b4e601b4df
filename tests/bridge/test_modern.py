"""The bridge of a modern client: headers that its transport does not have, and cancelling by closing."""

from __future__ import annotations

import json

import trio

from tests.bridge.client import META, MODERN, asked, bridged, echo, notification, request, result
from tests.servers.nasty_http import Received, Wire

CALL = request(1, "tools/call", name="größe", arguments={"where": "Köln", "many": 3}, _meta=META)


async def test_a_request_is_posted_with_its_routing_headers_and_without_a_session() -> None:
    async with bridged(echo) as client:
        await client.say(CALL)
        assert (await client.hear(1))[0]["result"] == {"ok": True}
    [post] = client.gateway.received
    assert post.body == CALL
    assert post.headers["mcp-protocol-version"] == MODERN
    assert post.headers["mcp-method"] == "tools/call"
    assert post.headers["mcp-name"] == "=?base64?Z3LDtsOfZQ==?="
    assert "mcp-session-id" not in post.headers


async def test_a_tool_that_was_listed_gets_the_headers_that_it_wants() -> None:
    schema = {"type": "object", "properties": {"where": {"type": "string", "x-mcp-header": "Where"}}}

    async def gateway(received: Received, wire: Wire) -> None:
        await wire.json(result(asked(received)["id"], tools=[{"name": "größe", "inputSchema": schema}]))

    async with bridged(gateway) as client:
        await client.say(request(0, "tools/list", _meta=META))
        await client.hear(1)
        await client.say(CALL)
        await client.hear(2)
    assert client.posts[1].headers["mcp-param-where"] == "=?base64?S8O2bG4=?="


async def test_a_cancellation_closes_the_request_and_is_not_posted() -> None:
    called, closed = trio.Event(), trio.Event()

    async def gateway(received: Received, wire: Wire) -> None:
        if asked(received)["method"] != "tools/call":
            await echo(received, wire)
            return
        called.set()
        await wire.until_closed()
        closed.set()

    async with bridged(gateway) as client:
        await client.say(CALL)
        await called.wait()
        await client.say(notification("notifications/cancelled", requestId=1, _meta=META))
        await closed.wait()
        await client.say(request(1, "ping", _meta=META))
        await client.hear(1)
    assert [json.loads(line)["id"] for line in client.lines] == [1]
    assert [asked(post)["method"] for post in client.posts] == ["tools/call", "ping"]


async def test_a_cancellation_of_what_has_ended_goes_nowhere() -> None:
    async with bridged(echo) as client:
        await client.say(CALL)
        await client.hear(1)
        await client.say(notification("notifications/cancelled", requestId=1))
    assert len(client.posts) == 1


async def test_another_notification_is_posted_in_the_words_of_the_revision() -> None:
    async with bridged(echo) as client:
        await client.say(CALL)
        await client.hear(1)
        await client.say(notification("notifications/x"), request(2, "ping", _meta=META))
        await client.hear(2)
    [told] = [post for post in client.posts if b"notifications/x" in post.body]
    assert (told.headers["mcp-protocol-version"], told.headers["mcp-method"]) == (MODERN, "notifications/x")


async def test_a_listening_request_streams_and_ends_with_the_clients_stdin() -> None:
    note = notification("notifications/tools/list_changed", _meta={"io.modelcontextprotocol/subscriptionId": 1})
    closed = trio.Event()

    async def gateway(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(note)
        await wire.event(note)
        await wire.until_closed()
        closed.set()

    async with bridged(gateway) as client:
        await client.say(request(1, "subscriptions/listen", notifications={}, _meta=META))
        await client.hear(2)
        started = trio.current_time()
    assert trio.current_time() - started < 0.9
    assert client.lines == [note, note]


async def test_a_listening_request_whose_stream_ends_is_answered_with_an_error() -> None:
    async def gateway(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.end_stream()

    async with bridged(gateway) as client:
        await client.say(request(1, "subscriptions/listen", notifications={}, _meta=META))
        [answer] = await client.hear(1)
        assert answer["id"] == 1
        assert "error" in answer


async def test_the_gateways_own_error_passes_whatever_its_status() -> None:
    async def gateway(received: Received, wire: Wire) -> None:
        error = b'{"code":-32022,"message":"no","data":{"supported":[ "x" ]}}'
        await wire.json(b'{"jsonrpc":"2.0","id":null,"error":%b}' % error, status=400)

    async with bridged(gateway) as client:
        await client.say(CALL)
        [answer] = await client.hear(1)
    assert answer == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {"code": -32022, "message": "no", "data": {"supported": ["x"]}},
    }
