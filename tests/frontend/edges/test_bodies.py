"""Large requests beyond what is held at once, on each wire: refused in words, and others go on."""

from __future__ import annotations

import json

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.config.model.server import Server, ServerLimits
from argus_trio.wire.envelope import encode
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import (
    Answer,
    Served,
    call,
    connected,
    initialized,
    modern,
    modern_headers,
    post,
    serving,
)

LIMIT = 1024 * 1024
LARGE = {"x": "y" * 200_000}
"""More than half of the limit, with its copies."""
SETTINGS = Server(port=0, limits=ServerLimits(memory=LIMIT))


def check_refused(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.error[0] == -31016
    assert "server.limits.memory" in answer.error[1]
    assert json.loads(answer.body)["error"]["data"] == {"retryAfter": 5.0}


async def large(served: Served, tool: str, wire: str) -> Answer:
    if wire == "modern":
        return await post(
            served, modern("tools/call", {"name": tool, "arguments": LARGE}), modern_headers("tools/call", tool)
        )
    return await post(served, call(tool, 1, arguments=LARGE), await initialized(served))


async def occupied(served: Served, wire: str, nursery: trio.Nursery) -> None:
    """A large request under way."""
    nursery.start_soon(large, served, "wait", wire)
    await served.backstage.waiting.wait()


@pytest.mark.parametrize("wire", ["modern", "legacy"])
async def test_a_large_request_is_refused_while_another_one_waits_and_a_small_one_is_not(wire: str) -> None:
    with capture_logs() as logs:
        async with (
            serving(settings=SETTINGS) as served,
            trio.open_nursery() as nursery,
            conversing(served) as (_, path),
        ):
            await occupied(served, wire, nursery)
            for other in ("modern", "legacy"):
                check_refused(await large(served, "echo", other))
            check_refused(await say(served, path, call("echo", 1, arguments=LARGE)))
            session = await initialized(served)
            batch = b"[%b]" % call("echo", 1, arguments=LARGE)
            check_refused(await post(served, batch, session))
            assert (await post(served, call("echo", 2), session)).status == 200
            served.backstage.go_on.set()
    assert [entry["event"] for entry in logs].count("large_requests_refused") == 1


@pytest.mark.parametrize("wire", ["modern", "legacy"])
async def test_a_large_request_takes_nothing_once_it_is_answered(wire: str) -> None:
    async with serving(settings=SETTINGS) as served:
        for _ in range(5):
            assert (await large(served, "echo", wire)).status == 200


async def test_a_large_request_over_http_sse_is_held_until_its_call_is_answered() -> None:
    async with serving(settings=SETTINGS) as served, conversing(served) as (stream, path):
        assert (await say(served, path, call("wait", 1, arguments=LARGE))).status == 202
        await served.backstage.waiting.wait()
        check_refused(await say(served, path, call("wait", 2, arguments=LARGE)))
        check_refused(await large(served, "echo", "modern"))
        served.backstage.go_on.set()
        assert b'"id":1,"result"' in await stream.part()
        assert (await say(served, path, call("echo", 3, arguments=LARGE))).status == 202
        assert b'"id":3,"result"' in b"".join([await stream.part() for _ in range(1)])


async def test_a_large_request_of_a_modern_client_that_has_gone_takes_nothing() -> None:
    async with serving(settings=SETTINGS) as served:
        async with connected(served) as client:
            body = modern("tools/call", {"name": "wait", "arguments": LARGE})
            await client.send("POST", "/mcp", modern_headers("tools/call", "wait"), body)
            await served.backstage.waiting.wait()
        await served.backstage.cancelled.wait()
        with trio.fail_after(5):
            while (await large(served, "echo", "modern")).status != 200:
                pass  # until the gateway is done with it


async def test_a_chunked_request_is_refused_when_it_shows_that_it_is_large() -> None:
    async with serving(settings=SETTINGS) as served, trio.open_nursery() as nursery:
        await occupied(served, "modern", nursery)
        headers = {
            **modern_headers("tools/call", "echo"),
            "transfer-encoding": "chunked",
            "content-type": "application/json",
        }
        async with connected(served) as client:
            await client.send("POST", "/mcp", headers, encode(LARGE))
            status, answered = await client.head()
            assert (status, answered["retry-after"]) == (503, "5")
        served.backstage.go_on.set()
