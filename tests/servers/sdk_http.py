"""A server made with the MCP SDK, served by Hypercorn on trio: the independent counterpart of the remote links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
import trio.testing
from hypercorn.config import Config
from hypercorn.trio import serve
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.types import JSONRPCMessage
from pydantic import BaseModel
from starlette.applications import Starlette


def make_server() -> MCPServer[object]:
    """A server with tools that answer, report progress, break off their stream and ask back."""
    server: MCPServer[object] = MCPServer("sample", version="1")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    async def count(to: int, ctx: Context[object]) -> str:
        """Count, reporting each step."""
        for step in range(to):
            await ctx.report_progress(step + 1, to)
        return "done"

    @server.tool()
    async def nap(ctx: Context[object]) -> str:
        """Close the stream of this call, and go on."""
        await ctx.report_progress(1, 2)
        await trio.testing.wait_all_tasks_blocked(0.01)  # until what was said has gone out
        await ctx.close_sse_stream()
        await ctx.report_progress(2, 2)
        return "awake"

    @server.tool()
    async def greet(ctx: Context[object]) -> str:
        """Ask for a name, and greet."""
        answer = await ctx.elicit("who?", Name)
        return f"hello {answer.data.name}" if answer.action == "accept" else "hello"

    return server


class Name(BaseModel):
    """What `greet` asks for."""

    name: str


class Events(EventStore):
    """Keeps every event of every stream; its ids are counted from 1."""

    def __init__(self) -> None:
        self.events: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        place = int(last_event_id)
        wanted, _ = self.events[place - 1]
        for number, (stream_id, message) in enumerate(self.events[place:], place + 1):
            if stream_id == wanted and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return wanted


@asynccontextmanager
async def serve_app(app: Starlette) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port of 127.0.0.1; gives its origin."""
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = 0.2
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        binds = await nursery.start(partial(serve, app, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]  # Starlette is an ASGI application
        try:
            yield binds[0]
        finally:
            stop.set()
