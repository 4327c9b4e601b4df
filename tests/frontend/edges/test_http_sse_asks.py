"""Asks of clients on `/sse`, through real sockets: everything goes on the one stream."""

from __future__ import annotations

import msgspec
import pytest
import trio

from argus_trio.wire.envelope import encode
from tests.frontend.support.asking import ALL, ASKS, Asker, asking, messages
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import Client, Served, call, rpc, serving


async def introduce(served: Served, client: Client, path: str) -> None:
    """Say what the client can do."""
    hello = {"protocolVersion": "2024-11-05", "capabilities": ALL}
    assert (await say(served, path, rpc("initialize", hello, 0))).status == 202
    await messages(client, 1)


@pytest.mark.parametrize("method", ASKS)
async def test_an_ask_goes_out_on_the_stream_and_its_answer_comes_back(method: str) -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, conversing(served) as (client, path):
        await introduce(served, client, path)
        await say(served, path, asking(method, message_id="c"))
        (asked,) = await messages(client, 1)
        assert asked["method"] == method
        assert (
            await say(served, path, encode({"jsonrpc": "2.0", "id": asked["id"], "result": {"x": 1}}))
        ).status == 202
        (result,) = await messages(client, 1)
        assert result["id"] == "c"
        assert asker.outcomes == [b'{"x":1}']
        await asker.settled()


async def test_the_session_itself_is_asked_and_told_on_the_stream() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, conversing(served) as (client, path):
        await introduce(served, client, path)
        await say(served, path, rpc("tools/list"))
        await messages(client, 1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asker.ask, asker.session(), "roots/list", msgspec.Raw(b"{}"))
            (asked,) = await messages(client, 1)
            await say(served, path, encode({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": 1}}))
        assert asker.outcomes == [b'{"code":1}']
        await asker.session().notify("notifications/message", {})
        assert (await messages(client, 1))[0]["method"] == "notifications/message"


async def test_a_withdrawn_ask_is_cancelled_and_a_cancelled_call_says_nothing_more() -> None:
    asker = Asker(limit=0.05)
    async with serving(backstage=asker) as served, conversing(served) as (client, path):
        await introduce(served, client, path)
        await say(served, path, asking("roots/list"))
        asked, cancelled, _ = await messages(client, 3)
        assert isinstance(cancelled["params"], dict)
        assert cancelled["params"]["requestId"] == asked["id"]
        asker.limit = None
        await say(served, path, asking("roots/list", message_id="c"))
        await messages(client, 1)
        await say(served, path, rpc("notifications/cancelled", {"requestId": "c"}, None))
        await asker.settled()
        await say(served, path, rpc("ping", message_id="p"))
        assert [message["id"] for message in await messages(client, 1)] == ["p"]


async def test_a_client_that_goes_ends_its_asks_and_is_let_go_once() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        async with conversing(served) as (client, path):
            await introduce(served, client, path)
            await say(served, path, asking("roots/list"))
            await messages(client, 1)
        while not asker.released:
            await trio.lowlevel.checkpoint()
        await asker.settled()
        assert not asker.outcomes
    assert asker.released == [asker.session()]


async def test_a_level_and_what_is_told_belong_to_the_session() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, conversing(served) as (client, path):
        await introduce(served, client, path)
        await say(served, path, rpc("logging/setLevel", {"level": "debug"}))
        await messages(client, 1)
        await say(served, path, call("echo"))
        await messages(client, 1)
        assert asker.calls[0].call.log_level == "debug"
        await say(served, path, rpc("notifications/roots/list_changed", message_id=None))
        assert asker.told == [(asker.session(), "notifications/roots/list_changed", {})]
