"""Calls by the management API on a connection: its end, and the end of the gateway."""

from __future__ import annotations

import json

import pytest

from argus_trio.config.model.server import Server
from tests.frontend.manage.calls.desk import EVENTS
from tests.frontend.support.serving import JSON, Client, Served, ask, connected, serving

WAITS = b'{"tool":"wait"}'


async def called(served: Served, client: Client, accept: str) -> None:
    """A call that waits is under way."""
    await client.send("POST", "/manage/v1/tools/call", {"content-type": JSON, "accept": accept}, WAITS)
    await served.backstage.waiting.wait()


@pytest.mark.parametrize("accept", ["*/*", EVENTS])
async def test_a_call_ends_with_its_connection(accept: str) -> None:
    async with serving() as served:
        async with connected(served) as client:
            await called(served, client, accept)
        await served.backstage.cancelled.wait()


@pytest.mark.parametrize(("accept", "status"), [("*/*", 409), (EVENTS, 200)])
async def test_the_stop_of_the_gateway_tells_who_still_waits(accept: str, status: int) -> None:
    async with serving(settings=Server(port=0, drain_timeout=1)) as served, connected(served) as client:
        await called(served, client, accept)
        served.stop.set()
        assert (await client.head())[0] == status
        body = b"".join([part async for part in client.parts()])
        problem = json.loads(body.rpartition(b"data: ")[2])
        assert (problem["error"], problem["detail"]) == ("call_cancelled", "the gateway stops")
        await served.stopped.wait()


async def test_the_stop_waits_for_a_call_that_ends() -> None:
    async with serving() as served, connected(served) as client:
        await called(served, client, EVENTS)
        served.stop.set()
        await client.head()
        served.backstage.go_on.set()
        body = b"".join([part async for part in client.parts()])
        assert b'event: result\ndata: {"tool":"wait","backend":"","content":[]}' in body
        await served.stopped.wait()


async def test_an_empty_body_counts_as_an_object_and_lacks_the_tool() -> None:
    async with serving() as served:
        answer = await ask(served, "POST", "/manage/v1/tools/call")
        assert (answer.status, answer.json["error"]) == (400, "bad_request")
        assert "tool" in str(answer.json["detail"])
        other = await ask(served, "GET", "/manage/v1/tools/call")
        assert (other.status, other.headers["allow"]) == (405, "POST, OPTIONS")
