"""`subscriptions/listen` through real sockets."""

from __future__ import annotations

import pytest

from tests.frontend.serving import Client, Served, connected, events_in, modern, modern_headers, post, serving

ALL = ["notifications/tools/list_changed", "notifications/prompts/list_changed", "notifications/resources/list_changed"]
TAG = {"io.modelcontextprotocol/subscriptionId": "sub"}


async def begin(client: Client, served: Served, asked: dict[str, object]) -> list[dict[str, object]]:
    """Subscribe on `client`, and what came first."""
    body = modern("subscriptions/listen", {"notifications": asked}, "sub")
    await client.send("POST", "/mcp", modern_headers("subscriptions/listen"), body)
    status, headers = await client.head()
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    return list(events_in(await client.part()))


async def test_the_acknowledgment_comes_first_and_names_what_is_honoured() -> None:
    async with serving() as served, connected(served) as client:
        asked = {"toolsListChanged": True, "promptsListChanged": False, "resourceSubscriptions": ["a://b"], "odd": True}
        assert await begin(client, served, asked) == [
            {
                "jsonrpc": "2.0",
                "method": "notifications/subscriptions/acknowledged",
                "params": {"_meta": TAG, "notifications": {"toolsListChanged": True}},
            }
        ]


async def test_only_what_was_asked_for_is_told_and_each_is_tagged() -> None:
    async with serving() as served, connected(served) as client:
        await begin(client, served, {"promptsListChanged": True})
        served.announcer.announce(ALL)
        assert events_in(await client.part()) == [
            {"jsonrpc": "2.0", "method": "notifications/prompts/list_changed", "params": {"_meta": TAG}}
        ]


async def test_a_stop_ends_it_with_a_result() -> None:
    async with serving() as served, connected(served) as client:
        await begin(client, served, {"toolsListChanged": True})
        served.stop.set()
        rest = b"".join([part async for part in client.parts()])
        assert events_in(rest) == [{"jsonrpc": "2.0", "id": "sub", "result": {"resultType": "complete", "_meta": TAG}}]
        await served.stopped.wait()


@pytest.mark.parametrize("params", [{}, {"notifications": []}])
async def test_without_an_object_of_kinds_it_is_refused(params: dict[str, object]) -> None:
    async with serving() as served:
        answer = await post(served, modern("subscriptions/listen", params), modern_headers("subscriptions/listen"))
        assert (answer.status, answer.error[0]) == (400, -32602)


async def test_a_client_that_takes_only_json_cannot_listen() -> None:
    async with serving() as served:
        headers = {**modern_headers("subscriptions/listen"), "accept": "application/json"}
        answer = await post(served, modern("subscriptions/listen", {"notifications": {}}), headers)
        assert answer.status == 406
