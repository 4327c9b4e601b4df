"""The MCP SDK's own client on trio, over each edge."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    ListRootsResult,
    Root,
    TextContent,
)
from pydantic import FileUrl

from tests.frontend.support.rounds import Asker
from tests.frontend.support.serving import Served, serving


def client_of(served: Served, kind: str, **more: Any) -> Client:
    """A client of the SDK; `kind` is the edge it comes in by, `more` are its callbacks."""
    match kind:
        case "sse":
            return Client(sse_client(f"{served.url}/sse"), mode="legacy", **more)
        case "legacy":
            return Client(streamable_http_client(f"{served.url}/mcp"), mode="legacy", **more)
        case "modern":
            return Client(streamable_http_client(f"{served.url}/mcp"), mode="2026-07-28", **more)
        case _:
            return Client(f"{served.url}/mcp", **more)


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
async def test_each_of_its_calls_says_where_it_came_from(kind: str) -> None:
    async with serving() as served, client_of(served, kind) as client:
        await client.call_tool("echo", {})
        assert {exchange.call.address for exchange in served.backstage.calls} == {"127.0.0.1"}


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


@pytest.mark.parametrize("kind", ["modern", "auto"])
@pytest.mark.parametrize("tool", ["at_once", "in_turn"])
async def test_it_answers_what_it_is_asked(kind: str, tool: str) -> None:
    async def elicit(_: object, params: ElicitRequestParams) -> ElicitResult:
        assert params.message == "who?"
        return ElicitResult(action="accept", content={"name": "ada"})

    async def sample(_: object, params: CreateMessageRequestParams) -> CreateMessageResult:
        assert params.max_tokens == 9
        return CreateMessageResult(role="assistant", content=TextContent(type="text", text="Paris"), model="m")

    async def list_roots(_: object) -> ListRootsResult:
        return ListRootsResult(roots=[Root(uri=FileUrl("file:///a"))])

    asker = Asker()
    callbacks = {"elicitation_callback": elicit, "sampling_callback": sample, "list_roots_callback": list_roots}
    async with serving(handler=asker.handle) as served, client_of(served, kind, **callbacks) as client:
        result = await client.call_tool(tool, {})
        (part,) = result.content
        assert part.type == "text"
        assert '"name":"ada"' in part.text
        assert "file:///a" in part.text
        assert ("Paris" in part.text) == (tool == "at_once")
        assert len(asker.calls) == 1


async def test_it_goes_on_with_a_backends_own_request_for_input() -> None:
    async def elicit(_: object, params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="decline")

    async with (
        serving(handler=Asker().handle) as served,
        client_of(served, "modern", elicitation_callback=elicit) as client,
    ):
        (part,) = (await client.call_tool("stateful", {})).content
        assert part.type == "text"
        assert part.text.startswith('"their\\"s"')
        assert '"decline"' in part.text
