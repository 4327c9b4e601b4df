"""Many clients at once: each gets its own answers, a slow call holds up no other, a cancelled one is cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import trio
from mcp.client import Client

from tests.e2e import gateway
from tests.e2e.clients import EDGES, Edge, connected, words
from tests.e2e.gateway import Gateway

CLIENTS = 6
CALLS = 20


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    backends = {
        "quick": gateway.stdio("echo.py"),
        "late": gateway.stdio("echo.py", "--delay", "0.05"),
        "other": gateway.stdio("sdk.py", "stdio", "--name", "other"),
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("many")) as running:
        yield running


@pytest.mark.parametrize("edge", EDGES)
async def test_everybody_gets_their_own_answers(argus: Gateway, edge: Edge) -> None:
    async def call(client: Client, text: str) -> None:
        backend = ("quick", "late")[len(text) % 2]
        assert words(await client.call_tool(f"{backend}__echo", {"text": text})) == text

    async def be_a_client(number: int) -> None:
        async with connected(edge, argus.url) as client, trio.open_nursery() as nursery:
            for count in range(CALLS):
                nursery.start_soon(call, client, f"{number} says {'x' * count}")

    async with trio.open_nursery() as nursery:
        for number in range(CLIENTS):
            nursery.start_soon(be_a_client, number)


@pytest.mark.parametrize("edge", EDGES)
async def test_a_call_that_hangs_holds_up_no_other_and_its_cancellation_reaches_the_backend(
    argus: Gateway, edge: Edge
) -> None:
    async with connected(edge, argus.url) as client:
        before, hanging = await cancelled(client), await hung(client)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.call_tool, "quick__hang")
            while await hung(client) == hanging:
                assert words(await client.call_tool("quick__echo", {"text": "meanwhile"})) == "meanwhile"
            nursery.cancel_scope.cancel()
        while await cancelled(client) == before:
            await trio.lowlevel.checkpoint()  # each question is a call of its own, and the client's deadline ends it


async def received(client: Client, what: str) -> list[object]:
    content = (await client.call_tool("quick__received")).structured_content
    assert content is not None
    found = content[what]
    assert isinstance(found, list)
    return found


async def cancelled(client: Client) -> int:
    return json.dumps(await received(client, "notifications")).count("notifications/cancelled")


async def hung(client: Client) -> int:
    return (await received(client, "calls")).count("hang")
