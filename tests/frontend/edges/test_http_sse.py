"""The HTTP+SSE edge through real sockets."""

from __future__ import annotations

import pytest

from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import ask, call, events_in, rpc, serving


async def test_answers_come_on_the_stream() -> None:
    async with serving() as served, conversing(served) as (client, path):
        assert path.startswith("/messages/?session_id=")
        hello = {"protocolVersion": "2024-11-05", "capabilities": {"roots": {}}}
        answer = await say(served, path, rpc("initialize", hello))
        assert (answer.status, answer.body) == (202, b"")
        (greeting,) = events_in(await client.part())
        result = greeting["result"]
        assert isinstance(result, dict)
        assert result["protocolVersion"] == "2024-11-05"
        await say(served, path, rpc("notifications/initialized", message_id=None))
        await say(served, path.replace("/messages/", "/messages"), call("echo", 2))
        (echoed,) = events_in(await client.part())
        assert echoed["id"] == 2
        seen = served.backstage.calls[0].call
        assert (seen.revision, bytes(seen.capabilities["roots"])) == ("2024-11-05", b"{}")


async def test_a_request_that_is_not_understood_is_answered_where_its_client_waits() -> None:
    async with serving() as served, conversing(served) as (client, path):
        refused = await say(served, path, b'{"jsonrpc":"2.0","id":4,"method":"tools/list","params":[1]}')
        assert (refused.status, refused.json["id"]) == (400, 4)
        (answered,) = events_in(await client.part())
        assert (answered["id"], answered["error"]) == (4, refused.json["error"])


async def test_what_precedes_an_answer_comes_before_it() -> None:
    async with serving() as served, conversing(served) as (client, path):
        await say(served, path, call("progress", 2, _meta={"progressToken": "t"}))
        stream = b""
        while b'"id":2' not in stream:
            stream += await client.part()
        assert [event.get("method") for event in events_in(stream)] == ["notifications/progress", None]


async def test_a_client_that_goes_cancels_its_calls() -> None:
    async with serving() as served:
        async with conversing(served) as (_, path):
            await say(served, path, call("wait"))
            await served.backstage.waiting.wait()
        await served.backstage.cancelled.wait()
        assert (await say(served, path, call("echo"))).status == 404


async def test_cancelled_ends_the_call_without_an_answer() -> None:
    async with serving() as served, conversing(served) as (client, path):
        await say(served, path, call("wait", 1))
        await served.backstage.waiting.wait()
        await say(served, path, rpc("notifications/cancelled", {"requestId": 1}, None))
        await served.backstage.cancelled.wait()
        await say(served, path, rpc("ping", message_id=2))
        assert events_in(await client.part()) == [{"jsonrpc": "2.0", "id": 2, "result": {}}]


async def test_a_stop_waits_for_the_calls_in_flight_and_no_longer() -> None:
    async with serving() as served, conversing(served) as (client, path):
        await say(served, path, call("wait", 1))
        await served.backstage.waiting.wait()
        served.stop.set()
        served.backstage.go_on.set()
        assert [event["id"] for event in events_in(await client.part())] == [1]
        assert await client.part() == b""
        await served.stopped.wait()


async def test_changes_are_told_on_the_stream() -> None:
    async with serving() as served, conversing(served) as (client, _):
        served.announcer.announce(["notifications/resources/list_changed"])
        assert b"resources/list_changed" in await client.part()


async def test_a_batch_is_answered_as_one_array_at_its_revision_alone() -> None:
    async with serving() as served, conversing(served) as (client, path):
        batch = b"[" + rpc("ping", message_id=1) + b"," + rpc("ping", message_id=2) + b"]"
        assert (await say(served, path, batch)).status == 400
        await say(served, path, rpc("initialize", {"protocolVersion": "2025-03-26", "capabilities": {}}))
        await client.part()
        assert (await say(served, path, batch)).status == 202
        assert (await client.part()).count(b'"result":{}') == 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/messages/", call("echo"), 400),
        ("/messages/?session_id=", call("echo"), 400),
        ("/messages/?session_id=nope", call("echo"), 404),
    ],
)
async def test_a_message_needs_an_open_session(path: str, body: bytes, status: int) -> None:
    async with serving() as served:
        answer = await say(served, path, body)
        assert (answer.status, answer.error[0]) == (status, -32600)


async def test_a_message_that_is_none_is_refused() -> None:
    async with serving() as served, conversing(served) as (_, path):
        assert (await say(served, path, b"{")).error[0] == -32700
        assert (await say(served, path, b"{}")).error[0] == -32600
        assert (await ask(served, "POST", path, {"content-type": "text/plain"}, call("echo"))).status == 415
