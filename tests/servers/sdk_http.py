"""A server made with the MCP SDK, served by Hypercorn on trio: the independent counterpart of the remote links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from mcp.server.mcpserver import Context, MCPServer
from starlette.applications import Starlette


def make_server() -> MCPServer[object]:
    """A server with two tools, of which one reports progress."""
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

    return server


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
            with trio.CancelScope(shield=True) as cleanup:
                cleanup.deadline = trio.current_time() + 5
                await trio.lowlevel.checkpoint()
