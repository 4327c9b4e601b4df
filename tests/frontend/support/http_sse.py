"""A client of HTTP+SSE, message by message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

from tests.frontend.support.serving import JSON, Answer, Client, Served, ask, connected


@asynccontextmanager
async def conversing(served: Served) -> AsyncIterator[tuple[Client, str]]:
    """An open `/sse` stream, and the path that its messages go to."""
    async with connected(served) as client:
        await client.send("GET", "/sse", {"accept": "text/event-stream"})
        status, headers = await client.head()
        assert (status, headers["content-type"]) == (200, "text/event-stream")
        kind, data = (await client.part()).decode().splitlines()[:2]
        assert kind == "event: endpoint"
        yield client, urljoin("/sse", data.removeprefix("data: "))


async def say(served: Served, path: str, body: bytes) -> Answer:
    """Post a message of an open stream's client."""
    return await ask(served, "POST", path, {"content-type": JSON}, body)
