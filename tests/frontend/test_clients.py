"""The MCP SDK's own client on trio, over each edge."""

from __future__ import annotations

import pytest
import trio
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.frontend.serving import Served, serving


def client_of(served: Served, kind: str) -> Client:
    """A client of the SDK; `kind` is the edge it comes in by."""
    match kind:
        case "sse":
            return Client(sse_client(f"{served.url}/sse"), mode="legacy")
        case "legacy":
            return Client(streamable_http_client(f"{served.url}/mcp"), mode="legacy")
        case "modern":
            return Client(streamable_http_client(f"{served.url}/mcp"), mode="2026-07-28")
        case _:
            return Client(f"{served.url}/mcp")


@pytest.mark.parametrize("kind", ["sse", "legacy", "modern", "auto"])
async def test_it_lists_and_calls(kind: str) -> None:
    async with serving() as served, client_of(served, kind) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["echo"]
        result = await client.call_tool("echo", {"a": "b"})
        assert [part.text for part in result.content if part.type == "text"] == ['{"a":"b"}']
        with pytest.raises(MCPError) as failure:
            await client.call_tool("none", {})
        assert failure.value.code == -32602


@pytest.mark.parametrize("kind", ["sse", "legacy", "modern"])
async def test_it_hears_of_progress(kind: str) -> None:
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with serving() as served, client_of(served, kind) as client:
        await client.call_tool("progress", {}, progress_callback=on_progress)
        assert heard == [1.0]


@pytest.mark.parametrize("kind", ["sse", "legacy", "modern"])
async def test_it_cancels_a_call_and_goes_on(kind: str) -> None:
    async with serving() as served, client_of(served, kind) as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.call_tool, "wait", {})
            await served.backstage.waiting.wait()
            nursery.cancel_scope.cancel()
        await served.backstage.cancelled.wait()
        assert (await client.list_tools()).tools


@pytest.mark.parametrize("kind", ["sse", "legacy", "modern", "auto"])
async def test_a_stop_with_it_connected_takes_less_than_a_second(kind: str) -> None:
    async with serving() as served, client_of(served, kind) as client:
        await client.list_tools()
        began = trio.current_time()
        served.stop.set()
        await served.stopped.wait()
        assert trio.current_time() - began < 1
