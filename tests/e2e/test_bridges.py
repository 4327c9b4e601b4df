"""Bridges that people use, npm's supergateway and mcp-remote: behind the gateway, and between a client and the gateway.

What comes through is what the same client is shown and answered when it is connected to the bridge itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any

import anyio
import attrs
import mcp_types as types
import pytest
import trio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.e2e import gateway
from tests.e2e.bridges import OUTPUTS, Bridges
from tests.e2e.clients import CALL_SECONDS, Edge, connected
from tests.e2e.gateway import Gateway, Json
from tests.e2e.tools import Npm, Peers

BEHIND = (*OUTPUTS, "supergateway-to-sse", "supergateway-to-http", "mcp-remote-to-sse", "mcp-remote-to-http")
BEFORE = ("supergateway", "mcp-remote")
CALLS: dict[str, Json] = {
    "echo": {"message": "hello"},
    "get-sum": {"a": 2, "b": 3},
    "get-tiny-image": {},
    "get-structured-content": {"location": "Chicago"},
}


@attrs.frozen(kw_only=True)
class Bridged:
    """The gateway in front of the bridges, and how each stands in its configuration."""

    gateway: Gateway
    backends: dict[str, Json]
    bridges: Bridges


@pytest.fixture(scope="module")
def scene(npm: Npm, peers: Peers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridged]:
    folder = tmp_path_factory.mktemp("bridges")
    bridges = Bridges(npm=npm, peers=peers, folder=folder)
    with ExitStack() as children:
        backends = bridges.backends(children)
        running = children.enter_context(gateway.running({"backends": backends}, folder, ready=False))
        yield Bridged(gateway=running, backends=backends, bridges=bridges)


def over_stdio(command: list[str], env: dict[str, str]) -> AbstractAsyncContextManager[Client]:
    spec = StdioServerParameters(command=command[0], args=command[1:], env=env)
    return Client(stdio_client(spec), mode="legacy")


async def expected_of(spec: Json) -> dict[str, Any]:
    """What a client is told that is connected to the bridge itself."""
    found: dict[str, Any] = {}
    try:
        with trio.fail_after(CALL_SECONDS):
            async with directly(spec) as client:
                found = await told(client)
    except* anyio.BrokenResourceError:
        pass  # the SDK's client of HTTP+SSE, on its way out, if the server still says something
    assert found
    return found


def directly(spec: Json) -> AbstractAsyncContextManager[Client]:
    match spec["type"]:
        case "stdio":
            return over_stdio([spec["command"], *spec["args"]], spec["env"])
        case "sse":
            return Client(sse_client(spec["url"]), mode="legacy")
        case _:
            return Client(spec["url"], mode="legacy")


async def told(client: Client, prefix: str = "") -> dict[str, Any]:
    """The tools that the client is shown, by their own names, and what each call says."""
    shown = (await client.list_tools()).tools
    tools = {tool.name.removeprefix(prefix): tool for tool in shown if tool.name.startswith(prefix)}
    found: dict[str, Any] = {name: tool.model_dump(exclude={"name"}) for name, tool in tools.items()}
    for name, arguments in CALLS.items():
        result = await client.call_tool(prefix + name, arguments)
        assert isinstance(result, types.CallToolResult)
        assert not result.is_error
        found[f"called {name}"] = without_chance(result)
    return found


def without_chance(result: types.CallToolResult) -> Json:
    """A result as it can be compared: server-everything's weather is the same for a place, its other answers too."""
    return result.model_dump(exclude={"meta"})


@pytest.mark.parametrize("edge", ["legacy", "modern"])
@pytest.mark.parametrize("way", BEHIND)
async def test_what_a_bridge_shows_and_says_comes_through(scene: Bridged, way: str, edge: Edge) -> None:
    scene.gateway.event("backend_ready", backend=way)
    expected = await expected_of(scene.backends[way])
    async with connected(edge, scene.gateway.url) as client:
        assert await told(client, f"{way}__") == expected


@pytest.mark.parametrize("path", ["mcp", "sse"])
@pytest.mark.parametrize("bridge", BEFORE)
async def test_a_bridge_between_client_and_gateway_changes_nothing(scene: Bridged, bridge: str, path: str) -> None:
    scene.gateway.event("backend_ready", backend="stdio-to-sse")
    async with connected("legacy", scene.gateway.url) as client:
        expected = await told(client, "stdio-to-sse__")
    command = scene.bridges.clients(f"{scene.gateway.url}/{path}")[bridge]
    with trio.fail_after(CALL_SECONDS):
        async with over_stdio(command, scene.bridges.env) as client:
            assert await told(client, "stdio-to-sse__") == expected


@pytest.mark.parametrize("way", BEHIND)
def test_a_bridge_is_ready_after_its_second_start_at_the_latest(scene: Bridged, way: str) -> None:
    """The first question opens the session of supergateway's client mode, which then refuses to open it once more."""
    scene.gateway.event("backend_ready", backend=way)
    failures = [*scene.gateway.events("backend_down"), *scene.gateway.events("backend_still_down")]
    assert len([event for event in failures if event["backend"] == way]) <= 1
