"""The Streamable HTTP link against a server made with the MCP SDK, in both eras."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from argus_trio.backends.links.link import Link
from argus_trio.backends.links.streamable_http import open_streamable_http
from argus_trio.wire.envelope import ErrorResponse, Request, encode_notification, encode_response
from tests.backends.support.conversation import (
    LEGACY,
    MODERN,
    VERSION,
    Remembered,
    ask,
    ask_modern,
    handshake,
    http_spec,
    result_of,
)
from tests.servers.sdk_http import Events, make_server, serve_app


@pytest.mark.parametrize("json_response", [True, False])
async def test_the_sdk_server_is_spoken_to_in_the_legacy_era(json_response: bool) -> None:
    app = make_server().streamable_http_app(json_response=json_response)
    inbox = Remembered()
    with trio.fail_after(15):
        async with serve_app(app) as origin, open_streamable_http(http_spec(f"{origin}/mcp"), inbox) as link:
            assert result_of(await link.request(handshake()))["protocolVersion"] == LEGACY
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            await link.listen(VERSION)
            tools = result_of(await link.request(ask(2, headers=VERSION)))["tools"]
            assert isinstance(tools, list)
            assert [tool["name"] for tool in tools] == ["add", "count", "nap", "greet"]
            call = ask(3, "tools/call", headers=VERSION, name="add", arguments={"a": 2, "b": 3})
            assert result_of(await link.request(call))["structuredContent"] == {"result": 5}
            meta = {"progressToken": "t"}
            count = ask(4, "tools/call", headers=VERSION, name="count", arguments={"to": 2}, _meta=meta)
            assert "done" in json.dumps(result_of(await link.request(count)))
    assert inbox.methods == ([] if json_response else [("notifications/progress", 4)] * 2)


@pytest.mark.parametrize("json_response", [True, False])
async def test_the_sdk_server_is_spoken_to_in_the_modern_era(json_response: bool) -> None:
    app = make_server().streamable_http_app(json_response=json_response)
    inbox = Remembered()
    with trio.fail_after(15):
        async with serve_app(app) as origin, open_streamable_http(http_spec(f"{origin}/mcp"), inbox) as link:
            found = result_of(await link.request(ask_modern(1, "server/discover")))
            assert MODERN in str(found["supportedVersions"])
            assert len(str(result_of(await link.request(ask_modern(2, "tools/list")))["tools"])) > 0
            call = ask_modern(3, "tools/call", name="add", arguments={"a": 2, "b": 3})
            assert result_of(await link.request(call))["structuredContent"] == {"result": 5}
            meta = {"progressToken": "t"}
            count = ask_modern(4, "tools/call", name="count", arguments={"to": 2}, meta=meta)
            assert "done" in json.dumps(result_of(await link.request(count)))
            unknown = await link.request(ask_modern(5, "no/such"))
            assert isinstance(unknown, ErrorResponse)
            assert b"-32601" in unknown.error
    assert inbox.methods == ([] if json_response else [("notifications/progress", 4)] * 2)


async def test_a_stream_that_the_sdk_server_breaks_off_is_resumed() -> None:
    app = make_server().streamable_http_app(event_store=Events(), retry_interval=1)
    inbox = Remembered()
    with trio.fail_after(15):
        async with serve_app(app) as origin, open_streamable_http(http_spec(f"{origin}/mcp"), inbox) as link:
            await link.request(handshake())
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            nap = ask(2, "tools/call", headers=VERSION, name="nap", arguments={}, _meta={"progressToken": "t"})
            assert "awake" in json.dumps(result_of(await link.request(nap)))
    assert inbox.methods == [("notifications/progress", 2)] * 2


async def test_the_sdk_server_asks_back_within_a_call_and_hears_the_answer() -> None:
    app = make_server().streamable_http_app()
    inbox = Remembered()

    async def answer(link: Link) -> None:
        await inbox.until(1)
        message, within = inbox.messages[0]
        assert isinstance(message, Request)
        assert (message.method, within) == ("elicitation/create", 2)
        reply = b'{"action":"accept","content":{"name":"Ada"}}'
        await link.send(encode_response(message.id, reply), VERSION)

    with trio.fail_after(15):
        async with serve_app(app) as origin, open_streamable_http(http_spec(f"{origin}/mcp"), inbox) as link:
            await link.request(handshake(elicitation={"form": {}}))
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(answer, link)
                greet = ask(2, "tools/call", headers=VERSION, name="greet", arguments={})
                assert "hello Ada" in json.dumps(result_of(await link.request(greet)))


class Compressed:
    """An application whose answers are compressed, whether or not anybody asked for it."""

    def __init__(self, app: Starlette) -> None:
        self._app = GZipMiddleware(app, minimum_size=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            others = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
            scope = {**scope, "headers": [*others, (b"accept-encoding", b"gzip")]}
        await self._app(scope, receive, send)


async def test_the_sdk_server_behind_a_mount_that_redirects_and_a_middleware_that_compresses_is_spoken_to() -> None:
    inner = make_server().streamable_http_app(json_response=True, streamable_http_path="/")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    app = Starlette(routes=[Mount("/mcp", Compressed(inner))], lifespan=lifespan)
    with trio.fail_after(15):
        async with serve_app(app) as origin:
            async with open_streamable_http(http_spec(f"{origin}/mcp"), Remembered()) as link:
                assert result_of(await link.request(handshake()))["protocolVersion"] == LEGACY
                await link.send(encode_notification("notifications/initialized", {}), VERSION)
                call = ask(2, "tools/call", headers=VERSION, name="add", arguments={"a": 2, "b": 3})
                assert result_of(await link.request(call))["structuredContent"] == {"result": 5}
            async with open_streamable_http(http_spec(f"{origin}/mcp"), Remembered()) as link:
                modern = ask_modern(1, "tools/call", name="add", arguments={"a": 2, "b": 3})
                assert result_of(await link.request(modern))["structuredContent"] == {"result": 5}
