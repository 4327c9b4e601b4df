"""A server of both eras whose tools ask as legacy ones do: through the gateway as to clients that connect directly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from pydantic import FileUrl

from tests.e2e import gateway
from tests.e2e.child import ROOT, Child, serving
from tests.e2e.clients import EDGES, Edge, connected, words
from tests.e2e.gateway import Gateway

TRANSPORTS = ("stdio", "streamable-http")
TOOLS = ("who", "where")


async def elicit(_context: object, _params: object) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def roots(_context: object) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[types.Root(uri=FileUrl("file:///client/root"), name="root")])


ASKED: dict[str, Any] = {"elicitation_callback": elicit, "list_roots_callback": roots}
COMMAND = ["-m", "tests.servers.both"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Child([sys.executable, *COMMAND, "streamable-http"]) as server:
        yield server.wait_for(serving)


@pytest.fixture
def argus(port: int, tmp_path: Path) -> Iterator[Gateway]:
    environment = {"PYTHONPATH": str(ROOT)}
    stdio = {"type": "stdio", "command": sys.executable, "args": [*COMMAND, "stdio"], "env": environment}
    backends = {"stdio": stdio, "streamable-http": gateway.http(f"http://127.0.0.1:{port}/mcp")}
    with gateway.running({"backends": backends}, tmp_path) as running:
        yield running


def directly(transport: str, port: int) -> AbstractAsyncContextManager[Client]:
    if transport == "streamable-http":
        return Client(f"http://127.0.0.1:{port}/mcp", mode="legacy", **ASKED)
    environment = {"PYTHONPATH": str(ROOT)}
    spec = StdioServerParameters(command=sys.executable, args=[*COMMAND, "stdio"], env=environment)
    return Client(stdio_client(spec), mode="legacy", **ASKED)


async def told(client: Client, prefix: str = "") -> list[str]:
    return [words(await client.call_tool(f"{prefix}{name}", {})) for name in TOOLS]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("edge", [edge for edge in EDGES if edge != "modern"])
async def test_a_legacy_client_is_asked_as_it_is_directly(
    argus: Gateway, port: int, edge: Edge, transport: str
) -> None:
    async with directly(transport, port) as client:
        expected = await told(client)
    assert expected == ["Ada", "file:///client/root"]
    async with connected(edge, argus.url, **ASKED) as client:
        assert await told(client, f"{transport}__") == expected


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_modern_client_is_told_why_it_was_not_asked_and_is_asked_from_then_on(
    argus: Gateway, transport: str
) -> None:
    async with connected("modern", argus.url, **ASKED) as client:
        with pytest.raises(MCPError, match="no back-channel"):
            await client.call_tool(f"{transport}__who", {})
        assert await told(client, f"{transport}__") == ["Ada", "file:///client/root"]
