"""Lists with entries that clients refuse, lists that fail, and lists that change in silence; SDK clients in front."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from tests.e2e import gateway
from tests.e2e.child import ROOT
from tests.e2e.clients import EDGES, Edge, connected
from tests.e2e.gateway import Gateway
from tests.e2e.tools import Npm
from tests.servers.lister import Lister, SseLister
from tests.servers.nasty_http import nasty_server

Json = dict[str, Any]

ODD: Json = {
    "tools": [
        {"name": "good", "inputSchema": {"type": "object"}},
        {"name": "no_schema"},
        {"name": "null_schema", "inputSchema": None, "description": None, "outputSchema": None, "_meta": None},
        {"name": "empty_schema", "inputSchema": {}, "annotations": {"readOnlyHint": None}, "icons": None},
        {"name": "nulls", "inputSchema": {"type": "object", "properties": None, "required": None}},
        {"name": "from_php", "inputSchema": {"type": "object", "properties": []}, "annotations": []},
        {"name": "array", "inputSchema": {"type": "object"}, "outputSchema": {"type": "array"}},
        {"name": "string", "inputSchema": {"type": "string"}},
        {"name": 7, "inputSchema": {"type": "object"}},
    ],
    "prompts": [{"name": "p", "arguments": None}, {"name": "q", "arguments": [{}, {"name": "a", "required": None}]}],
    "resources": [{"uri": "a:nameless"}, {"uri": "a:b", "name": "r", "size": None}, {"uri": "no uri", "name": "x"}],
    "resourceTemplates": [{"uriTemplate": "a:{x}", "name": "t", "mimeType": None}],
}
TOOLS = [f"odd__{name}" for name in ("good", "no_schema", "null_schema", "empty_schema", "nulls", "from_php", "array")]
FOUND = {"tools": [*TOOLS, "sound__good"], "prompts": ["odd__p", "odd__q"], "resources": ["a:nameless", "a:b"]}
SOUND: Json = {"tools": [{"name": "good", "inputSchema": {"type": "object"}}], "capabilities": {"tools": {}}}
QUICK: Json = {"health": {"interval": 2, "timeout": 1, "slow": 1}}
RELISTING: Json = {"health": {"interval": 2, "timeout": 1, "slow": 1, "relist": 1}}
HEAL_SECONDS = 20.0
SCRIPT_SECONDS = 60.0

TYPESCRIPT = """
const [client, transport, url] = process.argv.slice(1);
const { Client } = await import(client);
const { StreamableHTTPClientTransport } = await import(transport);
const mcp = new Client({ name: "t", version: "1" });
await mcp.connect(new StreamableHTTPClientTransport(new URL(url)));
console.log(JSON.stringify({
  tools: (await mcp.listTools()).tools.map((t) => t.name),
  prompts: (await mcp.listPrompts()).prompts.map((p) => p.name),
  resources: (await mcp.listResources()).resources.map((r) => r.uri),
  templates: (await mcp.listResourceTemplates()).resourceTemplates.map((t) => t.uriTemplate),
}));
process.exit(0);
"""

PYTHON_1 = """
import asyncio, json, sys
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

async def main():
    async with streamablehttp_client(sys.argv[1]) as (read, write, _), ClientSession(read, write) as mcp:
        await mcp.initialize()
        print(json.dumps({
            "tools": [t.name for t in (await mcp.list_tools()).tools],
            "prompts": [p.name for p in (await mcp.list_prompts()).prompts],
            "resources": [str(r.uri) for r in (await mcp.list_resources()).resources],
            "templates": [t.uriTemplate for t in (await mcp.list_resource_templates()).resourceTemplates],
        }))

asyncio.run(main())
"""


@attrs.define(eq=False)
class State:
    """What the server lists at the moment; a program reads it from `file`."""

    file: Path
    now: Json
    lister: Lister

    def becomes(self, **members: object) -> None:
        self.now.update(members)
        self.file.write_text(json.dumps(self.now))


Started = tuple[State, Json]
"""A server, and the configuration of the backend that it is."""
TRANSPORTS = ("stdio", "sse", "http-legacy", "http-modern")


@asynccontextmanager
async def server(transport: str, folder: Path, state: Json, *failures: tuple[int, str]) -> AsyncIterator[Started]:
    now = {**state, "is_modern": transport == "http-modern"}
    served = State(folder / "state.json", now, Lister(state=lambda: now, failures=list(failures)))
    served.becomes()
    if transport == "stdio":
        yield served, gateway.stdio("lister.py", str(served.file), env={"PYTHONPATH": str(ROOT)})
        return
    handler = SseLister(served.lister).serve if transport == "sse" else served.lister.serve_stateless
    async with nasty_server(handler) as running:
        yield served, gateway.sse(running.url) if transport == "sse" else gateway.http(running.url)


async def backend(argus: Gateway, name: str) -> Json:
    _, body = await trio.to_thread.run_sync(argus.get, "/manage/v1/backends")
    return dict(next(each for each in body["backends"] if each["name"] == name))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    with trio.fail_after(HEAL_SECONDS):
        while True:
            if await holds():
                return
            await trio.sleep(0.1)


@asynccontextmanager
async def serving(backends: Json, folder: Path) -> AsyncIterator[Gateway]:
    """A gateway whose backends are connected; those that this process serves could not answer a wait that blocks it."""
    with gateway.running({"backends": backends}, folder, ready=False) as argus:

        async def is_up() -> bool:
            _, body = await trio.to_thread.run_sync(argus.get, "/manage/v1/health")
            return bool(body["backends"]["connected"] == len(backends))

        await until(is_up)
        yield argus
        await trio.to_thread.run_sync(argus.stop)  # while this process can still say goodbye


async def tools(argus: Gateway) -> list[str]:
    async with connected("legacy", argus.url) as client:
        return [tool.name for tool in (await client.list_tools()).tools]


@asynccontextmanager
async def far(
    transport: str, folder: Path, state: Json, settings: Json, *failures: tuple[int, str]
) -> AsyncIterator[tuple[State, Gateway]]:
    """A server that lists `state`, and a gateway in front of it."""
    async with (
        server(transport, folder, state, *failures) as (served, config),
        serving({"far": {**config, **settings}}, folder) as argus,
    ):
        yield served, argus


@asynccontextmanager
async def odd_beside_sound(transport: str, folder: Path) -> AsyncIterator[Gateway]:
    """A gateway in front of a server that lists odd entries, and of one that does not."""
    async with (
        server(transport, folder, ODD) as (_, odd),
        server("http-legacy", folder.parent, SOUND) as (_, sound),
        serving({"odd": odd, "sound": sound}, folder) as argus,
    ):
        yield argus


async def test_one_bad_entry_takes_no_list_away_from_any_client_of_the_sdk(tmp_path: Path) -> None:
    for transport in TRANSPORTS:
        folder = tmp_path / transport
        folder.mkdir()
        async with odd_beside_sound(transport, folder) as argus:
            for edge in EDGES:
                assert await found(edge, argus.url) == FOUND
            lists = (await backend(argus, "odd"))["lists"]
            assert {name for noted in lists["left_out"] for name in noted["names"]} == {"string", "no uri", ""}
            assert sum(noted["count"] for noted in lists["mended"] if noted["kind"] == "tools") >= 5
            assert (await backend(argus, "sound"))["lists"]["mended"] == []
            told = argus.events("entries_left_out")
            assert sorted(entry["kind"] for entry in told) == ["resources", "tools", "tools"]


async def found(edge: Edge, url: str) -> Json:
    async with connected(edge, url) as client:
        return {
            "tools": [tool.name for tool in (await client.list_tools()).tools],
            "prompts": [prompt.name for prompt in (await client.list_prompts()).prompts],
            "resources": [str(resource.uri) for resource in (await client.list_resources()).resources],
        }


def said_by(*command: str) -> Json:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SCRIPT_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("generation", ["sdk/dist/esm/client/index.js", "client/dist/index.mjs"])
@pytest.mark.parametrize("era", ["http-legacy", "http-modern"])
async def test_the_clients_of_the_typescript_sdk_accept_what_was_mended(
    generation: str, era: str, npm: Npm, tmp_path: Path
) -> None:
    module = npm.module(f"@modelcontextprotocol/{generation}")
    transport = module.replace("client/index.js", "client/streamableHttp.js")
    async with odd_beside_sound(era, tmp_path) as argus:
        command = (npm.node, "--input-type=module", "-e", TYPESCRIPT, module, transport, f"{argus.url}/mcp")
        assert await trio.to_thread.run_sync(said_by, *command) == {**FOUND, "templates": ["a:{x}"]}


async def test_the_first_generation_of_the_python_sdk_accepts_what_was_mended(sdk1: str, tmp_path: Path) -> None:
    async with odd_beside_sound("http-legacy", tmp_path) as argus:
        command = (sdk1, "-c", PYTHON_1, f"{argus.url}/mcp")
        assert await trio.to_thread.run_sync(said_by, *command) == {**FOUND, "templates": ["a:{x}"]}


@pytest.mark.parametrize("transport", ["sse", "http-legacy", "http-modern"])
@pytest.mark.parametrize("status", [503, 429])
async def test_a_list_that_fails_at_first_is_there_within_twenty_seconds(
    transport: str, status: int, tmp_path: Path
) -> None:
    failures = [(status, "retry-after: 1\r\n")] * 2
    async with far(transport, tmp_path, SOUND, QUICK, *failures) as (_, argus):
        await trio.to_thread.run_sync(partial(argus.event, "backend_list_failed", kind="tools"))
        shown = await backend(argus, "far")
        if shown["state"] == "degraded":  # it may have healed by now
            assert str(status) in shown["reason"]

        async def is_there() -> bool:
            return await tools(argus) == ["far__good"]

        await until(is_there)
        assert (await backend(argus, "far"))["state"] == "ready"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_tool_that_a_silent_server_adds_comes_in_by_itself(transport: str, tmp_path: Path) -> None:
    async with far(transport, tmp_path, SOUND, RELISTING) as (state, argus):
        assert await tools(argus) == ["far__good"]
        state.becomes(tools=[*SOUND["tools"], {"name": "more", "inputSchema": {"type": "object"}}])

        async def is_there() -> bool:
            return await tools(argus) == ["far__good", "far__more"]

        await until(is_there)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_tool_that_the_server_renamed_is_listed_again_when_it_is_called(transport: str, tmp_path: Path) -> None:
    async with far(transport, tmp_path, SOUND, {}) as (state, argus):
        async with connected("legacy", argus.url) as client:
            await client.list_tools()
            state.becomes(tools=[{"name": "better", "inputSchema": {"type": "object"}}])
            with pytest.raises(Exception, match="Unknown tool: good"):
                await client.call_tool("far__good", {})

        async def is_there() -> bool:
            return await tools(argus) == ["far__better"]

        await until(is_there)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_declares_nothing_shows_its_tools(transport: str, tmp_path: Path) -> None:
    state = {**SOUND, "capabilities": {}}
    async with far(transport, tmp_path, state, {}) as (_, argus):
        assert await tools(argus) == ["far__good"]
        assert (await backend(argus, "far"))["state"] == "ready"
