"""Starts the featured server: `python -m tests.servers.featured TRANSPORT --era … --name …`, wholly on trio."""

from __future__ import annotations

import argparse
import logging
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import trio
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_loop
from mcp.server.sse import SseServerTransport
from mcp.shared.exceptions import MCPDeprecationWarning
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.servers.conformance.__main__ import no_handshake, serve_stdio
from tests.servers.featured.server import build
from tests.servers.sdk import only, serve


def sse_app(server: Server[Any]) -> ASGIApp:
    """The transport of 2024-11-05 at /sse and /messages/."""
    transport = SseServerTransport("/messages/")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/sse":
            async with transport.connect_sse(scope, receive, send) as (reading, writing):
                await serve_loop(server, reading, writing, lifespan_state={})
        else:
            await transport.handle_post_message(scope, receive, send)

    return Starlette(routes=[Mount("/", app=app)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transport", choices=["stdio", "sse", "streamable-http"])
    parser.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    parser.add_argument("--name", default="featured")
    parser.add_argument("--journal", type=Path, required=True, help="the folder for marks of what happens to calls")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    # Stderr belongs to faults: what is deprecated has to be served all the same.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    logging.basicConfig(level=logging.ERROR)
    server = build(options.name, options.journal)
    if options.era == "modern":
        server.middleware.append(no_handshake)
    match options.transport:
        case "stdio":
            anyio.run(partial(serve_stdio, server, options.era), backend="trio")
        case "sse":
            trio.run(serve, sse_app(server), options.port)
        case "streamable-http":
            trio.run(serve, only(options.era, server.streamable_http_app()), options.port)


if __name__ == "__main__":
    main()
