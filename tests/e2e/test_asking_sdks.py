"""Servers made with each published SDK ask their client through the gateway as they do directly, nothing configured.

Python SDK 1.x and 2.x, FastMCP 2, 3 and 4, TypeScript SDK 1.x and 2.x; over stdio and Streamable HTTP; clients of both
eras.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e import gateway
from tests.e2e.asking import CALLS, OF_BOTH_ERAS, TRANSPORTS, Commands, Respondent, Servers, Told, told
from tests.e2e.clients import Edge, connected, until_shown
from tests.e2e.gateway import Gateway
from tests.e2e.tools import Npm, Peers, Uv

every_server = pytest.mark.parametrize("name", CALLS)
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(scope="module")
def servers(npm: Npm, peers: Peers, uv: Uv) -> Iterator[Servers]:
    with ExitStack() as children:
        yield Servers.started(Commands(npm=npm, peers=peers, uv=uv), children)


@pytest.fixture(scope="module")
def argus(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway.running({"backends": servers.backends()}, tmp_path_factory.mktemp("asking")) as running:
        yield running


async def directly(servers: Servers, name: str, transport: str, edge: Edge) -> dict[str, Told]:
    asked = Respondent()
    async with servers.directly(name, transport, edge, **asked.callbacks) as client:
        return {tool: await told(client, asked, tool, arguments) for tool, arguments in CALLS[name].items()}


@every_transport
@every_server
async def test_a_legacy_client_is_asked_as_it_is_directly(
    servers: Servers, argus: Gateway, name: str, transport: str
) -> None:
    expected = await directly(servers, name, transport, "legacy")
    assert all(each.questions and not each.failed for each in expected.values()), expected
    asked, prefix = Respondent(), f"{name}-{transport}__"
    async with connected("legacy", argus.url, **asked.callbacks) as client:
        await until_shown(client, {prefix + tool for tool in expected})
        found = {tool: await told(client, asked, prefix + tool, arguments) for tool, arguments in CALLS[name].items()}
    assert found == expected


@every_transport
@every_server
async def test_a_modern_client_is_asked_by_each_of_them(
    servers: Servers, argus: Gateway, name: str, transport: str
) -> None:
    """What a server of both eras fails to ask directly may fail here too, once: it says why, and asks then."""
    known = await directly(servers, name, transport, "modern") if name in OF_BOTH_ERAS else {}
    asked, prefix, failed = Respondent(), f"{name}-{transport}__", 0
    async with connected("modern", argus.url, **asked.callbacks) as client:
        await until_shown(client, {prefix + tool for tool in CALLS[name]})
        for tool, arguments in CALLS[name].items():
            found = await told(client, asked, prefix + tool, arguments)
            if found.failed:
                assert found == known[tool]
                failed += 1
                found = await told(client, asked, prefix + tool, arguments)
            assert not found.failed
            assert found.questions or found == known[tool], found
    assert failed <= 1
