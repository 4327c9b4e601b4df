"""An MCP server written with the Python SDK, on trio, over every transport there is; prints `listening PORT` on HTTP.

It is the independent other side: whatever it accepts or refuses is the SDK's judgement and not ours.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import anyio
import hypercorn.trio
import trio
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MODERN = "2026-07-28"


@dataclass(frozen=True)
class Sum:
    """What `add` answers, as structured content."""

    total: int
    server: str


def build(name: str) -> MCPServer:
    server = MCPServer(name, instructions=f"Instructions of {name}.", version="1.0.0", log_level="WARNING")

    @server.tool()
    def add(a: int, b: int) -> Sum:
        """Adds two numbers."""
        return Sum(total=a + b, server=name)

    @server.tool()
    def fail() -> str:
        """Fails."""
        raise ToolError("on purpose")

    @server.tool()
    async def count(upto: int, context: Context) -> str:
        """Counts, and reports how far it is."""
        for step in range(upto):
            await context.report_progress(step + 1, upto)
        return f"counted to {upto}"

    @server.resource(f"{name}://motto", mime_type="text/plain")
    def motto() -> str:
        """A fixed resource."""
        return f"the motto of {name}"

    @server.resource(f"{name}://double/{{number}}", mime_type="text/plain")
    def double(number: str) -> str:
        """A resource by template."""
        return str(2 * int(number))

    @server.prompt()
    def greet(who: str) -> str:
        """Greets somebody."""
        return f"{name} greets {who}"

    return server


def only(era: str, app: ASGIApp) -> ASGIApp:
    """An app that answers requests of the other era as servers do that were never told of it: with 400."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        is_modern = dict(scope["headers"]).get(b"mcp-protocol-version") == MODERN.encode()
        if is_modern == (era == "modern"):
            await app(scope, receive, send)
            return
        error = {"code": -32022, "message": "Unsupported protocol version", "data": {"supported": [MODERN]}}
        if era == "legacy":
            error = {"code": -32000, "message": "Bad Request: Unsupported protocol version"}
        body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
        start: Message = {"type": "http.response.start", "status": 400}
        await send({**start, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return guarded


async def serve(app: ASGIApp, port: int) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.errorlog = None
    config.graceful_timeout = 0.5
    async with trio.open_nursery() as nursery:
        # Starlette and Hypercorn write the same ASGI signature down in two ways that no type checker unifies.
        addresses = await nursery.start(partial(hypercorn.trio.serve, cast("ASGIFramework", app), config))
        print(f"listening {urlsplit(addresses[0]).port}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transport", choices=["stdio", "sse", "streamable-http"])
    parser.add_argument("--name", default="sdk")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--era", choices=["legacy", "modern", "both"], default="both", help="for streamable-http")
    parser.add_argument("--json", action="store_true", help="answer with plain JSON instead of event streams")
    options = parser.parse_args()
    server = build(options.name)
    match options.transport:
        case "stdio":
            anyio.run(server.run_stdio_async, backend="trio")
        case "sse":
            trio.run(serve, server.sse_app(), options.port)
        case "streamable-http":
            app: ASGIApp = server.streamable_http_app(json_response=options.json)
            trio.run(serve, app if options.era == "both" else only(options.era, app), options.port)


if __name__ == "__main__":
    main()
