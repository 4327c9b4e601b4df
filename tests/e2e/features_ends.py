"""The rows of the compatibility matrix, third part: what ends, what is lost and fetched again, what headers repeat."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx2
import trio
from mcp import MCPError
from mcp.client import Client

from tests.e2e.cells import Cell, Door, Heard, Kind, client
from tests.e2e.features import all_tools, content, feature, marked
from tests.e2e.raw import LEGACY, META, MODERN

HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
HEADER_MISMATCH = -32020
OPERATOR_CANCELLED = -31017


def only_legacy_streams(door: Door, kind: Kind) -> str | None:
    if door.era == "modern":
        return "no-resuming"
    return {"sse": "sse-lost", "stdio": "pipes"}.get(door.kind)


def call_of(name: str, arguments: dict[str, Any], **meta: object) -> dict[str, Any]:
    params = {"name": name, "arguments": arguments, "_meta": meta}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


@asynccontextmanager
async def session(cell: Cell) -> AsyncIterator[httpx2.AsyncClient]:
    """A legacy session of `/mcp` by hand; nothing ends it but what is sent."""
    async with httpx2.AsyncClient(headers=HEADERS, timeout=30) as http:
        client_info = {"name": "by hand", "version": "1"}
        params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client_info}
        greeting = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
        answer = await http.post(f"{cell.url}/mcp", json=greeting)
        http.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        http.headers["mcp-protocol-version"] = LEGACY
        yield http


@feature("During a call", "the end of its client, or of its session, ends it at the backend too")
async def the_end_of_a_client_ends_its_calls(cell: Cell) -> None:
    token = uuid.uuid4().hex

    async def by_hand(http: httpx2.AsyncClient) -> None:
        await http.post(f"{cell.url}/mcp", json=call_of(cell.name("wait"), {"token": token}))

    async def by_a_client(scope: trio.CancelScope) -> None:
        with scope:
            async with client(cell.door, cell.url, Heard()) as going:
                await going.call_tool(cell.name("wait"), {"token": token})

    if cell.door.kind == "mcp" and cell.door.era == "legacy":
        async with session(cell) as http, trio.open_nursery() as nursery:
            nursery.start_soon(by_hand, http)
            await marked(cell, token, "waiting")
            await http.delete(f"{cell.url}/mcp")
            await marked(cell, token, "cancelled")
        return
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()
        nursery.start_soon(by_a_client, scope)
        await marked(cell, token, "waiting")
        scope.cancel()
        await marked(cell, token, "cancelled")


@feature("During a call", "an operator cancels it: its backend is told, its client gets error -31017")
async def an_operator_cancels_a_call(cell: Cell) -> None:
    await cancelled_by_an_operator(cell, cell.plain)
    await cancelled_by_an_operator(cell, cell.able)


async def cancelled_by_an_operator(cell: Cell, caller: Client) -> None:
    token = uuid.uuid4().hex
    errors: list[int] = []

    async def call() -> None:
        try:
            await caller.call_tool(cell.name("wait"), {"token": token})
        except MCPError as cancelled:
            errors.append(cancelled.error.code)

    async with httpx2.AsyncClient(base_url=f"{cell.url}/manage/v1", timeout=30) as http:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)
            await marked(cell, token, "waiting")
            under_way = (await http.get("/exchanges?limit=1000")).json()["exchanges"]
            (one,) = [each for each in under_way if each["client"] == cell.client_name(caller)]
            assert (one["target"], one["backend"]) == (cell.name("wait"), cell.kind.name)
            assert one["waits_for"] == "backend"
            assert (await http.post(f"/exchanges/{one['id']}/cancel")).json() == {"id": one["id"], "cancelled": True}
            await marked(cell, token, "cancelled")
        done = (await http.get("/exchanges?state=done&limit=1000")).json()["exchanges"]
    await caller.list_tools()  # its session goes on
    (over,) = [each for each in done if each["id"] == one["id"]]
    assert errors == [OPERATOR_CANCELLED]
    assert (over["outcome"], over["error_code"]) == ("operator", OPERATOR_CANCELLED)


async def line_with(part: str, stream: httpx2.Response) -> str:
    async with aclosing(stream.aiter_lines()) as lines:  # type: ignore[type-var]  # it is a generator
        async for line in lines:
            if part in line:
                return line
    raise AssertionError(f"the stream ended without {part}")


@feature("During a call", "its stream is lost, and its result fetched with `Last-Event-ID`", only_legacy_streams)
async def a_lost_stream_is_resumed(cell: Cell) -> None:
    call = call_of(cell.name("count_slowly"), {"upto": 3}, progressToken="t")
    async with session(cell) as http:
        async with http.stream("POST", f"{cell.url}/mcp", json=call) as lost:
            last = await line_with("id:", lost)
        headers = {"last-event-id": last.removeprefix("id:").strip()}
        async with http.stream("GET", f"{cell.url}/mcp", headers=headers) as resumed:
            answer = json.loads((await line_with('"result"', resumed)).removeprefix("data:"))
    assert answer["id"] == 1
    assert answer["result"]["content"][0]["text"] == "counted to 3"


@feature("Tools", "arguments that headers repeat, `Mcp-Param-*`")
async def headers_repeat_arguments(cell: Cell) -> None:
    assert cell.name("by_region") in await all_tools(cell.plain)
    arguments = {"region": "süd"}
    assert content(await cell.plain.call_tool(cell.name("by_region"), arguments)) == arguments
    if (cell.door.kind, cell.door.era) == ("mcp", "modern"):
        meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
        headers = {
            **HEADERS,
            "mcp-protocol-version": MODERN,
            "mcp-method": "tools/call",
            "mcp-name": cell.name("by_region"),
            "mcp-param-region": "north",
        }
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            refused = await http.post(f"{cell.url}/mcp", json=call_of(cell.name("by_region"), arguments, **meta))
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, HEADER_MISMATCH)
