"""The MCP SDK's own client answers asks over each legacy edge, and resumes."""

from __future__ import annotations

import httpx2
import mcp_types as types
import pytest
import trio
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext, ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.message import ClientMessageMetadata

from tests.frontend.support.asking import ASKS, Asker
from tests.frontend.support.serving import Served, serving


async def elicited(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"said": params.message})


async def sampled(context: ClientRequestContext, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
    text = types.TextContent(type="text", text=str(params.max_tokens))
    return types.CreateMessageResult(role="assistant", content=text, model="m")


async def rooted(context: ClientRequestContext) -> types.ListRootsResult | types.ErrorData:
    return types.ErrorData(code=-5, message="no roots today")


def client_of(served: Served, kind: str) -> Client:
    """A client of the SDK that answers everything."""
    transport = sse_client(f"{served.url}/sse") if kind == "sse" else streamable_http_client(f"{served.url}/mcp")
    return Client(
        transport,
        mode="legacy",
        elicitation_callback=elicited,
        sampling_callback=sampled,
        list_roots_callback=rooted,
    )


@pytest.mark.parametrize("kind", ["sse", "legacy"])
async def test_it_answers_every_ask(kind: str) -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, client_of(served, kind) as client:
        for method, params in ASKS.items():
            await client.call_tool("ask", {"method": method, "params": params})
        elicitation, sampling, roots = asker.outcomes
        assert b'"said":"?"' in bytes(elicitation)  # type: ignore[arg-type]  # a result, as the client did answer
        assert b'"model":"m"' in bytes(sampling)  # type: ignore[arg-type]  # the same
        assert b'"code":-5' in bytes(roots)  # type: ignore[arg-type]  # an error object
        await asker.settled()


@pytest.mark.parametrize("kind", ["sse", "legacy"])
async def test_it_answers_many_asks_at_once(kind: str) -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, client_of(served, kind) as client:
        async with trio.open_nursery() as nursery:
            for number in range(20):
                params = {**ASKS["elicitation/create"], "message": str(number)}
                nursery.start_soon(client.call_tool, "ask", {"method": "elicitation/create", "params": params})
        said = {str(outcome) for outcome in asker.outcomes}
        assert len(said) == 20
        await asker.settled()


async def test_it_resumes_a_call_with_a_token() -> None:
    asker = Asker()
    tokens: list[str] = []
    heard: list[object] = []
    third = trio.Event()
    headers: dict[str, str] = {}

    async def on_token(token: str) -> None:
        tokens.append(token)
        if len(tokens) == 4:  # the event without data, and three messages
            third.set()

    async def on_log(params: types.LoggingMessageNotificationParams) -> None:
        heard.append(params.data)

    async def keep_session_id(response: httpx2.Response) -> None:
        if "mcp-session-id" in response.headers:
            headers["mcp-session-id"] = response.headers["mcp-session-id"]

    request = types.CallToolRequest(params=types.CallToolRequestParams(name="count", arguments={}))
    async with serving(backstage=asker) as served:
        url = f"{served.url}/mcp"
        async with create_mcp_http_client() as http:
            http.event_hooks = {"response": [keep_session_id]}
            async with (
                streamable_http_client(url, http_client=http, terminate_on_close=False) as (reading, writing),
                ClientSession(reading, writing) as session,
            ):
                hello = await session.initialize()
                async with trio.open_nursery() as nursery:
                    metadata = ClientMessageMetadata(on_resumption_token_update=on_token)
                    nursery.start_soon(lambda: session.send_request(request, types.CallToolResult, metadata=metadata))
                    await third.wait()
                    nursery.cancel_scope.cancel()
        headers["mcp-protocol-version"] = hello.protocol_version
        asker.go_on.set()
        async with (
            create_mcp_http_client(headers=headers) as http,
            streamable_http_client(url, http_client=http) as (reading, writing),
            ClientSession(reading, writing, logging_callback=on_log) as session,
        ):
            metadata = ClientMessageMetadata(resumption_token=tokens[1])
            result = await session.send_request(request, types.CallToolResult, metadata=metadata)
            assert result.content == []
            assert heard == [1, 2]
        assert not asker.cancelled.is_set()
        await asker.settled()
