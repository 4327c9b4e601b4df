"""Views as more endpoints of one gateway: on every wire, through the bridge, and over a reload."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import trio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.e2e.child import ROOT
from tests.e2e.clients import CALL_SECONDS, MODERN, words
from tests.e2e.gateway import Json, running, stdio, written

SAFE: Json = {"tools": {"allow": ["*echo"]}, "resources": {"deny": ["*"]}}


def config(**views: Json) -> Json:
    return {"backends": {"echo": stdio("echo.py")}, "views": views}


def client_of(wire: str, url: str, view: str) -> Client:
    if wire == "sse":
        return Client(sse_client(f"{url}/sse/{view}"), mode="legacy")
    mode = MODERN if wire == "modern" else "legacy"
    return Client(streamable_http_client(f"{url}/mcp/{view}"), mode=mode)


async def test_a_view_shows_and_serves_a_part_on_every_wire(tmp_path: Path) -> None:
    with running(config(safe=SAFE), tmp_path) as argus:
        for wire in ("modern", "legacy", "sse"):
            with trio.fail_after(CALL_SECONDS):
                async with client_of(wire, argus.url, "safe") as client:
                    assert [tool.name for tool in (await client.list_tools()).tools] == ["echo__echo"]
                    assert (await client.list_resources()).resources == []
                    assert words(await client.call_tool("echo__echo", {"text": "hello"})) == "hello"
                    with pytest.raises(MCPError, match="unknown tool: echo__add"):
                        await client.call_tool("echo__add", {"a": 1, "b": 2})
        assert argus.get("/mcp/none")[0] == 404


async def test_the_bridge_leads_to_a_view_and_a_reload_takes_it_away(tmp_path: Path) -> None:
    with running(config(safe=SAFE), tmp_path) as argus:
        command = ["-m", "argus_trio", "stdio", "--url", argus.url, "--view", "safe"]
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        spec = StdioServerParameters(command=sys.executable, args=command, env=environment)
        with trio.fail_after(CALL_SECONDS):
            async with Client(stdio_client(spec), mode="legacy") as client:
                assert [tool.name for tool in (await client.list_tools()).tools] == ["echo__echo"]
        written(config(), tmp_path, argus.mark)
        argus.event("reloaded")
        assert argus.get("/mcp/safe")[0] == 404
