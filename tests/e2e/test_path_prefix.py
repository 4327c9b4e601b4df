"""The gateway behind a reverse proxy that takes away the beginning of the path: real clients on every edge."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.e2e import gateway
from tests.e2e.clients import EDGES, Edge, connected, words
from tests.e2e.gateway import Gateway
from tests.e2e.tools import Npm

PREFIX = b"/tools/argus"
LIMIT_SECONDS = 60.0
TYPESCRIPT = """
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
const client = new Client({ name: "t", version: "1" });
await client.connect(new SSEClientTransport(new URL(process.argv[1])));
const result = await client.callTool({ name: "echo__echo", arguments: { text: "hello" } });
console.log(JSON.stringify(result.content));
process.exit(0);
"""


async def carried(port: int, client: trio.SocketStream) -> None:
    """One connection of a client, for one request: the prefix goes, and nothing says that there was one."""
    async with client:
        head = b""
        while b"\r\n\r\n" not in head:
            more = await client.receive_some()
            if not more:
                return
            head += more
        first, rest = head.split(b"\r\n", 1)
        method, path, version = first.split(b" ")
        if not path.startswith(PREFIX):
            await client.send_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        lines = [line for line in rest.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        async with await trio.open_tcp_stream("127.0.0.1", port) as server:
            line = b" ".join((method, path.removeprefix(PREFIX), version))
            await server.send_all(b"\r\n".join((line, b"Connection: close", *lines)))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(copied, client, server)
                await copied(server, client)
                nursery.cancel_scope.cancel()


async def copied(source: trio.SocketStream, target: trio.SocketStream) -> None:
    try:
        async for chunk in source:
            await target.send_all(chunk)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return


@asynccontextmanager
async def behind_a_prefix(running: Gateway) -> AsyncIterator[str]:
    """The URL under which a proxy serves the gateway."""
    port = int(running.url.rsplit(":", 1)[1])
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, partial(carried, port), 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}{PREFIX.decode()}"
        nursery.cancel_scope.cancel()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path_factory.mktemp("prefix")) as found:
        yield found


@pytest.mark.parametrize("edge", EDGES)
async def test_the_python_sdk_reaches_its_tools_behind_a_prefix(running: Gateway, edge: Edge) -> None:
    async with behind_a_prefix(running) as url, connected(edge, url) as client:
        assert words(await client.call_tool("echo__echo", {"text": "hello"})) == "hello"


@pytest.mark.parametrize("path", ["/sse", "/sse/"])
async def test_the_typescript_sdk_reaches_its_tools_over_sse_behind_a_prefix(
    running: Gateway, npm: Npm, path: str
) -> None:
    packages = Path(npm.script("conformance")).parents
    folder = next(each.parent for each in packages if each.name == "node_modules")
    async with behind_a_prefix(running) as url:
        command = [npm.node, "--input-type=module", "-e", TYPESCRIPT, "--", url + path]
        with trio.fail_after(LIMIT_SECONDS):
            done = await trio.run_process(
                command, cwd=folder, env={"PATH": npm.path}, capture_stdout=True, stderr=subprocess.STDOUT, check=False
            )
    assert b'[{"type":"text","text":"hello"}]' in done.stdout, done.stdout.decode()
