"""A server of both eras, written with the Python SDK, whose tools ask as legacy servers do.

`both.py stdio`, or `both.py streamable-http`, which prints `listening PORT`.
"""

from __future__ import annotations

import sys
import warnings

import anyio
import trio
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPDeprecationWarning
from pydantic import BaseModel

from tests.servers.sdk import serve


class Person(BaseModel):
    """What the client is asked for."""

    name: str


def build() -> MCPServer:
    server = MCPServer("both", version="1.0.0", log_level="WARNING")

    @server.tool()
    async def who(context: Context) -> str:
        """Asks who is there."""
        answer = await context.elicit("who?", schema=Person)
        return answer.data.name if answer.action == "accept" else answer.action

    @server.tool()
    async def where(context: Context) -> str:
        """Asks for the roots."""
        return " ".join(str(root.uri) for root in (await context.session.list_roots()).roots)

    return server


def main() -> None:
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    server = build()
    if sys.argv[1] == "stdio":
        anyio.run(server.run_stdio_async, backend="trio")
    else:
        trio.run(serve, server.streamable_http_app(), 0)


if __name__ == "__main__":
    main()
