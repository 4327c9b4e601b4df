"""Starts the conformance server: `python -m tests.servers.conformance --transport … --era …`, wholly on trio."""

from __future__ import annotations

import argparse
import logging
import warnings
from functools import partial
from typing import Any, Literal

import anyio
import trio
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_loop
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp.types import METHOD_NOT_FOUND
from starlette.types import ASGIApp

from tests.servers.conformance.events import Events
from tests.servers.conformance.server import build
from tests.servers.sdk import only, serve

Era = Literal["both", "legacy", "modern"]

RETRY_MS = 100
"""After which a client whose stream was closed comes back."""


async def no_handshake(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """A server that never knew `initialize`."""
    if ctx.method == "initialize":
        raise MCPError(METHOD_NOT_FOUND, "Method not found", {"method": "initialize"})
    return await call_next(ctx)


async def serve_stdio(server: Server[Any], era: Era) -> None:
    async with stdio_server() as (reading, writing):
        if era == "legacy":  # this loop of the SDK knows nothing but the handshake
            await serve_loop(server, reading, writing, lifespan_state={})
        else:
            await server.run(reading, writing, server.create_initialization_options())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=["stdio", "streamable-http"], required=True)
    parser.add_argument("--era", choices=["both", "legacy", "modern"], default="both")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    # Stderr belongs to faults: what is deprecated has to be served all the same, refusals are what is tested.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    logging.basicConfig(level=logging.ERROR)
    server = build()
    if options.era == "modern":
        server.middleware.append(no_handshake)
    if options.transport == "stdio":
        anyio.run(partial(serve_stdio, server, options.era), backend="trio")
    else:
        app: ASGIApp = server.streamable_http_app(event_store=Events(), retry_interval=RETRY_MS)
        trio.run(serve, app if options.era == "both" else only(options.era, app), options.port)


if __name__ == "__main__":
    main()
