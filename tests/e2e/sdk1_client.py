"""A client on the Python SDK 1.x, which spells every URI as pydantic's `AnyUrl` does; run by its own interpreter.

Prints one JSON object: what it read of each resource that is listed, what it read of each that a tool links to, and of
which it heard updates.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Collection
from typing import Any

from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

SECONDS = 30.0


class Heard:
    """The resources of which updates came."""

    def __init__(self) -> None:
        self.uris: set[str] = set()
        self._came = asyncio.Event()

    async def take(self, message: Any) -> None:
        told: Any = getattr(message, "root", None)  # the SDK that the tests are checked with has no such member
        if getattr(told, "method", None) == "notifications/resources/updated":
            self.uris.add(str(told.params.uri))
            self._came.set()

    async def all_of(self, uris: Collection[str]) -> None:
        """Wait until updates of all of these have come."""
        while not self.uris.issuperset(uris):
            await self._came.wait()
            self._came.clear()


async def converse(session: Any, heard: Heard, tools: list[str]) -> dict[str, Any]:
    await session.initialize()
    read: dict[str, str] = {}

    async def fetch(uri: Any) -> None:
        (content,) = (await session.read_resource(uri)).contents
        read[str(uri)] = content.text

    for resource in (await session.list_resources()).resources:
        await fetch(resource.uri)
        await session.subscribe_resource(resource.uri)
    for tool in tools:
        for link in (await session.call_tool(f"{tool}__link")).content:
            await fetch(link.uri)
            await session.subscribe_resource(link.uri)
        await session.call_tool(f"{tool}__touch")
    await heard.all_of(read)
    return {"read": read, "heard": sorted(heard.uris)}


async def main() -> None:
    edge, url, *tools = sys.argv[1:]
    heard = Heard()
    connect: Any = sse_client(f"{url}/sse") if edge == "sse" else streamable_http_client(f"{url}/mcp")
    async with (
        asyncio.timeout(SECONDS),
        connect as streams,
        ClientSession(streams[0], streams[1], message_handler=heard.take) as session,
    ):
        print(json.dumps(await converse(session, heard, tools)))


asyncio.run(main())
