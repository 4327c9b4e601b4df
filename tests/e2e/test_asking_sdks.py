"""Servers made with each published SDK ask their client through the gateway as they do directly, nothing configured.

Python SDK 1.x and 2.x, FastMCP 2, 3 and 4, TypeScript SDK 1.x and 2.x; over stdio and Streamable HTTP; clients of both
eras.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e import gateway
from tests.e2e.asking import OF_BOTH_ERAS, SERVER_NAMES, TOOLS, TRANSPORTS, Asked, Servers, Told, told
from tests.e2e.clients import Edge, connected
from tests.e2e.gateway import Gateway
from tests.e2e.tools import Peers, Uv

EXPECTED = {"who": "Ada", "think": "spoken by the client", "where": "file:///client/root"}
"""What each tool says to a client that it could ask."""
every_server = pytest.mark.parametrize("name", SERVER_NAMES)
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(scope="module")
def servers(peers: Peers, uv: Uv) -> Iterator[Servers]:
    with ExitStack() as children:
        yield Servers.started(peers, uv, children)


@pytest.fixture(scope="module")
def argus(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway.running({"backends": servers.backends()}, tmp_path_factory.mktemp("asking")) as running:
        yield running


async def directly(servers: Servers, name: str, transport: str, edge: Edge) -> dict[str, Told]:
    asked = Asked()
    async with servers.directly(name, transport, edge, **asked.callbacks) as client:
        return {tool: await told(client, asked, tool) for tool in TOOLS}


@every_transport
@every_server
async def test_a_legacy_client_is_asked_as_it_is_directly(
    servers: Servers, argus: Gateway, name: str, transport: str
) -> None:
    expected = await directly(servers, name, transport, "legacy")
    assert {tool: each.words for tool, each in expected.items()} == EXPECTED
    asked = Asked()
    async with connected("legacy", argus.url, **asked.callbacks) as client:
        found = {tool: await told(client, asked, f"{name}-{transport}__{tool}") for tool in TOOLS}
    assert found == expected


@every_transport
@every_server
async def test_a_modern_client_is_asked_by_each_of_them(
    servers: Servers, argus: Gateway, name: str, transport: str
) -> None:
    """A server of both eras may fail a modern client's first call, as it does directly; it says why, and asks then."""
    asked = Asked()
    async with connected("modern", argus.url, **asked.callbacks) as client:
        found = {tool: [await told(client, asked, f"{name}-{transport}__{tool}") for _ in range(2)] for tool in TOOLS}
    assert {tool: second.words for tool, (_, second) in found.items()} == EXPECTED
    assert [second.questions[0][0] for _, second in found.values()] == ["elicitation", "sampling", "roots"]
    failed = [first.words for first, _ in found.values() if first.failed]
    assert len(failed) <= (1 if name in OF_BOTH_ERAS else 0), failed
