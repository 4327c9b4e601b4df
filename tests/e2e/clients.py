"""The three edges of the gateway, each with the SDK's own client on trio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import trio
from mcp.client import Client
from mcp.client.sse import sse_client

Edge = Literal["legacy", "modern", "sse"]
EDGES: tuple[Edge, ...] = ("legacy", "modern", "sse")
MODERN = "2026-07-28"
CALL_SECONDS = 60.0
"""Any one conversation of a test; a hang fails after this."""


@asynccontextmanager
async def connected(edge: Edge, url: str, **options: Any) -> AsyncIterator[Client]:
    """A client of the gateway at `url`, by /mcp (legacy, modern) or /sse. Ends after CALL_SECONDS at most."""
    with trio.fail_after(CALL_SECONDS):
        if edge == "sse":
            client = Client(sse_client(f"{url}/sse"), mode="legacy", **options)
        else:
            client = Client(f"{url}/mcp", mode="legacy" if edge == "legacy" else MODERN, **options)
        async with client:
            yield client


def words(result: object) -> str:
    """The text of a result's only content item."""
    (item,) = result.content  # type: ignore[attr-defined]  # whichever result type has content
    assert isinstance(item.text, str)
    return item.text
