"""The three edges of the gateway, each with the SDK's own client on trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import trio
from mcp.client import Client
from mcp.client.sse import sse_client

Edge = Literal["legacy", "modern", "sse"]
EDGES: tuple[Edge, ...] = ("legacy", "modern", "sse")
MODERN = "2026-07-28"
CALL_SECONDS = 60.0
"""Any one conversation of a test; a hang fails after this."""


def client_of(edge: Edge, url: str, **options: Any) -> Client:
    """A client of the gateway at `url`, by /mcp (legacy, modern) or /sse."""
    if edge == "sse":
        return Client(sse_client(f"{url}/sse"), mode="legacy", **options)
    return Client(f"{url}/mcp", mode="legacy" if edge == "legacy" else MODERN, **options)


@asynccontextmanager
async def connected(edge: Edge, url: str, **options: Any) -> AsyncIterator[Client]:
    """The same, connected. Ends after CALL_SECONDS at most.

    The SDK's reader of `/sse` fails of a message that comes while it is being left; the conversation was over then.
    """
    is_over = False
    try:
        with trio.fail_after(CALL_SECONDS):
            async with client_of(edge, url, **options) as client:
                yield client
                is_over = True
    except* anyio.BrokenResourceError:
        if edge != "sse" or not is_over:
            raise


async def until_shown(client: Client, wanted: Collection[str]) -> set[str]:
    """The names of the tools that the client is shown, as soon as those `wanted` are among them.

    The first list is answered from what is known; what the backend shows such clients comes a little later.
    """
    with trio.fail_after(30):
        while True:
            found = {tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools}
            if found.issuperset(wanted):
                return found
            await trio.sleep(0.05)


def words(result: object) -> str:
    """The text of a result's only content item."""
    (item,) = result.content  # type: ignore[attr-defined]  # whichever result type has content
    assert isinstance(item.text, str)
    return item.text
